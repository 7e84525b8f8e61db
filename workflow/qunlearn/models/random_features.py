"""Random Fourier features (Rahimi & Recht, 2007) under a trained linear readout: z = w . [cos(Wx), sin(Wx)] / sqrt(m).

Frequencies W are drawn once, for all seeds alike, and belong to the architecture: features are computed once per data
set. A narrow distribution passes low frequencies only: a smooth model that cannot follow single samples.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from ..keys import generator
from . import base


class Model(base.Model):
    """`features`: number m of frequencies; `width`: their standard deviation, in units of 1 / the root mean square
    distance of a sample from the mean."""

    def __init__(self, inputs: list[np.ndarray], features: int, width: float):
        wide = base.real_features(inputs[0])
        spread = float(np.sqrt(wide.var(axis=0).sum()))
        draws = generator("random_features", features).standard_normal((wide.shape[1], features))
        self.frequencies = width / spread * draws

    def encode(self, x):
        """[cos(Wx), sin(Wx)] / sqrt(m), (N, 2 m)."""
        phase = base.real_features(x) @ self.frequencies
        return np.concatenate([np.cos(phase), np.sin(phase)], axis=1) / np.sqrt(phase.shape[1])

    def init(self, key):
        return {"w": jnp.zeros(2 * self.frequencies.shape[1]), "b": jnp.zeros(())}, {}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        return (pool if rows is None else pool[rows]) @ params["w"] + params["b"], state
