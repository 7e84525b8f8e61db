"""The tables 'scale', one row per trained model, and 'scale_summary', falls and accuracies with
intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qunlearn.results.trained import trained_table
from qunlearn.statistics.intervals import interval
from qunlearn.statistics.quantities import SHARE, Extreme, Within

#: Columns that tell one model and scale from another.
CASE = ["dataset", "base_model", "scale"]


def tabulate(
    *,
    data: list[str],
    cells: list[str],
    varied: dict[str, dict],
    alphas: list[float],
    seeds: list[int],
    margin: float,
    confidence: float,
    resamples: int,
    progress=lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """Runs with the `base_model` and the `scale` that `varied` gives a model's name; and of every
    model and scale what `quantities` names."""
    runs = trained_table(cells, data, alphas, seeds, margin)
    named = [varied[name] for name in runs["model"]]
    runs["base_model"] = [of["model"] for of in named]
    runs["scale"] = [of["scale"] for of in named]
    rows = []
    for key, part in runs.groupby(CASE):
        of_case = dict(zip(CASE, key))
        rows += [of_case | row for row in summary(part, confidence, resamples)]
    return {"scale": runs, "scale_summary": pd.DataFrame(rows)}


def summary(part: pd.DataFrame, confidence: float, resamples: int) -> list[dict]:
    """Every quantity of one model and scale with its interval, and of how many runs it is."""
    counts = {"seeds": part["seed"].nunique(), "collapsed_runs": int(part["collapsed"].sum())}
    rows = []
    for name, (samples, statistic) in quantities(part).items():
        value = statistic(samples)
        low, high = interval(samples, statistic, confidence, resamples)
        row = {"quantity": name, "value": value, "low": low, "high": high}
        rows.append(row | counts)
    return rows


def quantities(part: pd.DataFrame) -> dict[str, tuple]:
    """Of one model: runs (seeds, alphas) and a statistic of them, by name. `fall`: validation
    accuracy at alpha = 0 minus that at the worst alpha; `clean_accuracy` at alpha = 0;
    `train_accuracy` at the largest alpha."""
    validation = part.pivot(index="seed", columns="alpha", values="val_accuracy").to_numpy()
    train = part.pivot(index="seed", columns="alpha", values="train_accuracy").to_numpy()
    return {
        "fall": (validation, Extreme("max", falls)),
        "clean_accuracy": (validation[:, 0], Within(np.mean, SHARE)),
        "train_accuracy": (train[:, -1], Within(np.mean, SHARE)),
    }


def falls(runs: np.ndarray) -> np.ndarray:
    """(alphas > 0,): how far the mean of runs (seeds, alphas) falls from alpha = 0, the first."""
    means = runs.mean(0)
    return means[0] - means[1:]
