"""The table 'capacity', one row per trained model."""

from __future__ import annotations

import pandas as pd

from qunlearn.results.trained import trained_table, with_parameters


def tabulate(
    data: list[str], cells: list[str], *, alphas, seeds, margin: float, progress=lambda *_: None
) -> dict[str, pd.DataFrame]:
    """As `trained_table`, with the number of `parameters` of each model and how many are
    `live_parameters`, those that can move its output."""
    table = trained_table(cells, data, alphas, seeds, margin)
    table = with_parameters(table, cells)
    return {"capacity": table}
