"""Label flipping that begins in one class: y -> 1 - y, of class 1 first, of class 0 when class 1 is used up.

A control of label flipping. There both classes lose equally many labels, so that the majority of labels turns over in
both at alpha = 1/2, whatever the model. Here it does in class 1 at half of that class's share of the training set, 1/4
for classes of equal size, and in class 0 at 3/4.
"""

import numpy as np

from qunlearn.parts.corruptions import Corruption


class OneClassFlipping(Corruption):
    """Labels flipped in class 1 first, then in class 0."""

    label = "flips in one class"
    balanced = False

    def order(self, x, y, rng):
        members = [np.flatnonzero(y == c) for c in (1, 0)]
        return np.concatenate([rng.permutation(group) for group in members])

    def twins(self, x, y, rng):
        return None, 1 - y
