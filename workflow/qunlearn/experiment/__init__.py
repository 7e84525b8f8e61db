"""The study's computations, one file each: train, unlearn, analyse the landscape; scan weights and measure cost."""
