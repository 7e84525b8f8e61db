"""The confidence interval of any statistic over seeds, what it promises, and where it ends.

**The unit is the seed**: one draw of poison, initial parameters and minibatches. All numbers of a
seed (every alpha, method and model) stay together, so that differences are paired. Seeds share the
dataset: an interval says how the result would vary with other seeds on the same data.

**Three intervals, the widest counts at either end**: Student's t and its form for skewed runs, both
from leaving out one run at a time (`statistics.jackknife`), and the bootstrap's expanded percentile
interval (`statistics.bootstrap`), which also serves where a statistic is not smooth. Each alone is
too short somewhere; together they cover at least what they say for Gaussian runs from five seeds
on, for skewed or bounded ones from ten to twenty. `statistics.coverage` measures it; the table is in
docs/claims.md.

**The smallest or largest of several** (`quantities.Extreme`: the best method, the worst depth) is
biased: the best of four equal means looks better than each. Its interval is made of those of its
parts.

**What it cannot promise**: runs of which the sample has none. Where one run in ten fails, five seeds
show no failure in 59 of 100 draws, and no interval of what was seen then covers the mean of all.
How many may fail unseen is said apart, by a bound of its own (`share_at_most`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import stats

from qunlearn.statistics.bootstrap import expanded_percentile, resampled
from qunlearn.statistics.jackknife import Moments, moments, skewed, student
from qunlearn.statistics.quantities import Extreme, Positive, Statistic


class Estimate(NamedTuple):
    """A statistic of runs, or an extreme of several: their `moments` (parts,), their values on
    `resamples` (resamples, parts), and what `extreme` counts of them, 'min' or 'max'. With
    `logarithmic`, all of them are logarithms. Intervals end at the `limits` of what is possible."""

    moments: Moments
    resamples: np.ndarray
    extreme: str = "min"
    logarithmic: bool = False
    limits: tuple[float, float] = (-math.inf, math.inf)

    def interval(self, confidence: float) -> tuple[float, float]:
        """(low, high); not numbers where the statistic is none in some resample."""
        low, high = np.clip(self._ends(confidence), *self.limits).tolist()
        return (math.exp(low), math.exp(high)) if self.logarithmic else (low, high)

    def _ends(self, confidence: float) -> tuple[float, float]:
        """A smallest value lies above the smallest lower end as it is, for that of the part that is
        smallest does; and below all upper ends only if each of k misses k times as rarely
        (Bonferroni). A largest value likewise."""
        parts = len(self.moments.values)
        rarely = 1 - (1 - confidence) / parts
        lows, highs = self._of_parts(confidence)
        if parts == 1:
            return float(lows[0]), float(highs[0])
        if self.extreme == "min":
            return float(lows.min()), float(self._of_parts(rarely)[1].min())
        return float(self._of_parts(rarely)[0].max()), float(highs.max())

    def _of_parts(self, confidence: float) -> np.ndarray:
        """(2, parts): ends of the interval of each."""
        if not (np.isfinite(self.resamples).all() and np.isfinite(self.moments.errors).all()):
            return np.full((2, len(self.moments.values)), math.nan)
        all_ends = np.array(
            [
                student(self.moments, confidence),
                skewed(self.moments, confidence),
                expanded_percentile(self.resamples, self.moments.runs, confidence),
            ]
        )
        return np.array([all_ends[:, 0].min(0), all_ends[:, 1].max(0)])


def estimate(samples: np.ndarray, statistic: Statistic, resamples: int) -> Estimate | None:
    """Of a statistic of `samples` (seeds, ...); None for a single seed."""
    if len(samples) < 2:
        return None
    is_extreme, is_positive = isinstance(statistic, Extreme), isinstance(statistic, Positive)

    def parts(runs):
        found = np.atleast_1d(statistic.parts(runs) if is_extreme else statistic(runs))
        if not is_positive:
            return found.astype(float)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(found.astype(float))

    with np.errstate(invalid="ignore"):
        found = moments(samples, parts)
    values = resampled(samples, parts, resamples)
    which = statistic.which if is_extreme else "min"
    limits = getattr(statistic, "limits", (-math.inf, math.inf))
    return Estimate(found, values, which, is_positive, limits)


def interval(
    samples: np.ndarray, statistic: Statistic, confidence: float, resamples: int
) -> tuple[float, float]:
    """Ends of the interval of a statistic of `samples` (seeds, ...). (nan, nan) for a single seed,
    and where the statistic is not a number in some resample."""
    found = estimate(samples, statistic, resamples)
    return (math.nan, math.nan) if found is None else found.interval(confidence)


def share_at_most(hits: int, runs: int, confidence: float) -> float:
    """Upper bound of the share of all runs that are like the `hits` of so many `runs` (Clopper and
    Pearson, Biometrika 26, 404, 1934): of five runs without a failure, 0.45 at 95 %."""
    return 1.0 if hits >= runs else float(stats.beta.ppf(confidence, hits + 1, runs - hits))
