"""The table 'forgetting', one row per unlearning run and step."""

from __future__ import annotations

import pandas as pd

from qunlearn.results.trained import unlearned_table


def tabulate(
    cells: list[str], *, seeds, start_seed: int | None = None, progress=lambda *_: None
) -> dict[str, pd.DataFrame]:
    """Accuracies before step 0 and after every step, of the unlearning files `cells`; `start_seed`:
    of a poisoned model that all seeds restart from."""
    return {"forgetting": unlearned_table(cells, seeds, start_seed)}
