"""Tables of the null model that is trained: like 'resilience', 'unlearning' and 'landscape'."""

from __future__ import annotations

import pandas as pd

from qunlearn.results.trained import trained_table, unlearned_table
from qunlearn.studies.landscape import table as landscape


def tabulate(
    *,
    data: list[str],
    trained: list[str],
    unlearned: list[str],
    analysed: list[str],
    alphas: list[float],
    seeds: list[int],
    margin: float,
    progress=lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """From files of trained, unlearned and analysed models and the datasets `data`; `margin` of a
    run at chance."""
    curvature = landscape.tabulate(data=data, cells=analysed, seeds=seeds, margin=margin)
    return {
        "null_resilience": trained_table(trained, data, alphas, seeds, margin),
        "null_unlearning": unlearned_table(unlearned, seeds),
        "null_landscape": curvature["landscape"],
    }
