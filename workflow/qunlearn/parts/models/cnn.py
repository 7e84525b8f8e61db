"""Convolutional network: per stage a strided convolution and a ReLU; then a dense ReLU layer and
one logit."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

from pydantic import Field

from qunlearn.config.options import Count
from qunlearn.parts.models import Model
from qunlearn.parts.part import option


class Convolutional(Model):
    """Base class of networks of convolutions: they see real features as a square image where they
    make one, else as a signal; a state as a signal of amplitudes."""

    is_base: ClassVar[bool] = True
    unlearning_schedule: ClassVar = {"batch": "full", "learning_rate": 0.003}

    def widest(self) -> int:
        """Most channels of a convolution."""
        raise NotImplementedError

    def problems(self, source, dataset):
        pixels = math.prod(source.image_size() or source.shape() or ())
        if source.shape() and pixels < math.prod(source.shape()):
            return [
                f"family: {dataset} has zeros after the pixels of an image, so that no image is left "
                "to a convolution; set `padded` to false there"
            ]
        return []

    def cost(self, source):
        """Of a convolution between as many channels as the widest, after a stage that shrinks what it sees: images by 2
        in either direction, states by 16."""
        seen, window = (16, self.kernel) if source.is_complex() else (4, self.kernel**2)
        return (source.real_features() or 1) / seen * window * self.widest() ** 2

    def numbers_held(self, source, samples, models):
        """Beside the samples what a convolution sees of all of them at once."""
        seen = samples * (source.real_features() or 0) * self.widest()
        return super().numbers_held(source, samples, models) + seen


class Cnn(Convolutional):
    """Convolutional network; stages shrink images by 2, states by 16 in every direction."""

    label = "CNN"
    schedule: ClassVar = {"epochs": 100, "batch": 32, "learning_rate": 0.003}

    channels: Annotated[list[Count], Field(min_length=1)] = option(says="channels of each stage")
    kernel: Count = option(says="size of a convolution; a strided one has kernel + stride - 1")
    dense: Count = option(says="width of the dense layer")

    def widest(self):
        return max(self.channels)

    def build(self, rows):
        from qunlearn.networks.classifier import FlaxClassifier
        from qunlearn.networks.convolutional import ConvolutionalNetwork

        channels = tuple(self.channels)

        def network(dimensions):
            return ConvolutionalNetwork(channels, self.kernel, self.dense, dimensions)

        return FlaxClassifier(network, rows)
