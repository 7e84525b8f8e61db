"""A residual network (He et al., arXiv:1603.05027): stages of a strided convolution and a
pre-activation residual block with batch normalisation; then the mean over positions and one
logit."""

from __future__ import annotations

import flax.linen as nn
import jax.numpy as jnp

from qunlearn.networks.convolution import Convolution, stride


class ResidualNetwork(nn.Module):
    """`channels` of every convolution, number of residual `blocks`, `kernel` size (strided:
    `kernel + stride - 1`); for inputs of so many `dimensions`."""

    channels: int
    blocks: int
    kernel: int
    dimensions: int

    @nn.compact
    def __call__(self, x, weight, train: bool):
        axes = range(1, x.ndim)
        mask = jnp.expand_dims(weight, tuple(axes)) > 0  # padding enters no statistics

        def convolution(x, stride=1):
            return Convolution(self.channels, self.kernel, stride, use_bias=False)(x)

        def activation(x):
            normalise = nn.BatchNorm(use_running_average=not train, momentum=0.9)
            return nn.relu(normalise(x, mask=mask))

        def residual(x):
            x = convolution(activation(x))
            return convolution(activation(x))

        for _ in range(self.blocks):
            x = convolution(x, stride(self.dimensions))
            x = x + residual(x)
        x = activation(x).mean(axis=tuple(axes[:-1]))
        return nn.Dense(1)(x)
