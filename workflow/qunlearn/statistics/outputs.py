"""What binary classifiers answer, compared sample by sample."""

from __future__ import annotations

import numpy as np
from scipy.special import expit


def scores(logits, labels) -> np.ndarray:
    """Log odds (..., N) of the labels (N,) of 0 and 1."""
    logits, is_one = np.asarray(logits), np.asarray(labels) > 0.5
    return np.where(is_one, logits, -logits)


def total_variation(logits: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Mean over samples (the last axis) of |p - q|, the total-variation distance between Bernoulli
    outputs."""
    return np.mean(np.abs(expit(logits) - expit(others)), axis=-1)
