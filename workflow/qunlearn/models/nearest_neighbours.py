"""k nearest neighbours in Euclidean distance: the logit is the log-odds of the vote, half a vote added to each side."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from . import fitted


class Model(fitted.Model):
    """`k`: neighbours that vote, odd."""

    def __init__(self, inputs: list[np.ndarray], k: int):
        super().__init__(inputs)
        self.k = k

    def init(self, key):
        return {"labels": jnp.zeros(0)}, {"rows": jnp.zeros(0, int)}

    def estimator(self):
        return KNeighborsClassifier(self.k)

    def arrays(self, fitted, rows, labels):
        return {"labels": np.asarray(labels, float)}, {"rows": np.asarray(rows)}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        known = jnp.asarray(self.known, pool.dtype)
        closeness = 2 * pool @ known.T - (known**2).sum(1)  # of all rows, once for all replicas
        closeness = closeness[:, state["rows"]] if rows is None else closeness[rows[:, None], state["rows"]]
        near = jax.lax.top_k(closeness, self.k)[1]
        votes = params["labels"][near].sum(1)
        return jnp.log((votes + 0.5) / (self.k - votes + 0.5)), state
