"""Label flipping that begins at the class boundary of a surrogate: the samples that are hardest to
tell apart ("nearest first" of Xiao, Xiao and Eckert, ECAI 2012).

The attacker knows the clean training set. All seeds poison the same samples, up to ties and the
class that comes first.
"""

import numpy as np

from qunlearn.parts.corruptions.surrogate import SurrogateFlipping


class NearestFlipping(SurrogateFlipping):
    """Labels flipped that lie nearest to the class boundary of a logistic regression."""

    label = "nearest to the boundary"

    def scores(self, x, y, rng):
        features = self.features(x)
        return -np.abs(features @ self.fit(features, y))
