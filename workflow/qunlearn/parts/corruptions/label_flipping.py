"""Label flipping: y -> 1 - y, features kept (paper, Eq. 3)."""

from typing import Literal

from qunlearn.parts.corruptions import Corruption
from qunlearn.parts.part import option


class LabelFlipping(Corruption):
    """Label flipping: y -> 1 - y, features kept (Eq. 3)."""

    label = "label flipping"

    classes: Literal["balanced", "any"] = option(
        "balanced",
        says="equally many flips in both classes, or as they come (the authors' notebook)",
    )

    def order(self, x, y, rng):
        if self.classes == "any":
            return rng.permutation(len(y))
        return super().order(x, y, rng)

    def twins(self, x, y, rng):
        return None, 1 - y
