"""The table 'models', one row per trained model."""

from __future__ import annotations

import pandas as pd

from qunlearn.results.trained import trained_table


def tabulate(
    data: list[str], cells: list[str], *, alphas, seeds, margin: float, progress=lambda *_: None
) -> dict[str, pd.DataFrame]:
    """Accuracy and loss at the end of training, of the files `cells`; `margin` of a run at
    chance."""
    return {"models": trained_table(cells, data, alphas, seeds, margin)}
