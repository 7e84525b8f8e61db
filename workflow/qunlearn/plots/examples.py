"""Quantities that show what a sample of a dataset is like."""

from __future__ import annotations

import numpy as np


def correlations(states: np.ndarray) -> np.ndarray:
    """(N, L/2 + 1): (-1)^r <Z_0 Z_r> of states (N, 2^L), for r = 0 ... L/2. Site 0 is the most significant bit."""
    length = states.shape[1].bit_length() - 1
    bits = (np.arange(states.shape[1])[:, None] >> np.arange(length)[::-1]) & 1
    spins = 1 - 2 * bits
    r = np.arange(length // 2 + 1)
    return (-1.0) ** r * (np.abs(states) ** 2 @ (spins[:, :1] * spins[:, r]))
