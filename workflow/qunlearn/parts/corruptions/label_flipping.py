"""Label flipping: y -> 1 - y, features kept (paper, Eq. 3)."""

from qunlearn.parts.corruptions import Corruption


class LabelFlipping(Corruption):
    """Label flipping: y -> 1 - y, features kept (Eq. 3)."""

    label = "label flipping"

    def twins(self, x, y, rng):
        return None, 1 - y
