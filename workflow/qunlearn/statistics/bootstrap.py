"""A statistic on resamples of its runs: seeds drawn with replacement, all numbers of a seed
together."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import special

from qunlearn.runtime.keys import generator


def resampled(
    samples: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray], resamples: int
) -> np.ndarray:
    """(resamples, ...) of what `statistic` gives, resampling the first axis of `samples` (seeds,
    ...). Fits and extremes are computed anew on every resample."""
    seeds = len(samples)
    draw = generator("claims", "bootstrap", seeds)
    chosen = np.sort(draw.integers(seeds, size=(resamples, seeds)), axis=1)
    distinct, counts = np.unique(chosen, axis=0, return_counts=True)
    found = np.array([statistic(samples[rows]) for rows in distinct])
    return np.repeat(found, counts, axis=0)


def expanded_percentile(values: np.ndarray, seeds: int, confidence: float) -> np.ndarray:
    """(2, ...): ends of the percentile interval of resampled `values` (resamples, ...), its tails
    widened to those of Student's t (Hesterberg, The American Statistician 69, 371, 2015)."""
    student = special.stdtrit(seeds - 1, (1 - confidence) / 2)
    expanded = math.sqrt(seeds / (seeds - 1)) * student
    tail = special.ndtr(expanded)
    return np.quantile(values, [tail, 1 - tail], axis=0, method="inverted_cdf")
