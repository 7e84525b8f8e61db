"""Networks written in flax, behind the protocol of every classifier."""
