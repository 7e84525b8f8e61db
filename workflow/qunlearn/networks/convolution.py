"""The convolution that networks are made of, as one matrix product."""

from __future__ import annotations

import math

import flax.linen as nn
import jax
import jax.numpy as jnp


class Convolution(nn.Module):
    """Convolution of (B, ..., channels) to (B, ..., width), padded with zeros: every output sees
    its own `stride` inputs and `kernel` - 1 of the neighbours', in every direction.

    As `flax.linen.Conv` with a kernel of `kernel + stride - 1`, but one matrix product of every
    output's own inputs, which a reshape gathers, and shifted copies of its neighbours': on a CPU
    XLA's own convolutions of long signals with few channels are an order of magnitude slower.
    """

    width: int
    kernel: int
    stride: int = 1
    use_bias: bool = True

    @nn.compact
    def __call__(self, x):
        for axis in range(1, x.ndim - 1):
            x = self._gathered(x, axis)
        return nn.Dense(self.width, self.use_bias)(x)

    def _gathered(self, x, axis: int):
        """What every output along `axis` sees, as channels."""
        outputs = math.ceil(x.shape[axis] / self.stride)
        window = self.kernel + self.stride - 1
        before = (self.kernel - 1) // 2
        last = (outputs - 1) * self.stride  # where the last window begins
        x = padded(x, axis, last + window)

        def neighbour(i):
            end = i + last + 1
            return jax.lax.slice_in_dim(x, i, end, self.stride, axis)

        own = self._own(x, axis, before, outputs)
        left = [neighbour(i) for i in range(before)]
        right = [neighbour(i) for i in range(before + self.stride, window)]
        return jnp.concatenate([*left, own, *right], axis=-1)

    def _own(self, x, axis: int, first: int, outputs: int):
        """Every output's own `stride` inputs, from the `first` on, as channels."""
        end = first + outputs * self.stride
        own = jax.lax.slice_in_dim(x, first, end, axis=axis)
        shape = list(own.shape)
        shape[axis : axis + 1] = [outputs, self.stride]
        own = own.reshape(shape)
        own = jnp.moveaxis(own, axis + 1, -2)
        kept = own.shape[:-2]
        return own.reshape(*kept, -1)


def padded(x, axis: int, size: int):
    """Zeros on both sides of an axis, up to a size."""
    missing = max(size - x.shape[axis], 0)
    left = missing // 2
    padding = [(0, 0)] * x.ndim
    padding[axis] = (left, missing - left)
    return jnp.pad(x, padding)


def stride(dimensions: int) -> int:
    """By which a stage of a network shrinks an image (2) or a signal (16) in every direction."""
    return 2 if dimensions == 2 else 16
