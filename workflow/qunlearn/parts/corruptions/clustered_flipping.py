"""Label flipping in clusters: flips depend on x, as where one annotator errs on one kind of
samples.

The attacker knows the training set and no model. Every seed draws a sample of either class; the
samples of its class that are most alike to it are flipped first.
"""

import numpy as np

from qunlearn.parts.corruptions.chosen import ChosenFlipping, overlaps


class ClusteredFlipping(ChosenFlipping):
    """Labels flipped around one random sample of either class."""

    label = "in clusters"

    def scores(self, x, y, rng):
        lengths = np.sqrt(np.diagonal(overlaps(x, x)))
        alike = np.zeros(len(y))
        for label in (0, 1):
            members = np.flatnonzero(y == label)
            centre = rng.choice(members)
            near = overlaps(x[members], x[[centre]])[:, 0]
            alike[members] = near / (lengths[members] * lengths[centre])
        return alike
