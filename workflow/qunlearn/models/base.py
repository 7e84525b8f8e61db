"""The protocol that every model obeys.

A model splits its variables in two: `params`, which gradients change, and `state`, which they do not (the running
statistics of a batch normalisation, the fixed weights of a random feature map, a noise key). Both are nested
dictionaries of arrays. Features are computed once per data set by `encode`; afterwards a model sees a *pool* of
feature rows and the indices of the rows it is asked about, so that it may gather them or, where the output is linear
in the features, multiply the whole pool once for all replicas.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from ..training import Trained, diverged, minimise


class Model:
    """Base class. `inputs` given to a constructor are all the raw rows that the model will meet: the clean training
    rows, then the arrays of rows that replace them (if any), then the validation rows."""

    #: True where the logit is piecewise linear in every single parameter: Tr of its Hessian then vanishes.
    piecewise_linear = False
    #: Least and most replicas that run together on a CPU; None: one number, by the size of their parameters.
    together: tuple[int, int] | None = None

    def encode(self, x: np.ndarray) -> np.ndarray:
        """Raw rows (N, d) -> features (N, ...), real."""
        raise TypeError(f"{type(self).__name__} must define encode")

    def init(self, key) -> tuple[dict, dict]:
        """Fresh (params, state) from a JAX random key."""
        raise TypeError(f"{type(self).__name__} must define init")

    def parameters(self) -> dict[str, int]:
        """How many parameters the architecture has (`all`), and how many of them can move the output (`live`)."""
        params, _ = jax.eval_shape(self.init, jax.random.key(0))
        count = sum(leaf.size for leaf in jax.tree.leaves(params))
        return {"all": count, "live": count}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        """Logits (B,) of the pool's `rows` (all rows if None), and the new state.

        `weight` (B,) is 1 for samples and 0 for padding, which must not enter batch statistics; `train` is True inside
        a gradient step.
        """
        raise TypeError(f"{type(self).__name__} must define logits")

    def optimise(self, loss, start, pools, streams, evals, schedule, generators, progress, weights=None) -> Trained:
        """Find R replicas' variables, by gradient descent on `loss` from `start`; arguments as for
        `training.minimise`. A model that is fitted in one call overrides this and fills the history with the
        starting point and the result (`training.evaluate`)."""
        return minimise(self, loss, start, pools, streams, evals, schedule, generators, progress, weights)

    def diverged(self, losses: np.ndarray) -> np.ndarray:
        """(R,) of whether a history (R, epochs + 1) of the loss that was minimised is that of a failed training."""
        return diverged(losses)

    def squared_gradient_norms(self, params, state, pool, rows):
        """(B,) of |grad_theta z_i|^2, one sample at a time by forward differentiation in every parameter."""
        flat, unravel = ravel_pytree(params)
        jacobian = jax.jacfwd(lambda p: self.logits(unravel(p), state, pool, rows)[0])(flat)
        return jnp.sum(jacobian**2, axis=-1)


def real_features(x: np.ndarray) -> np.ndarray:
    """Rows (N, d) as they are, or for complex ones [Re x, Im x], (N, 2 d)."""
    return np.concatenate([x.real, x.imag], axis=1) if np.iscomplexobj(x) else x


def columns_in_use(features: list[np.ndarray]) -> np.ndarray:
    """Indices of the columns that are not zero in every row of every array.

    A column that is zero throughout carries no signal and gets no gradient, so leaving it out is exact.
    """
    used = np.zeros(features[0].shape[1], dtype=bool)
    for array in features:
        used |= np.any(array != 0, axis=0)
    return np.flatnonzero(used)
