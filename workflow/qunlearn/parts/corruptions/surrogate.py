"""The attacker's own model, a small logistic regression, by which labels are chosen whose flip
hurts.

The attacker knows the clean training set, and neither validation data nor the model that will be
trained.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from qunlearn.config.options import Positive
from qunlearn.parts.corruptions.chosen import ChosenFlipping, coordinates
from qunlearn.parts.part import option

#: Newton's method ends where no parameter moves by more than this, or after so many steps.
STILL, MOST_STEPS = 1e-9, 50


class SurrogateFlipping(ChosenFlipping):
    """Base class of flips that a surrogate chooses."""

    is_base: ClassVar[bool] = True

    C: Positive = option(100.0, says="inverse strength of the surrogate's penalty")
    components: Annotated[int, Field(ge=1, le=2000)] = option(
        64, says="principal features that the surrogate sees, at most"
    )

    def features(self, x: np.ndarray) -> np.ndarray:
        """(N, r + 1) principal features of the samples, and a constant."""
        seen = coordinates(x, self.components)
        return np.column_stack([seen, np.ones(len(seen))])

    def fit(self, features: np.ndarray, labels: np.ndarray, start: np.ndarray | None = None):
        """(d,) weights that minimise the mean cross-entropy of labels (N,) plus |w|^2 / (2 C N)."""
        weights = np.zeros(features.shape[1]) if start is None else start
        for _ in range(MOST_STEPS):
            step = self._newton_step(features, labels, weights)
            weights = weights - step
            if np.abs(step).max() < STILL:
                break
        return weights

    def _newton_step(self, features, labels, weights):
        gradient = self.gradient(features, labels, weights) + weights / (self.C * len(labels))
        step = np.linalg.solve(self.hessian(features, weights), gradient)
        loss = self._objective(features, labels, weights)
        # where the loss would rise, half of the way; all of it is within rounding of the minimum
        while self._objective(features, labels, weights - step) > loss + 1e-12:
            step = step / 2
        return step

    def _objective(self, features, labels, weights):
        logits = features @ weights
        losses = np.logaddexp(0, logits) - labels * logits
        return losses.mean() + weights @ weights / (2 * self.C * len(labels))

    @staticmethod
    def gradient(features: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """(d,) gradient of the mean cross-entropy."""
        return features.T @ (probabilities(features, weights) - labels) / len(labels)

    def hessian(self, features: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """(d, d) Hessian of the objective; labels do not enter it."""
        p = probabilities(features, weights)
        samples = len(features)
        curvature = features.T @ ((p * (1 - p))[:, None] * features) / samples
        return curvature + np.eye(features.shape[1]) / (self.C * samples)


def probabilities(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(N,) p of class 1."""
    return 1 / (1 + np.exp(-features @ weights))
