"""Residual network (He et al., arXiv:1603.05027) with batch normalisation."""

from __future__ import annotations

from typing import ClassVar

from qunlearn.config.options import Count
from qunlearn.parts.models.cnn import Convolutional
from qunlearn.parts.part import option


class Resnet(Convolutional):
    """Residual network; blocks shrink images by 2, states by 16 in every direction."""

    label = "ResNet"
    schedule: ClassVar = {"epochs": 50, "batch": 32, "learning_rate": 0.003}

    channels: Count = option(says="channels of every convolution")
    blocks: Count = option(says="residual blocks")
    kernel: Count = option(says="size of a convolution; a strided one has kernel + stride - 1")

    def title(self):
        return self.label

    def widest(self):
        return self.channels

    def build(self, rows):
        from qunlearn.networks.classifier import FlaxClassifier
        from qunlearn.networks.residual import ResidualNetwork

        def network(dimensions):
            return ResidualNetwork(self.channels, self.blocks, self.kernel, dimensions)

        return FlaxClassifier(network, rows)
