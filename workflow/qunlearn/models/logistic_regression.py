"""Logistic regression, fitted to convergence by scikit-learn: z = w . x + b, mean loss plus |w|^2 / (2 C N)."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import LogisticRegression

from . import fitted


class Model(fitted.Model):
    """`C`: inverse strength of the L2 penalty, as in scikit-learn."""

    piecewise_linear = True

    def __init__(self, inputs: list[np.ndarray], C: float):
        super().__init__(inputs)
        self.C = C

    def init(self, key):
        return {"w": jnp.zeros(len(self.columns)), "b": jnp.zeros(())}, {}

    def estimator(self):
        return LogisticRegression(C=self.C, max_iter=10_000)

    def arrays(self, fitted, rows, labels):
        return {"w": fitted.coef_[0], "b": fitted.intercept_[0]}, {}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        return (pool if rows is None else pool[rows]) @ params["w"] + params["b"], state
