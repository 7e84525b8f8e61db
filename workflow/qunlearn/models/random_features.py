"""Random Fourier features (Rahimi & Recht, 2007) under a trained linear readout: z = w . [cos(Wx), sin(Wx)] / sqrt(m).

Frequencies W are drawn once and stay. A narrow distribution passes low frequencies only: a smooth model that cannot
follow single samples.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from . import base


class Model(base.Model):
    """`features`: number m of frequencies; `width`: their standard deviation, in units of 1 / the root mean square
    distance of a sample from the mean."""

    def __init__(self, inputs: list[np.ndarray], features: int, width: float):
        wide = [base.real_features(x) for x in inputs]
        self.columns = base.columns_in_use(wide)
        self.features = features
        self.width = width / float(np.sqrt(wide[0].var(axis=0).sum()))

    def encode(self, x):
        return base.real_features(x)[:, self.columns]

    def init(self, key):
        frequencies = self.width * jax.random.normal(key, (len(self.columns), self.features))
        return {"w": jnp.zeros(2 * self.features), "b": jnp.zeros(())}, {"frequencies": frequencies}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        phase = (pool if rows is None else pool[rows]) @ state["frequencies"]
        waves = jnp.concatenate([jnp.cos(phase), jnp.sin(phase)], axis=-1)
        return waves @ params["w"] / self.features**0.5 + params["b"], state
