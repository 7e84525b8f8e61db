"""Intervals from leaving out one run after the other: Student's t, and its form for skewed runs.

A statistic is taken apart into one pseudo-value per run, n theta - (n - 1) theta_without_the_run
(Tukey, Ann. Math. Statist. 29, 614, 1958), which for a mean are the runs themselves. With their
standard error s and skewness g the interval is theta - s q to theta + s q, q the quantile of
Student's t. Where g is not zero, (theta - truth) / s is skewed as well, and Hall's cubic
transformation takes this away (P. Hall, J. R. Statist. Soc. B 54, 221, 1992): with u = T / sqrt(n),

    v = u + g u^2 / 3 + g^2 u^3 / 27 + g / (6 n)

is nearly normal; its quantiles, taken from Student's t and transformed back, are those of T.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special, stats

#: A skewness below this is none.
STRAIGHT = 1e-6


class Moments(NamedTuple):
    """Of statistics (parts,) of so many `runs`: their values, standard errors and the skewness of
    their pseudo-values."""

    runs: int
    values: np.ndarray
    errors: np.ndarray
    skewness: np.ndarray


def moments(samples: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]) -> Moments:
    """Of statistics (parts,) of `samples` (seeds, ...), two seeds at least."""
    runs = len(samples)
    values = statistic(samples)
    left = np.array([statistic(np.delete(samples, run, axis=0)) for run in range(runs)])
    pseudo = runs * values - (runs - 1) * left  # (seeds, parts)
    errors = pseudo.std(0, ddof=1) / math.sqrt(runs)
    agree = np.ptp(pseudo, axis=0) <= 1e-12 * (1 + np.abs(values))
    errors = np.where(agree, 0.0, errors)
    skewness = np.zeros(len(values))
    if runs > 2 and not agree.all():
        skewness[~agree] = stats.skew(pseudo[:, ~agree], axis=0, bias=False)
    return Moments(runs, values, errors, skewness)


def student(found: Moments, confidence: float) -> np.ndarray:
    """(2, parts): ends of Student's interval."""
    quantile = special.stdtrit(found.runs - 1, (1 + confidence) / 2)
    half = quantile * found.errors
    return np.array([found.values - half, found.values + half])


def skewed(found: Moments, confidence: float) -> np.ndarray:
    """(2, parts): ends of Hall's interval, which is Student's where the runs are not skewed."""
    quantile = special.stdtrit(found.runs - 1, (1 + confidence) / 2)
    upper = _from_normal(quantile, found)
    lower = _from_normal(-quantile, found)
    return np.array([found.values - found.errors * upper, found.values - found.errors * lower])


def _from_normal(quantile: float, found: Moments) -> np.ndarray:
    """(parts,): the quantiles of T that Hall's transformation takes to this one."""
    slope = found.skewness / math.sqrt(found.runs)
    is_straight = np.abs(slope) < STRAIGHT
    slope = np.where(is_straight, 1.0, slope)
    cubed = 1 + slope * (quantile - slope / 6)
    return np.where(is_straight, quantile, 3 * (np.cbrt(cubed) - 1) / slope)
