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

    #: Replicas run one after the other: the activations of one fill the cache.
    together = (1, 1)

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


class Convolution(nn.Module):
    """Convolution of (B, ..., channels) to (B, ..., width), padded with zeros: every output sees its own `stride`
    inputs and `kernel` - 1 of the neighbours', in every direction. As `flax.linen.Conv` with a kernel of
    `kernel + stride - 1`, but one matrix product of every output's own inputs, which a reshape gathers, and shifted
    copies of its neighbours': on a CPU XLA's own convolutions of long signals with few channels are an order of
    magnitude slower."""

    width: int
    kernel: int
    stride: int = 1
    use_bias: bool = True

    @nn.compact
    def __call__(self, x):
        window, before = self.kernel + self.stride - 1, (self.kernel - 1) // 2
        for axis in range(1, x.ndim - 1):
            size = -(-x.shape[axis] // self.stride)
            missing = max((size - 1) * self.stride + window - x.shape[axis], 0)
            padding = [(0, 0)] * x.ndim
            padding[axis] = (missing // 2, missing - missing // 2)
            x = jnp.pad(x, padding)

            def neighbour(i, x=x, axis=axis, size=size):
                return jax.lax.slice_in_dim(x, i, i + (size - 1) * self.stride + 1, self.stride, axis)

            own = jax.lax.slice_in_dim(x, before, before + size * self.stride, axis=axis)
            own = own.reshape(*own.shape[:axis], size, self.stride, *own.shape[axis + 1 :])
            own = jnp.moveaxis(own, axis + 1, -2)
            parts = [neighbour(i) for i in range(before)]
            parts.append(own.reshape(*own.shape[:-2], -1))
            parts += [neighbour(i) for i in range(before + self.stride, window)]
            x = jnp.concatenate(parts, axis=-1)
        return nn.Dense(self.width, self.use_bias)(x)


def stride(dimensions: int) -> int:
    """By which a stage of a network shrinks an image (2) or a signal (16) in every direction."""
    return 2 if dimensions == 2 else 16
