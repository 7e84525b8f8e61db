"""Label flipping that hurts a surrogate most, by influence functions (Koh and Liang, ICML 2017,
Sec. 4; greedy flips: Xiao, Xiao and Eckert, ECAI 2012; Paudice, Munoz-Gonzalez and Lupu,
arXiv:1803.00992).

Harm is the mean cross-entropy of the surrogate on the training set with its clean labels. A flip of
sample i moves the fitted weights by delta_i = -H^-1 (2 y_i - 1) x_i / N, to first order, and the
harm by g.delta_i + delta_i.G.delta_i / 2 with its gradient g and Hessian G at the weights that are
fitted to the flips made so far. The worst samples of either class are flipped, the surrogate is
fitted again, and so on.

The attacker knows the clean training set. All seeds poison the same samples, up to ties and the
class that comes first.
"""

from typing import Annotated

import numpy as np
from pydantic import Field

from qunlearn.parts.corruptions.surrogate import SurrogateFlipping
from qunlearn.parts.part import option


class InfluenceFlipping(SurrogateFlipping):
    """Labels flipped from whose flips a logistic regression suffers most, a few at a time."""

    label = "most harmful to a surrogate"

    rounds: Annotated[int, Field(ge=1, le=1000)] = option(
        20, says="fits of the surrogate, each of which chooses an equal share of all samples"
    )

    def scores(self, x, y, rng):
        features = self.features(x)
        labels = y.astype(float)
        weights = None
        place = np.full(len(y), -1)
        at_once = -(-len(y) // (2 * self.rounds))  # of either class
        while np.any(place < 0):
            weights = self.fit(features, labels, weights)
            harm = self.harm(features, y, labels, weights)
            for label in (0, 1):
                left = np.flatnonzero((place < 0) & (y == label))
                worst = left[np.argsort(-harm[left], kind="stable")][:at_once]
                place[worst] = np.sum(place[y == label] >= 0) + np.arange(len(worst))
                labels[worst] = 1 - label
        return -place.astype(float)

    def harm(self, features, y, labels, weights):
        """(N,) of how much the cross-entropy of clean labels y (N,) grows with the flip of each of the labels (N,) that
        the weights were fitted to."""
        samples = len(y)
        full = self.hessian(features, weights)
        of_loss = full - np.eye(len(full)) / (self.C * samples)
        signs = 2 * labels - 1
        moves = -np.linalg.solve(full, features.T).T * signs[:, None] / samples  # (N, d)
        slope = moves @ self.gradient(features, y, weights)
        bend = np.sum((moves @ of_loss) * moves, axis=1) / 2
        return slope + bend
