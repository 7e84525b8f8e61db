"""Convolutional network: per stage a strided convolution and a ReLU; then a dense ReLU layer and one logit."""

from __future__ import annotations

import flax.linen as nn

from . import flax_network
from .flax_network import Convolution, stride


class Network(nn.Module):
    channels: tuple[int, ...]
    kernel: int
    dense: int
    dimensions: int

    @nn.compact
    def __call__(self, x, weight, train: bool):
        for width in self.channels:
            x = nn.relu(Convolution(width, self.kernel, stride(self.dimensions))(x))
        x = nn.relu(nn.Dense(self.dense)(x.reshape(len(x), -1)))
        return nn.Dense(1)(x)


class Model(flax_network.Model):
    """`channels` of each stage, `kernel` size (strided: `kernel + stride - 1`), width of the `dense` layer."""

    def __init__(self, inputs, channels: list[int], kernel: int, dense: int):
        self.network = lambda dimensions: Network(tuple(channels), kernel, dense, dimensions)
        super().__init__(inputs)
