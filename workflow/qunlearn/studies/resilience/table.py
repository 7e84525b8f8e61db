"""The table 'resilience', one row per trained model."""

from __future__ import annotations

import pandas as pd

from qunlearn.results.trained import trained_table


def tabulate(
    *,
    data: list[str],
    cells: list[str],
    alphas: list[float],
    seeds: list[int],
    margin: float,
    progress=lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """Accuracies and losses at the end of training, from the files `cells`, whose models learned
    from the datasets `data`; `margin` of a run at chance."""
    return {"resilience": trained_table(cells, data, alphas, seeds, margin)}
