"""The table 'attacks', one row per trained model and attack."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qunlearn.results.trained import ATTACK, trained_table


def tabulate(
    data: list[str],
    cells: list[str],
    *,
    aims: dict[str, str],
    balanced: list[str],
    alphas: list[float],
    seeds: list[int],
    margin: float,
    progress=lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """As `trained_table`, with what each corruption `aims_at` (`aims`): 'labels', 'features' or
    'backdoor', of which alone there is a number in `attack_success`; and whether it takes both
    classes alike (`balanced`)."""
    table = trained_table(cells, data, alphas, seeds, margin)
    if ATTACK not in table:
        table[ATTACK] = np.nan
    names = table["corruption"]
    return {"attacks": table.assign(aims_at=names.map(aims), balanced=names.isin(balanced))}
