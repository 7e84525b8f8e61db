"""Which runs failed: they are flagged in a table's column `collapsed`, never dropped.

A run has collapsed if its training diverged, its loss or curvature is not finite, its own output is
constant at whatever alpha (one answer to every validation sample: a landscape that is flat because
nothing was learned is not smooth), or the clean run (alpha = 0) of the same seed stays at chance,
that is within a margin of always answering the larger class. Accuracy near chance alone is no
failure of a poisoned run: with half of the labels flipped nothing better is to be learned.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from qunlearn.results.csv import stem
from qunlearn.results.datasets import read_dataset

#: What the clean run and its poisoned ones share.
RUN = ["dataset", "model", "corruption", "seed"]


def chance(datasets: list[str]) -> dict[str, float]:
    """Dataset -> validation accuracy of always answering the larger class, from the files of the
    datasets."""
    shares = {}
    for path in datasets:
        share = float(np.mean(read_dataset(path).y_validation))
        shares[stem(path)] = max(share, 1 - share)
    return shares


def flag_collapsed(
    frame: pd.DataFrame, broken: pd.Series, chances: dict[str, float], margin: float
) -> pd.Series:
    """True where a row's run is broken, or the clean run of its seed stayed at chance.

    `frame` holds the columns RUN, alpha and val_accuracy; `broken` (rows,); `chances` as of
    `chance`.
    """
    limit = frame["dataset"].map(chances) + margin
    clean = frame["alpha"] == 0
    at_chance = frame["val_accuracy"] <= limit
    runs = pd.MultiIndex.from_frame(frame[RUN])
    dead = runs[clean & at_chance]
    return broken | runs.isin(dead)


def mark_collapsed(
    frame: pd.DataFrame, finite: list[str], datasets: list[str], margin: float
) -> pd.DataFrame:
    """The table with `collapsed` complete: so far that column says which runs failed by themselves
    (`results.cells.failed`); added are
    those with a number in the columns `finite` that is not finite, and those at chance. `datasets`
    are the files of the datasets."""
    all_finite = np.isfinite(frame[finite].astype(float)).all(axis=1)
    broken = frame["collapsed"].astype(bool) | ~all_finite
    return frame.assign(collapsed=flag_collapsed(frame, broken, chance(datasets), margin))
