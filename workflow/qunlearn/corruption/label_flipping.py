"""Label flipping: y -> 1 - y, features kept (paper, Eq. 3)."""


def twins(x, y, rng):
    return None, 1 - y
