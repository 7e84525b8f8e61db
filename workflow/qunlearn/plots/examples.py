"""Quantities that show what samples of a dataset are like."""

from __future__ import annotations

import numpy as np

from qunlearn.training.features import real_features


def correlations(states: np.ndarray) -> np.ndarray:
    """(N, L/2 + 1): (-1)^r <Z_0 Z_r> of states (N, 2^L), for r = 0 ... L/2. Site 0 is the most
    significant bit."""
    size = states.shape[1]
    length = size.bit_length() - 1
    basis = np.arange(size)[:, None]
    bits = (basis >> np.arange(length)[::-1]) & 1  # (2^L, L)
    spins = 1 - 2 * bits
    r = np.arange(length // 2 + 1)
    products = spins[:, :1] * spins[:, r]  # (2^L, L/2 + 1)
    probabilities = np.abs(states) ** 2
    return (-1.0) ** r * (probabilities @ products)


def phase_free(x: np.ndarray) -> np.ndarray:
    """(N, d) real rows to compare samples by: of states the moduli of their amplitudes, which do
    not depend on a state's arbitrary phase; of all else the real features."""
    is_state = x.ndim == 2 and np.iscomplexobj(x)
    return np.abs(x) if is_state else real_features(x)


def on_principal_plane(x: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """(N, 2) coordinates of samples along the first two principal components of the samples
    `reference`, both as `phase_free` makes them."""
    known = phase_free(reference)
    centre = known.mean(axis=0)
    _, _, axes = np.linalg.svd(known - centre, full_matrices=False)
    plane = np.zeros((2, known.shape[1]))
    plane[: len(axes)] = axes[:2]
    largest = np.abs(plane).argmax(axis=1, keepdims=True)
    plane *= np.sign(np.take_along_axis(plane, largest, axis=1))
    return (phase_free(x) - centre) @ plane.T
