"""Finite-size scaling of the resilience transition: how its width shrinks with the number of
training samples N, and with the chain length L (beyond the paper, which has one size of each task).

**Expectation.** Where samples contradict each other, the most a model can do is to follow the
majority. A prediction that rests on n independent labels, each wrong with probability alpha, is
right with probability
    A(alpha) = P(Binomial(n, alpha) < n/2) + P(= n/2)/2 = I_{1-alpha}(m, m),   m = ceil(n/2),
I the regularised incomplete beta function (ties by a coin; n = 2m labels are no better than
2m - 1). Its 10-90 % width is 2 I^{-1}(0.9; m, m) - 1, which tends to 1.28 / sqrt(n): an exponent
1/nu = 1/2 in w ~ N^(-1/nu), as long as the share of the samples that one prediction rests on does
not depend on N. The study flips exactly round(alpha N) labels, so a vote of all N would be a step;
a finite width says how many labels a prediction effectively rests on.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special, stats

from qunlearn.statistics.intervals import interval
from qunlearn.statistics.transition import FEWEST_ALPHAS, fit_transition

#: A curve whose accuracies span less than this has no transition to fit.
STEP = 0.25
#: An exponent needs so many sizes.
SIZES = 3
#: What names the fit of one size, and what names the exponent.
FIT = ["dataset", "scaled", "size"]
CASE = FIT[:2]
NOTHING = (math.nan, math.nan, math.nan)


# -- the vote --------------------------------------------------------------------------------------
def majority_accuracy(voters: int, alpha):
    """Probability that the majority of `voters` labels is right, each being wrong with probability
    `alpha`."""
    m = math.ceil(voters / 2)
    return special.betainc(m, m, 1 - np.asarray(alpha))


def majority_width(voters: int) -> float:
    """Distance in alpha between 90 % and 10 % of `majority_accuracy`."""
    m = math.ceil(voters / 2)
    return float(2 * special.betaincinv(m, m, 0.9) - 1)


def voters(width):
    """Number of labels, in the limit of many, whose majority vote has this 10-90 % width."""
    return (stats.norm.ppf(0.9) / np.asarray(width)) ** 2


# -- runs of all sizes -----------------------------------------------------------------------------
class Runs(NamedTuple):
    """Accuracies (seeds, sizes, alphas) of one (dataset, scaled)."""

    accuracies: np.ndarray
    sizes: np.ndarray
    alphas: np.ndarray


def sized(runs: pd.DataFrame, cases: list[dict]) -> pd.DataFrame:
    """Runs of varied data and models with the dataset they vary, what is scaled, and its size; a
    run may serve two scalings. `cases`: dictionaries of dataset, scaled, size, and the names of
    data and model."""
    frame = runs.rename(columns={"dataset": "data"}).merge(
        pd.DataFrame(cases), on=["data", "model"]
    )
    first = [*FIT, "alpha", "seed"]
    rest = [name for name in runs.columns if name not in ("dataset", "alpha", "seed")]
    return frame[[*first, "data", *rest]].sort_values(first, ignore_index=True)


def arranged(frame: pd.DataFrame) -> Runs:
    """The runs of one (dataset, scaled) as an array, NaN for those that are not there."""
    seeds = np.sort(frame["seed"].unique())
    sizes = np.sort(frame["size"].unique())
    alphas = np.sort(frame["alpha"].unique())
    every = pd.MultiIndex.from_product([seeds, sizes, alphas])
    accuracies = frame.set_index(["seed", "size", "alpha"])["val_accuracy"]
    values = accuracies.reindex(every).to_numpy()
    return Runs(values.reshape(len(seeds), len(sizes), len(alphas)), sizes, alphas)


# -- fits ------------------------------------------------------------------------------------------
def status_of(alphas: np.ndarray, accuracies: np.ndarray, critical: float, width: float) -> str:
    """'resolved', or why the fitted width of a curve does not count. Resolved is a width that holds
    two alphas of the grid, and fits into it."""
    if np.ptp(accuracies) < STEP:
        return "no transition"
    if not alphas[0] < critical < alphas[-1]:
        return "outside the grid"
    if np.sum(np.abs(alphas - critical) < width / 2) < 2:
        return "narrower than the grid"
    return "wider than the grid" if width > np.ptp(alphas) else "resolved"


def exponent(sizes: np.ndarray, widths: np.ndarray) -> float:
    """1/nu of w ~ size^(-1/nu), by least squares of log w on log size."""
    return float(-np.polyfit(np.log(sizes), np.log(widths), 1)[0])


def transitions(
    frame: pd.DataFrame, confidence: float, resamples: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The fit of every size, and the exponent of every (dataset, scaled), from a table of runs with
    the columns FIT, alpha, seed, val_accuracy and collapsed. Collapsed runs are included and
    counted.

    Fits are of the mean over seeds; intervals are bootstrap intervals over seeds, the same resample
    for all sizes. The exponent is of resolved widths alone, and not a number where fewer than SIZES
    are resolved.
    """
    fits, exponents = [], []
    for key, part in frame.groupby(CASE, sort=False):
        case = dict(zip(CASE, key))
        runs = arranged(part)
        found = []
        for i, size in enumerate(runs.sizes):
            curves = runs.accuracies[:, i]  # (seeds, alphas)
            status, fit = _fit_of_size(curves, runs.alphas, confidence, resamples)
            failed = part.loc[part["size"] == size, "collapsed"]
            count = {
                "size": size,
                "status": status,
                "runs": curves.size,
                "collapsed": int(failed.sum()),
            }
            votes = _votes(int(size), fit["width"], case["scaled"])
            found.append(case | count | fit | votes)
        fits += found
        widths = np.array([fit["width"] for fit in found])
        exponents.append(case | _exponent_of(runs, widths, confidence, resamples))
    return pd.DataFrame(fits), pd.DataFrame(exponents)


