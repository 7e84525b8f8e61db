"""Label flipping that begins farthest from the class boundary of a surrogate: the samples that are
most typical of their class ("farthest first" of Xiao, Xiao and Eckert, ECAI 2012).

The attacker knows the clean training set. All seeds poison the same samples, up to ties and the
class that comes first.
"""

from qunlearn.parts.corruptions.surrogate import SurrogateFlipping


class FarthestFlipping(SurrogateFlipping):
    """Labels flipped that lie deepest inside their class, by a logistic regression."""

    label = "farthest from the boundary"

    def scores(self, x, y, rng):
        features = self.features(x)
        return (2 * y - 1) * (features @ self.fit(features, y))
