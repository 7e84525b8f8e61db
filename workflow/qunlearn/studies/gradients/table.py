"""The table 'gradients', one row per circuit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qunlearn.results.csv import read_csv
from qunlearn.statistics.collapse import RUN, mark_collapsed
from qunlearn.statistics.roughening import lrr

ORDER = ["dataset", "qubits", "depth", "ensemble", "alpha", "seed"]
SHAPE = ["cone", "live_parameters", "purity", "two_design"]
SQUARES = ["readout", "loss"]
LEARNED = ["trace", "lrr", "val_accuracy", "collapsed"]


def tabulate(
    data: list[str], cells: list[str], *, margin: float, progress=None
) -> dict[str, pd.DataFrame]:
    """Measurements in the files `cells`, of circuits on the datasets `data`, with the landscape
    roughening ratio of the trained ones (Eq. 1) and collapsed runs flagged; `margin` of a run at
    chance."""
    table = pd.concat([read_csv(path) for path in cells])
    trained = table["ensemble"] == "trained"
    parts = [
        _untrained(table[~trained]),
        _trained(table[trained], data, margin),
    ]
    table = pd.concat(parts).sort_values(ORDER, ignore_index=True)
    return {"gradients": table[[*ORDER, *SHAPE, *SQUARES, *LEARNED]]}


def _untrained(circuits: pd.DataFrame) -> pd.DataFrame:
    all_finite = np.isfinite(circuits[SQUARES]).all(axis=1)
    return circuits.assign(lrr=np.nan, collapsed=~all_finite)


def _trained(runs: pd.DataFrame, data: list[str], margin: float) -> pd.DataFrame:
    runs = runs.assign(corruption="")  # the same for all
    runs["lrr"] = lrr(runs, RUN)
    return mark_collapsed(runs, [*SQUARES, "lrr"], data, margin)
