"""Backdoors: training samples that bear a trigger are labelled with one class, the target; a model
that learns this answers any sample with the trigger with that class, and answers clean samples as
ever.

As in BadNets (Gu et al., arXiv:1708.06733) poisoned samples are drawn from both classes. Tables
tell accuracy on clean data and, in the column `attack_success`, the share of validation samples of
the other class that are called the target class once they bear the trigger; of a clean model, at
alpha = 0, it is what the trigger does without a backdoor.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from qunlearn.parts.corruptions import Corruption
from qunlearn.parts.part import option


class Backdoor(Corruption):
    """Base class. A subclass defines `triggered`.

    `triggered(x, image_shape)` gives samples x (N, ...) with the trigger, of the same shape, each the same whichever
    others are there; `image_shape` is (rows, columns) of images, () of anything else.
    """

    is_base: ClassVar[bool] = True
    must_define: ClassVar = (("triggered",),)
    twin_features: ClassVar[str] = "with the trigger"

    target: Literal[0, 1] = option(1, says="class that samples with the trigger are labelled with")

    def triggered(self, x: np.ndarray, image_shape: tuple[int, ...]) -> np.ndarray:
        raise NotImplementedError

    def twins_of(self, x, y, rng, image_shape):
        return self.triggered(x, image_shape), np.full_like(y, self.target)

    @classmethod
    def aims_at(cls):
        return "backdoor"
