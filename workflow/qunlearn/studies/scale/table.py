"""The tables 'scale', one row per trained model, and 'scale_summary', falls and accuracies with
intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qunlearn.results.trained import trained_table
from qunlearn.statistics.intervals import interval
from qunlearn.statistics.quantities import SHARE, Extreme, Within


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
    for key, part in runs.groupby(["dataset", "base_model", "scale"]):
        case = dict(zip(["dataset", "base_model", "scale"], key))
        counts = {"seeds": part["seed"].nunique(), "collapsed_runs": int(part["collapsed"].sum())}
        for name, (samples, statistic) in quantities(part).items():
            low, high = interval(samples, statistic, confidence, resamples)
            found = {"quantity": name, "value": statistic(samples), "low": low, "high": high}
            rows.append(case | found | counts)
    return {"scale": runs, "scale_summary": pd.DataFrame(rows)}


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
