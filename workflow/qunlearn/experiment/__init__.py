"""The study's three computations, one file each: train, unlearn, and analyse the landscape."""
