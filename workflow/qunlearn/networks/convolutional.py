"""A convolutional network: per stage a strided convolution and a ReLU; then a dense ReLU layer and
one logit."""

from __future__ import annotations

import flax.linen as nn

from qunlearn.networks.convolution import Convolution, stride


class ConvolutionalNetwork(nn.Module):
    """`channels` of each stage, `kernel` size (strided: `kernel + stride - 1`), width of the
    `dense` layer; for inputs of so many `dimensions`."""

    channels: tuple[int, ...]
    kernel: int
    dense: int
    dimensions: int

    @nn.compact
    def __call__(self, x, weight, train: bool):
        step = stride(self.dimensions)
        for width in self.channels:
            x = Convolution(width, self.kernel, step)(x)
            x = nn.relu(x)
        x = x.reshape(len(x), -1)
        x = nn.Dense(self.dense)(x)
        return nn.Dense(1)(nn.relu(x))
