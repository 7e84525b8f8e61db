"""Headline numbers as (samples, statistic): an array whose first axis is the seed, and a function of
such an array."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from qunlearn.statistics.runs import FINAL, cells, dips
from qunlearn.statistics.transition import fit_transition
from qunlearn.studies.bridge.settings import Names, Number

Statistic = Callable[[np.ndarray], float]


class Tables(NamedTuple):
    """Runs by stage: accuracies against alpha, unlearning curves, roughening ratios of one set; None
    for a stage that no number is taken from."""

    resilience: pd.DataFrame | None
    unlearning: pd.DataFrame | None
    landscape: pd.DataFrame | None


def samples_of(tables: Tables, number: Number, names: Names) -> np.ndarray:
    """Of accuracies (seeds, alphas), of curves (seeds, methods, steps), of ratios log10 (seeds,
    alphas). Raises Missing where a seed lacks some of them."""
    frame = getattr(tables, number.stage)
    select = {"dataset": names.dataset, "model": names.model, "corruption": names.corruption}
    if number.stage == "unlearning":
        steps = np.sort(frame["step"].unique())
        axes = {"method": list(names.methods), "step": steps}
        return cells(frame, "val_accuracy", select, axes)
    axes = {"alpha": np.sort(frame["alpha"].unique())}
    if number.stage == "resilience":
        return cells(frame, "val_accuracy", select, axes)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(cells(frame, "lrr", select, axes))


def statistics(alphas: np.ndarray, plateau: float) -> dict[str, Statistic]:
    """Name of a number -> its statistic; `alphas` (alphas,) of the sweeps."""
    [clean], [poisoned] = (np.flatnonzero(alphas == alpha) for alpha in (0.0, plateau))

    def fall(runs: np.ndarray) -> float:  # (seeds, alphas)
        return runs[:, clean].mean() - runs[:, poisoned].mean()

    def critical_alpha(runs: np.ndarray) -> float:  # (seeds, alphas)
        curve = runs.mean(0)
        if curve.max() <= 0.5 or curve.min() >= 0.5:
            return math.nan
        return fit_transition(alphas, curve)[0]

    return {
        "plateau": fall,
        "critical_alpha": critical_alpha,
        "dip": dip,
        "retrain_gap": retrain_gap,
        "roughening": np.mean,
    }


def dip(runs: np.ndarray) -> float:
    """How far the mean curve falls below both its start and its end, mean over the methods but the
    first, of runs (seeds, methods, steps)."""
    return dips(runs[:, 1:]).mean()


def retrain_gap(runs: np.ndarray) -> float:
    """Accuracy at the end of the first method minus that of the best other, of runs (seeds, methods,
    steps)."""
    retrained, *others = runs[:, :, -FINAL:].mean((0, 2))
    return retrained - max(others)
