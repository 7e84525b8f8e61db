"""Label flipping by the distance of encoded states, as in QUID (Kundu and Ghosh, arXiv:2411.14412).

QUID gives samples the label of the class whose encoded states are farthest from theirs, by the mean
Frobenius distance of density matrices. With two classes that flips whatever lies nearer to its own
class; here the distances also say which labels come first, those where the other class is farther
by most, so that as many are flipped as by any other attack. Real features are encoded in the
amplitudes of a state.

The attacker knows the training set and the encoding, and no model. All seeds poison the same
samples, up to ties and the class that comes first.
"""

import numpy as np

from qunlearn.parts.corruptions.chosen import ChosenFlipping, overlaps


class StateDistanceFlipping(ChosenFlipping):
    """Labels flipped whose encoded states lie farthest from the other class (QUID)."""

    label = "by state distance (QUID)"

    def scores(self, x, y, rng):
        if x.ndim == 2:
            x = x.astype(complex) / np.linalg.norm(x, axis=1, keepdims=True)
        products = overlaps(x, x)  # Tr(rho rho')
        purity = np.diagonal(products)
        squares = purity[:, None] + purity - 2 * products
        distances = np.sqrt(np.maximum(squares, 0))
        to_class = np.stack([distances[:, y == label].mean(axis=1) for label in (0, 1)], axis=1)
        own = np.take_along_axis(to_class, y[:, None].astype(int), axis=1)[:, 0]
        return to_class.sum(axis=1) - 2 * own