def _fit_of_size(curves: np.ndarray, alphas: np.ndarray, *options) -> tuple[str, dict]:
    """Status; critical alpha and width, with intervals, of the mean of the `curves` (seeds,
    alphas). `options` are the last arguments of `interval`."""
    status, fit = "too few alphas", (math.nan, math.nan)
    if len(alphas) >= FEWEST_ALPHAS:
        fit = fit_transition(alphas, curves.mean(0))
        status = status_of(alphas, curves.mean(0), *fit)
    valid = {
        "critical_alpha": status in ("resolved", "narrower than the grid"),
        "width": status == "resolved",
    }
    row = {}
    for which, name in enumerate(valid):

        def refitted(samples, which=which):
            return fit_transition(alphas, samples.mean(0))[which]

        value, low, high = NOTHING
        if valid[name]:
            value = fit[which]
            low, high = interval(curves, refitted, *options)
        row |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return status, row


def _votes(size: int, width: float, scaled: str) -> dict:
    """How many voters have this width, and the width of a vote of all samples."""
    vote_of_all = majority_width(size) if scaled == "samples" else math.nan
    return {"voters": float(voters(width)), "majority_width": vote_of_all}


def _exponent_of(runs: Runs, widths: np.ndarray, *options) -> dict:
    """The exponent of the `widths` (sizes,) that are resolved, numbers that is, with its
    interval."""
    resolved = np.isfinite(widths)
    sizes = runs.sizes[resolved]
    curves = runs.accuracies[:, resolved]  # (seeds, sizes, alphas)

    def fitted(samples):
        fits = [fit_transition(runs.alphas, curve) for curve in samples.mean(0)]
        return exponent(sizes, np.array(fits)[:, 1])

    value, low, high = NOTHING
    if len(sizes) >= SIZES:
        value = exponent(sizes, widths[resolved])
        low, high = interval(curves, fitted, *options)
    counts = {"sizes": len(sizes), "of": len(runs.sizes)}
    return counts | {"exponent": value, "low": low, "high": high}


def rescaled(frame: pd.DataFrame, fits: pd.DataFrame, exponents: pd.DataFrame) -> pd.Series:
    """(alpha - alpha_c) size^(1/nu) of every run, on which curves of all sizes should fall; NaN
    without an exponent."""
    keys = frame[FIT]
    critical = keys.merge(fits, how="left", on=FIT)["critical_alpha"]
    power = keys.merge(exponents, how="left", on=CASE)["exponent"]
    distances = frame["alpha"].to_numpy() - critical.to_numpy()
    scales = frame["size"].to_numpy() ** power.to_numpy()
    return pd.Series(distances * scales, frame.index)
