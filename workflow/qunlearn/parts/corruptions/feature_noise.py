"""Graded noise on features: x -> x + Gaussian noise, label kept; feature randomisation is its limit
of large width.

No attacker, or one who knows nothing. Seeds draw which samples, and the noise.
"""

from typing import Annotated

import numpy as np
from pydantic import Field

from qunlearn.parts.corruptions import Corruption
from qunlearn.parts.part import option


class FeatureNoise(Corruption):
    """Gaussian noise added to the features of a sample, which keeps its norm and its label."""

    label = "feature noise"
    twin_features = "noisy features"
    adds_noise = True

    sigma: Annotated[float, Field(ge=0, le=1e6)] = option(
        1.0,
        says="its standard deviation, in units of the sample's root mean square feature: at 1 there is as much noise "
        "as signal",
    )

    def misfit(self, source, dataset):
        if len(source.shape() or ()) < 2:
            return ""
        return f"{dataset} holds density matrices, to which no noise can be added; they have depolarizing"

    def twins(self, x, y, rng):
        noise = rng.standard_normal(x.shape)
        if np.iscomplexobj(x):
            noise = (noise + 1j * rng.standard_normal(x.shape)) / np.sqrt(2)
        norms = np.linalg.norm(x, axis=1, keepdims=True)  # (N, 1)
        width = self.sigma * norms / np.sqrt(x.shape[1])
        noisy = x + width * noise
        return noisy * norms / np.linalg.norm(noisy, axis=1, keepdims=True), None
