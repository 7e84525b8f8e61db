"""Residual network (He et al., arXiv:1603.05027): stages of a strided convolution and a pre-activation residual block
with batch normalisation; then the mean over positions and one logit."""

from __future__ import annotations

import flax.linen as nn

from . import flax_network
from .flax_network import Convolution, stride


class Network(nn.Module):
    channels: int
    blocks: int
    kernel: int
    dimensions: int

    @nn.compact
    def __call__(self, x, weight, train: bool):
        mask = weight.reshape(-1, *[1] * (x.ndim - 1)) > 0

        def convolution(x, stride=1):
            return Convolution(self.channels, self.kernel, stride, use_bias=False)(x)

        def activation(x):
            return nn.relu(nn.BatchNorm(use_running_average=not train, momentum=0.9)(x, mask=mask))

        for _ in range(self.blocks):
            x = convolution(x, stride(self.dimensions))
            x = x + convolution(activation(convolution(activation(x))))
        return nn.Dense(1)(activation(x).mean(axis=tuple(range(1, x.ndim - 1))))


class Model(flax_network.Model):
    """`channels` of every convolution, number of residual `blocks`, `kernel` size (strided: `kernel + stride - 1`)."""

    def __init__(self, inputs, channels: int, blocks: int, kernel: int):
        self.network = lambda dimensions: Network(channels, blocks, kernel, dimensions)
        super().__init__(inputs)
