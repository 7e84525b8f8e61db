"""Networks written in flax, behind the protocol of every model: images as (side, side, 1), a complex state vector as a
one-dimensional signal with two channels, its real and imaginary part."""

from __future__ import annotations

from math import isqrt

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from ..errors import UserError
from ..training import real_dtype
from . import base


class Model(base.Model):
    """Base class. A subclass defines `network(dimensions)`: a flax module that maps (B, ..., channels) to (B, 1), and
    is called with `train` and the samples' `weight`."""

    #: Replicas run one after the other: XLA has no fast convolution whose kernels differ along a batch dimension.
    together = 1

    def __init__(self, inputs: list[np.ndarray]):
        width, signal = inputs[0].shape[1], np.iscomplexobj(inputs[0])
        side = isqrt(width)
        if not signal and side * side != width:
            raise UserError(f"{type(self).__module__.rsplit('.', 1)[1]} needs square images, not {width} features.")
        self.shape = (width, 2) if signal else (side, side, 1)
        self.module = self.network(len(self.shape) - 1)

    def encode(self, x):
        x = np.stack([x.real, x.imag], axis=-1) if np.iscomplexobj(x) else x
        return x.reshape(len(x), *self.shape)

    def init(self, key):
        variables = self.module.init(key, jnp.zeros((1, *self.shape)), weight=jnp.ones(1), train=False)
        variables = jax.tree.map(lambda a: a.astype(real_dtype()), variables)
        return variables["params"], {k: v for k, v in variables.items() if k != "params"}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        x = pool if rows is None else pool[rows]
        weight = jnp.ones(len(x), x.dtype) if weight is None else weight
        if train and state:
            z, state = self.module.apply({"params": params, **state}, x, weight=weight, train=True, mutable=list(state))
        else:
            z = self.module.apply({"params": params, **state}, x, weight=weight, train=train)
        return z[:, 0], state


def pool(x, factor: int):
    """Largest of `factor` neighbours in every direction; `x` is (B, ..., channels)."""
    window = (factor,) * (x.ndim - 2)
    return nn.max_pool(x, window, window, padding="SAME")
