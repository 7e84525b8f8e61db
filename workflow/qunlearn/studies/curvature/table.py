"""The table 'curvature', one row per trained model and part of its training set."""

from __future__ import annotations

import pandas as pd

from qunlearn.results.points import CELL, read_points
from qunlearn.statistics.collapse import RUN, mark_collapsed
from qunlearn.statistics.roughening import lrr

#: Columns of numbers; trace and lrr are computed here, the others are what an analysis found.
COLUMNS = (
    "samples",
    "contradicted",
    "gauss_newton",
    "residual",
    "trace",
    "largest_sample",
    "largest_mean",
    "bound",
    "lrr",
)


def tabulate(
    data: list[str], cells: list[str], *, seeds, margin: float, progress=None
) -> dict[str, pd.DataFrame]:
    """Curvatures of the files `cells`, whose models learned from the datasets `data`; `margin` of a
    run at chance.

    The traces of the clean and the corrupted part add up to the whole's; `lrr` is the whole's over
    that at alpha = 0 of the same seed (Eq. 1).
    """
    rows = []
    for names, found, outcome in read_points(cells, seeds):
        for part, values in found.items():
            rows.append(names | {"part": part} | values | outcome)
    table = pd.DataFrame(rows)
    table = table.sort_values([*CELL, "part"], ignore_index=True)
    table = mark_collapsed(table, ["gauss_newton", "residual"], data, margin)
    table["trace"] = table["gauss_newton"] + table["residual"]
    whole = table["part"] == "all"
    table.loc[whole, "lrr"] = lrr(table[whole], RUN)
    return {"curvature": table[[*CELL, "part", *COLUMNS, "val_accuracy", "collapsed"]]}
