"""Random Fourier features (Rahimi & Recht, 2007) under a trained linear readout:
z = w . [cos(Wx), sin(Wx)] / sqrt(m).

Frequencies W are drawn once, for all seeds alike, and belong to the architecture: features are
computed once per data set. A narrow distribution passes low frequencies only: a smooth model that
cannot follow single samples.
"""

from __future__ import annotations

import numpy as np

from qunlearn.config.options import Count, Positive
from qunlearn.lazy import jnp
from qunlearn.parts.models.of_features import FeatureModel
from qunlearn.parts.part import option
from qunlearn.runtime.keys import generator
from qunlearn.training.classifier import Classifier


class RandomFeatures(FeatureModel):
    """Random Fourier features under a trained linear readout."""

    label = "random Fourier features"
    panel = "kernels and neighbours"

    features: Count = option(says="number of frequencies")
    width: Positive = option(
        says="standard deviation of the frequencies, in units of 1 / the root mean square distance "
        "of a sample from the mean"
    )

    def title(self):
        return self.label + self.on_what()

    def weights_of(self, inputs):
        return 2.0 * self.features

    def numbers_held(self, source, samples, models):
        """Beside the samples three copies of their features, the frequencies twice."""
        inputs = self.inputs(source) or 0
        frequencies = 2 * inputs * self.features
        return (
            super().numbers_held(source, samples, models)
            + frequencies
            + 6 * samples * self.features
        )

    def build(self, rows):
        return FourierReadout(self, rows)


class FourierReadout(Classifier):
    """A linear readout of fixed Fourier features."""

    def __init__(self, declaration: RandomFeatures, rows: list[np.ndarray]):
        self.seen = declaration.seen
        clean = self.seen(rows[0])
        variance = clean.var(axis=0).sum()
        spread = float(np.sqrt(variance))
        count = declaration.features
        rng = generator("random_features", count)
        draws = rng.standard_normal((clean.shape[1], count))
        self.frequencies = declaration.width / spread * draws  # (inputs, m)

    def encode(self, x):
        """[cos(Wx), sin(Wx)] / sqrt(m), (N, 2 m)."""
        phase = self.seen(x) @ self.frequencies
        waves = [np.cos(phase), np.sin(phase)]
        return np.concatenate(waves, axis=1) / np.sqrt(phase.shape[1])

    def init(self, key):
        return {"w": jnp.zeros(2 * self.frequencies.shape[1]), "b": jnp.zeros(())}, {}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        x = pool if rows is None else pool[rows]
        return x @ params["w"] + params["b"], state
