"""The table 'slices', one row per trained model, direction and displacement."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from qunlearn.results.points import CELL, read_points
from qunlearn.statistics.collapse import mark_collapsed


def tabulate(
    data: list[str], cells: list[str], *, seeds, margin: float, progress=None
) -> dict[str, pd.DataFrame]:
    """Losses of the files `cells`, whose models learned from the datasets `data`, along each
    direction ('top', 'random 1', ...) at displacements t; `margin` of a run at chance."""
    rows = []
    for names, found, outcome in read_points(cells, seeds):
        outcome = {"top_eigenvalue": found["top_eigenvalue"]} | outcome
        for direction, steps, losses in _lines(found):
            for t, loss in zip(steps, losses):
                row = {"direction": direction, "t": t, "loss": loss}
                rows.append(names | row | outcome)
    table = pd.DataFrame(rows)
    table = table.sort_values([*CELL, "direction", "t"], ignore_index=True)
    table = mark_collapsed(table, ["loss"], data, margin)
    return {"slices": table}


def _lines(found: dict) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, displacements (T,) and losses (T,) of every line through a model."""
    yield "top", found["t_top"], found["top"]
    for number, losses in enumerate(found["random"], start=1):
        yield f"random {number}", found["t_random"], losses
