"""The tables 'spectrum', one row per trained model, and 'eigenvalues', one row per eigenvalue."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qunlearn.results.points import CELL, read_points
from qunlearn.statistics.collapse import mark_collapsed


def tabulate(
    data: list[str],
    cells: list[str],
    *,
    seeds,
    margin: float,
    zero: float,
    progress=None,
) -> dict[str, pd.DataFrame]:
    """Spectra of the files `cells`, whose models learned from the datasets `data`; `margin` of a
    run at chance.

    Eigenvalues up to `zero` times the largest magnitude count as zero, and share one row.
    `negative`, `positive` count the others (a mean over probes where they are estimated),
    `negative_mass` is the negative ones' share of sum |eigenvalue|.
    """
    models, eigenvalues = [], []
    for names, found, outcome in read_points(cells, seeds):
        probes = len(found["weights"])
        values = found["eigenvalues"].ravel()
        counts = found["weights"].ravel() / probes  # their mean over probes
        summary = _summary(found, values, counts, zero)
        models.append(names | summary | outcome)
        eigenvalues += [names | row for row in _rows(values, counts, zero)]
    table = pd.DataFrame(models).sort_values(CELL, ignore_index=True)
    table = mark_collapsed(table, ["largest", "loss"], data, margin)
    single = pd.DataFrame(eigenvalues)
    single = single.sort_values([*CELL, "eigenvalue"], ignore_index=True)
    return {"spectrum": table, "eigenvalues": single}


def _vanishing(values: np.ndarray, zero: float) -> np.ndarray:
    """(K,) True for eigenvalues that count as zero."""
    return np.abs(values) <= zero * np.abs(values).max()


def _summary(found: dict, values: np.ndarray, counts: np.ndarray, zero: float) -> dict:
    """One model's row, from its eigenvalues (K,) and how many each stands for."""
    small = _vanishing(values, zero)
    negative, positive = (values < 0) & ~small, (values > 0) & ~small
    mass = np.sum(counts * np.abs(values))
    negative_mass = -np.sum(counts[negative] * values[negative])
    return {
        "parameters": counts.sum(),
        "method": "exact" if found["exact"] else "lanczos",
        "smallest": values.min(),
        "largest": values.max(),
        "trace": counts @ values,
        "negative": counts[negative].sum(),
        "zero": counts[small].sum(),
        "positive": counts[positive].sum(),
        "negative_mass": negative_mass / mass if mass > 0 else 0.0,
        "loss": found["loss"],
        "gradient_norm": found["gradient_norm"],
    }


def _rows(values: np.ndarray, counts: np.ndarray, zero: float) -> list[dict]:
    """One model's eigenvalues, those that count as zero in one row."""
    small = _vanishing(values, zero)
    pairs = [(0.0, counts[small].sum()), *sorted(zip(values[~small], counts[~small]))]
    return [{"eigenvalue": value, "count": count} for value, count in pairs]
