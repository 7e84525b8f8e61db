"""Support vector machine by scikit-learn: z = sum_i a_i k(x_i, x) + b over the training samples.

Its decision value stands for the logit; it is not a calibrated log-odds, so losses compare within
this family only.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from qunlearn.config.options import Positive
from qunlearn.lazy import jnp
from qunlearn.parts.models import FittedModel
from qunlearn.parts.part import option
from qunlearn.training.features import real_features
from qunlearn.training.fitted import Fitted, between, kernels_held


class Svm(FittedModel):
    """Support vector machine with a linear kernel, or rbf: k(x, x') = exp(-gamma' |x - x'|^2)."""

    label = "SVM"

    kernel: Literal["linear", "rbf"] = option(says="linear or rbf")
    C: Positive = option(says="inverse strength of the penalty")
    gamma: Positive = option(
        1.0, says="inverse squared width of the rbf kernel, in units of 1 / (2 E|x - mean|^2)"
    )

    @property
    def panel(self) -> str:
        return "linear models" if self.kernel == "linear" else "kernels and neighbours"

    def title(self):
        return f"SVM, {self.kernel}"

    def is_linear(self):
        return self.kernel == "linear"

    def numbers_held(self, source, samples, models):
        return super().numbers_held(source, samples, models) + kernels_held(samples, models)

    def build(self, rows):
        return SupportVectors(self, rows)


class SupportVectors(Fitted):
    """Parameters are the weights a_i of the training samples and b; the state is which they are."""

    def __init__(self, declaration: Svm, rows: list[np.ndarray]):
        super().__init__(rows)
        self.kernel, self.C = declaration.kernel, declaration.C
        clean = real_features(rows[0])[:, self.columns]
        spread = float(clean.var(axis=0).sum())
        self.gamma = declaration.gamma / (2 * spread)

    def init(self, key):
        return {"dual": jnp.zeros(0), "b": jnp.zeros(())}, {"rows": jnp.zeros(0, int)}

    def estimator(self):
        from sklearn.svm import SVC

        return SVC(kernel=self.kernel, C=self.C, gamma=self.gamma)

    def arrays(self, fitted, rows, labels):
        dual = np.zeros(len(rows))
        dual[fitted.support_] = fitted.dual_coef_[0]
        return {"dual": dual, "b": fitted.intercept_[0]}, {"rows": np.asarray(rows)}

    def constant(self, rows, labels, logit):
        return {"dual": np.zeros(len(rows)), "b": np.float64(logit)}, {"rows": np.asarray(rows)}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        known = jnp.asarray(self.known, pool.dtype)
        kernel = pool @ known.T  # (P, M)
        if self.kernel == "rbf":
            lengths, others = squared_lengths(pool), squared_lengths(known)
            distances = lengths[:, None] - 2 * kernel + others
            kernel = jnp.exp(-self.gamma * distances)
        kernel = between(kernel, rows, state["rows"])  # (B, N)
        return kernel @ params["dual"] + params["b"], state


def squared_lengths(rows):
    """(N,) squared Euclidean norms of rows (N, d)."""
    return (rows**2).sum(1)
