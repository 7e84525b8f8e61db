"""From runs to a verdict: the interval of any statistic over seeds, the verdict, and the fit of a transition.

**What an interval means.** The unit that is resampled is the seed: one seed stands for one draw of poison, initial
parameters and minibatches, and all numbers of a seed (every alpha, method and model) are resampled together, so that
differences are paired. Fits and extremes are computed anew on every resample. Seeds share the dataset, so an interval
says how the result would vary with other seeds on the same data, not on other data.

**Its limit.** With five seeds the plain 95 % percentile interval of a mean covers the truth about 83 times in 100. Its
tails are therefore widened to those of Student's t (the expanded percentile interval: Hesterberg, The American
Statistician 69, 371, 2015), which for five seeds nearly is the range of all resamples and covers the truth about 91
times in 100; with twenty seeds it is 94. An interval of no width says that the runs agree, not that there is no error.
Extremes over models or steps are biased towards the extreme.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, stats

from .. import keys


def interval(samples: np.ndarray, statistic, confidence: float, resamples: int) -> tuple[float, float]:
    """Expanded percentile interval of `statistic`, resampling the first axis of `samples` (seeds, ...).

    (nan, nan) for a single seed, and where the statistic is not a number in some resample.
    """
    n = len(samples)
    if n < 2:
        return math.nan, math.nan
    draws = np.sort(keys.generator("claims", "bootstrap", n).integers(n, size=(resamples, n)), axis=1)
    distinct, counts = np.unique(draws, axis=0, return_counts=True)
    values = np.repeat([statistic(samples[draw]) for draw in distinct], counts)
    if np.isnan(values).any():
        return math.nan, math.nan
    tail = stats.norm.cdf(math.sqrt(n / (n - 1)) * stats.t.ppf((1 - confidence) / 2, n - 1))
    low, high = np.quantile(values, [tail, 1 - tail], method="inverted_cdf")
    return float(low), float(high)


def verdict(low: float, high: float, above: float = -math.inf, below: float = math.inf) -> str:
    """'reproduced', 'not reproduced' or 'undecided', from the interval of a value of which above < value < below is
    claimed."""
    if low > above and high < below:
        return "reproduced"
    if high <= above or low >= below:
        return "not reproduced"
    return "undecided"


def firm(low: float, high: float, bounds: dict[str, float]) -> bool:
    """True if the verdict stays the same with the threshold, or the width of a range, a quarter smaller or larger."""
    middle = sum(bounds.values()) / 2 if len(bounds) == 2 else 0.0
    found = {
        verdict(low, high, **{side: middle + factor * (bound - middle) for side, bound in bounds.items()})
        for factor in (0.75, 1, 1.25)
    }
    return len(found) == 1


def sigmoid(alpha, top, bottom, critical, scale):
    """bottom + (top - bottom) / (1 + exp((alpha - critical) / scale))."""
    return bottom + (top - bottom) * 0.5 * (1 - np.tanh((alpha - critical) / (2 * scale)))


def fit_transition(alphas: np.ndarray, accuracies: np.ndarray) -> tuple[float, float]:
    """Critical alpha and 10-90 % width (2 ln 9 times the scale) of the sigmoid fitted by least squares.

    Plateaus lie in [0, 1], the critical alpha too. A width well below the spacing of alphas is not resolved.
    """
    top, bottom = accuracies.max(), accuracies.min()
    centre = alphas[np.argmin(np.abs(accuracies - (top + bottom) / 2))]
    fit = optimize.least_squares(
        lambda p: sigmoid(alphas, *p) - accuracies,
        np.clip((top, bottom, centre, 0.1), 0, 1),
        bounds=((-1e-9, -1e-9, 0, 0.005), (1 + 1e-9, 1 + 1e-9, 1, 1)),
    )
    _, _, critical, scale = fit.x
    return float(critical), float(2 * math.log(9) * scale)
