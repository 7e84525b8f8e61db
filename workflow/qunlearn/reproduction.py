"""This workflow's accuracies beside the authors' published ones, point by point, and runs that are not independent.

Equivalence is tested, for the absence of a significant difference is no evidence of agreement: two one-sided Welch
tests (TOST: Schuirmann, J. Pharmacokinet. Biopharm. 15, 657, 1987) of whether the means differ by less than a margin.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import stats

POINT = ["dataset", "model", "corruption", "alpha"]
ACCURACIES = {"train": "train_accuracy", "validation": "val_accuracy"}


def welch(ours: np.ndarray, theirs: np.ndarray, margin: float) -> tuple[float, float]:
    """(p of TOST, p of Welch's test of equal means). If the first is small, the means differ by less than the margin.

    Where no run differs from its fellows there is no spread to test against: the p values are then 0 or 1, as the means
    themselves tell. Not numbers where either side has a single run.
    """
    difference = np.mean(ours) - np.mean(theirs)
    if min(len(ours), len(theirs)) < 2:
        return math.nan, math.nan
    if max(np.ptp(ours), np.ptp(theirs)) < 1e-12:
        return float(abs(difference) >= margin), float(abs(difference) < 1e-12)

    def p(shift, alternative):
        spread = np.std(ours, ddof=1), len(ours), shift, np.std(theirs, ddof=1), len(theirs)
        return float(stats.ttest_ind_from_stats(difference, *spread, equal_var=False, alternative=alternative).pvalue)

    return max(p(-margin, "greater"), p(margin, "less")), p(0, "two-sided")


def verdict(equivalent: float, different: float, level: float) -> str:
    """'equivalent' if TOST says so, else 'different' if Welch's test does, else 'undecided'."""
    if equivalent < level:
        return "equivalent"
    return "different" if different < level else "undecided"


def compare(resilience: pd.DataFrame, published: pd.DataFrame, margin: float, level: float) -> pd.DataFrame:
    """One row per point that both have and set of samples: means, difference, tests; `distinct_*` counts the runs that
    differ in this accuracy, the ones that a test of spread lives on."""
    theirs = {key: runs for key, runs in published.groupby(POINT)}
    rows = []
    for key, runs in resilience.groupby(POINT):
        if key not in theirs:
            continue
        for name, column in ACCURACIES.items():
            a, b = runs[column].to_numpy(), theirs[key][column].to_numpy()
            equivalent, different = welch(a, b, margin)
            rows.append([*key, name, a.mean(), b.mean(), a.mean() - b.mean(), equivalent, different,
                         verdict(equivalent, different, level), len(a), len(b), len(set(a)), len(set(b))])  # fmt: skip
    columns = [*POINT, "accuracy", "ours", "published", "difference", "p_equivalent", "p_different", "verdict",
               "runs_ours", "runs_published", "distinct_ours", "distinct_published"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def identical_runs(table: pd.DataFrame) -> list[str]:
    """Groups of runs of one curve that agree in every value measured, as text: 'xxz qnn label_flipping: 0, 3'.

    A curve is accuracy against alpha, or against the unlearning step. Agreement at one point may be chance, for
    accuracies are multiples of one over the number of samples; agreement along a whole curve is not.
    """
    run = "run" if "run" in table else "seed"
    along = "step" if "step" in table else "alpha"
    names = [c for c in ("dataset", "model", "corruption", "alpha", "method", "eval_set") if c in table and c != along]
    constant = {"collapsed", "parameters", "live_parameters"}
    values = [column for column in table if column not in {*names, run, along, *constant}]
    groups = []
    for key, part in table.groupby(names):
        curves = part.pivot(index=run, columns=along, values=values)
        same: dict[bytes, list] = {}
        for name, curve in zip(curves.index, curves.to_numpy(float)):
            same.setdefault(curve.tobytes(), []).append(name)
        where = " ".join(map(str, key))
        groups += [f"{where}: {', '.join(map(str, runs))}" for runs in same.values() if len(runs) > 1]
    return groups
