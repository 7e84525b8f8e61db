"""Read trained quantum models out otherwise than they were trained: exactly, or with a finite number of shots."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats

from qunlearn.parts import models
from qunlearn.parts.datasets import Dataset


def expectations(dataset: Dataset, architecture: dict, params: dict) -> np.ndarray:
    """(R, N) exact <Z> of the validation samples, noise of the device included, by R trained
    replicas with parameters (R, ...)."""
    exact = architecture | {"shots": None}
    model = models.build(exact, [dataset.x_train, dataset.x_validation])
    theta = params["theta"]
    pool = jnp.asarray(model.encode(dataset.x_validation), theta.dtype)

    def one(theta):
        return model.expectation(theta, pool)

    return np.asarray(jax.jit(jax.vmap(one))(theta))


def expected_accuracy(z: np.ndarray, labels: np.ndarray, shots: int) -> np.ndarray:
    """(R,) mean accuracy of readings with `shots` outcomes, for <Z> (R, N) and labels (N,): the
    binomial probability of the right sign. A reading of zero means class 0, as everywhere."""
    probability = (1 + z.astype(float)) / 2
    probability = np.clip(probability, 0, 1)
    one = stats.binom.sf(shots // 2, shots, probability)
    right = np.where(labels > 0.5, one, 1 - one)
    return np.mean(right, axis=1)
