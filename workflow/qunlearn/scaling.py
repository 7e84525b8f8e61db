"""Finite-size scaling of the resilience transition: how its width shrinks with the number of training samples N, and
with the chain length L (beyond the paper, which has one size of each task).

**Expectation.** Where samples contradict each other, the most a model can do is to follow the majority. A prediction
that rests on n independent labels, each wrong with probability alpha, is right with probability
    A(alpha) = P(Binomial(n, alpha) < n/2) + P(= n/2)/2 = I_{1-alpha}(m, m),   m = ceil(n/2),
I the regularised incomplete beta function (ties by a coin; n = 2m labels are no better than 2m - 1). Its 10-90 % width
is 2 I^{-1}(0.9; m, m) - 1, which tends to 1.28 / sqrt(n): an exponent 1/nu = 1/2 in w ~ N^(-1/nu), as long as the share
of the samples that one prediction rests on does not depend on N. The study flips exactly round(alpha N) labels, so a
vote of all N would be a step; a finite width says how many labels a prediction effectively rests on.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import special, stats

from .claims.statistics import fit_transition, interval

#: A curve whose accuracies span less than this has no transition to fit.
STEP = 0.25
#: The fit's four parameters and one degree of freedom.
POINTS = 5
#: A slope needs so many sizes.
SIZES = 3
FIT = ["dataset", "scaled", "size"]


def majority_accuracy(voters: int, alpha):
    """Probability that the majority of `voters` labels is right, each being wrong with probability `alpha`."""
    m = math.ceil(voters / 2)
    return special.betainc(m, m, 1 - np.asarray(alpha))


def majority_width(voters: int) -> float:
    """Distance in alpha between 90 % and 10 % of `majority_accuracy`."""
    m = math.ceil(voters / 2)
    return float(2 * special.betaincinv(m, m, 0.9) - 1)


def voters(width):
    """Number of labels, in the limit of many, whose majority vote has this 10-90 % width."""
    return (stats.norm.ppf(0.9) / np.asarray(width)) ** 2


def verdict(alphas: np.ndarray, accuracies: np.ndarray, critical: float, width: float) -> str:
    """'resolved', or why the fitted width of a curve does not count. Resolved is a width that holds two alphas of the
    grid, and fits into it."""
    if np.ptp(accuracies) < STEP:
        return "no transition"
    if not alphas[0] < critical < alphas[-1]:
        return "outside the grid"
    if np.sum(np.abs(alphas - critical) < width / 2) < 2:
        return "narrower than the grid"
    return "wider than the grid" if width > np.ptp(alphas) else "resolved"


def sized(runs: pd.DataFrame, cases: list[dict]) -> pd.DataFrame:
    """Runs of varied data and models with the dataset they vary, what is scaled, and its size; a run may serve two
    scalings."""
    frame = runs.rename(columns={"dataset": "data"}).merge(pd.DataFrame(cases), on=["data", "model"])
    rest = [name for name in runs.columns if name not in ("dataset", "alpha", "seed")]
    columns = [*FIT, "alpha", "seed", "data", *rest]
    return frame[columns].sort_values(columns[:5], ignore_index=True)


def _fits(alphas, curves) -> np.ndarray:
    """(sizes, 2) critical alphas and widths of curves (sizes, alphas)."""
    return np.array([fit_transition(alphas, curve) for curve in curves])


def exponent(sizes: np.ndarray, widths: np.ndarray) -> float:
    """1/nu of w ~ size^(-1/nu), by least squares of log w on log size."""
    return float(-np.polyfit(np.log(sizes), np.log(widths), 1)[0])


def transitions(frame: pd.DataFrame, confidence: float, resamples: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The fit of every size, and the exponent of every (dataset, scaled), from a table of runs with the columns FIT,
    alpha, seed, val_accuracy and collapsed. Collapsed runs are included and counted.

    Fits are of the mean over seeds; intervals are bootstrap intervals over seeds, the same resample for all sizes. The
    exponent is of resolved widths alone, and not a number where fewer than SIZES are resolved.
    """
    fits, exponents = [], []
    for (dataset, scaled), part in frame.groupby(["dataset", "scaled"], sort=False):
        sizes, alphas, seeds = (np.sort(part[name].unique()) for name in ("size", "alpha", "seed"))
        index = pd.MultiIndex.from_product([seeds, sizes, alphas])
        runs = part.set_index(["seed", "size", "alpha"])["val_accuracy"].reindex(index).to_numpy()
        runs = runs.reshape(len(seeds), len(sizes), len(alphas))
        found, status = np.full((len(sizes), 2), np.nan), ["too few alphas"] * len(sizes)
        if len(alphas) >= POINTS:
            found = _fits(alphas, runs.mean(0))
            status = [verdict(alphas, curve, *fit) for curve, fit in zip(runs.mean(0), found)]
        resolved = np.array([word == "resolved" for word in status])
        for i, size in enumerate(sizes):
            row = {"dataset": dataset, "scaled": scaled, "size": size, "status": status[i], "runs": runs[:, i].size}
            row["collapsed"] = int(part.loc[part["size"] == size, "collapsed"].sum())
            for k, name in enumerate(("critical_alpha", "width")):
                valid = resolved[i] or (k == 0 and status[i] == "narrower than the grid")
                row[name], row[f"{name}_low"], row[f"{name}_high"] = np.nan, np.nan, np.nan
                if valid:
                    ends = interval(runs[:, i], lambda r: _fits(alphas, [r.mean(0)])[0, k], confidence, resamples)  # noqa: B023
                    row[name], row[f"{name}_low"], row[f"{name}_high"] = found[i, k], *ends
            row["voters"], row["majority_width"] = float(voters(row["width"])), np.nan
            if scaled == "samples":
                row["majority_width"] = majority_width(int(size))
            fits.append(row)
        row = {"dataset": dataset, "scaled": scaled, "sizes": int(resolved.sum()), "of": len(sizes)}
        row |= {"exponent": np.nan, "low": np.nan, "high": np.nan}
        if resolved.sum() >= SIZES:
            chosen = sizes[resolved]

            def slope(r):
                return exponent(chosen, _fits(alphas, r.mean(0))[:, 1])  # noqa: B023

            row["exponent"] = exponent(chosen, found[resolved, 1])
            row["low"], row["high"] = interval(runs[:, resolved], slope, confidence, resamples)
        exponents.append(row)
    return pd.DataFrame(fits), pd.DataFrame(exponents)


def rescaled(frame: pd.DataFrame, fits: pd.DataFrame, exponents: pd.DataFrame) -> pd.Series:
    """(alpha - alpha_c) size^(1/nu) of every run, on which curves of all sizes should fall; NaN without an exponent."""
    critical = frame[FIT].merge(fits[[*FIT, "critical_alpha"]], how="left")["critical_alpha"].to_numpy()
    power = frame[FIT[:2]].merge(exponents[[*FIT[:2], "exponent"]], how="left")["exponent"].to_numpy()
    return pd.Series((frame["alpha"].to_numpy() - critical) * frame["size"].to_numpy() ** power, frame.index)
