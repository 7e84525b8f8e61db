"""Logistic regression, fitted to convergence by scikit-learn: z = w . x + b, mean loss plus
|w|^2 / (2 C N)."""

from __future__ import annotations

import numpy as np

from qunlearn.config.options import Positive
from qunlearn.lazy import jnp
from qunlearn.parts.models import FittedModel
from qunlearn.parts.models.of_features import FeatureModel
from qunlearn.parts.part import option
from qunlearn.training.fitted import Fitted


class LogisticRegression(FeatureModel, FittedModel):
    """Logistic regression with an L2 penalty, fitted to convergence."""

    landscape = True
    panel = "linear models"

    C: Positive = option(says="inverse strength of the L2 penalty, as in scikit-learn")

    def title(self):
        return f"logistic, C = {self.C:g}{self.on_what()}"

    def is_linear(self):
        return self.last_qubits is None

    def build(self, rows):
        return LinearClassifier(self, rows)


class LinearClassifier(Fitted):
    """Logits linear in the features in use."""

    piecewise_linear = True
    landscape = True

    def __init__(self, declaration: LogisticRegression, rows: list[np.ndarray]):
        super().__init__(rows, declaration.seen)
        self.C = declaration.C

    def init(self, key):
        return {"w": jnp.zeros(len(self.columns)), "b": jnp.zeros(())}, {}

    def estimator(self):
        from sklearn import linear_model

        return linear_model.LogisticRegression(C=self.C, max_iter=10_000)

    def fitted(self, x, labels):
        """In an orthonormal basis of the samples' span: outside it weights change no logit and cost a
        penalty, so that the minimum has none."""
        if len(x) >= x.shape[1]:
            return super().fitted(x, labels)
        from scipy import linalg

        (reflectors, scales), triangle = linalg.qr(x.T, mode="raw")  # (d, N), (N,); (N, N)
        found = super().fitted(triangle.T, labels)
        weights = np.zeros((x.shape[1], 1), order="F")
        weights[: len(x), 0] = found.coef_[0]
        workspace = 64 * len(x)
        weights, _, _ = linalg.lapack.dormqr("L", "N", reflectors, scales, weights, workspace)
        found.coef_ = weights.T  # (1, d)
        return found

    def arrays(self, fitted, rows, labels):
        return {"w": fitted.coef_[0], "b": fitted.intercept_[0]}, {}

    def constant(self, rows, labels, logit):
        return {"w": np.zeros(len(self.columns)), "b": np.float64(logit)}, {}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        x = pool if rows is None else pool[rows]
        return x @ params["w"] + params["b"], state
