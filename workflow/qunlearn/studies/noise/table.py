"""The tables 'noise', one row per trained model, and 'noise_summary', plateaus and critical alphas."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qunlearn.results.trained import trained_table, with_changes
from qunlearn.statistics.transition import plateau_summary

#: What the model of a row was trained with, and a perfect device; no shots are exact expectation values.
DEVICE = {"depolarizing": 0.0, "readout_error": 0.0, "shots": np.nan}


def tabulate(
    data: list[str],
    cells: list[str],
    *,
    alphas,
    seeds,
    margin: float,
    plateau: float,
    confidence: float,
    resamples: int,
    progress=lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """Runs in the files `cells`, and of every device the mean accuracy up to the corrupted fraction
    `plateau` and the fraction at which it turns over, with intervals over seeds."""
    trained = trained_table(cells, data, alphas, seeds, margin)
    runs = with_changes(trained, DEVICE)
    summary = plateau_summary(
        runs,
        ["dataset", *DEVICE],
        ["val_accuracy"],
        plateau,
        margin,
        confidence,
        resamples,
    )
    return {"noise": runs, "noise_summary": summary}
