"""Support vector machine by scikit-learn: z = sum_i a_i k(x_i, x) + b over the training rows.

Its decision value stands for the logit; it is not a calibrated log-odds, so losses compare within this family only.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from sklearn.svm import SVC

from . import base, fitted


class Model(fitted.Model):
    """`kernel`: linear or rbf; `C`: inverse strength of the penalty; `gamma`: inverse squared width of the rbf kernel
    in units of 1 / (2 E|x - mean|^2), so that 1 suits data of any scale."""

    def __init__(self, inputs: list[np.ndarray], kernel: str, C: float, gamma: float = 1.0):
        super().__init__(inputs)
        clean = base.real_features(inputs[0])[:, self.columns]
        self.kernel, self.C = kernel, C
        self.gamma = gamma / (2 * float(clean.var(axis=0).sum()))

    def init(self, key):
        return {"dual": jnp.zeros(0), "b": jnp.zeros(())}, {"rows": jnp.zeros(0, int)}

    def estimator(self):
        return SVC(kernel=self.kernel, C=self.C, gamma=self.gamma)

    def arrays(self, fitted, rows, labels):
        dual = np.zeros(len(rows))
        dual[fitted.support_] = fitted.dual_coef_[0]
        return {"dual": dual, "b": fitted.intercept_[0]}, {"rows": np.asarray(rows)}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        known = jnp.asarray(self.known, pool.dtype)
        kernel = pool @ known.T  # of all rows, once for all replicas
        if self.kernel == "rbf":
            kernel = jnp.exp(-self.gamma * ((pool**2).sum(1)[:, None] - 2 * kernel + (known**2).sum(1)))
        kernel = kernel[:, state["rows"]] if rows is None else kernel[rows[:, None], state["rows"]]
        return kernel @ params["dual"] + params["b"], state
