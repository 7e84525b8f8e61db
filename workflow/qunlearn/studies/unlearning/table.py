"""The table 'unlearning', one row per unlearning step of every run."""

from __future__ import annotations

import pandas as pd

from qunlearn.results.trained import unlearned_table


def tabulate(
    *, cells: list[str], seeds: list[int], start_seed: int | None = None, progress=lambda *_: None
) -> dict[str, pd.DataFrame]:
    """Accuracies before step 0 and after every step, from the files `cells`; `start_seed`: of a
    poisoned model that all seeds restart from."""
    return {"unlearning": unlearned_table(cells, seeds, start_seed)}
