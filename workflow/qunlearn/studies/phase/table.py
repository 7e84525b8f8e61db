"""The table 'phase', one row per trained model and sight of the phase."""

from __future__ import annotations

import pandas as pd

from qunlearn.results.trained import trained_table
from qunlearn.studies.phase.case import Case


def tabulate(
    *,
    data: list[str],
    cells: list[str],
    cases: list[Case],
    quantum: list[str],
    alphas: list[float],
    seeds: list[int],
    margin: float,
    progress=lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """As `trained_table`, with the `phase` of the case, whether the model is `quantum`, and the name
    of the data in `run_dataset`; `dataset` is the study's."""
    trained = trained_table(cells, data, alphas, seeds, margin)
    parts = []
    for case in map(Case._make, cases):
        rows = trained[trained["dataset"] == case.run_dataset]
        rows = rows[rows["model"] == case.model]
        names = case._asdict()
        parts.append(rows.assign(**names, quantum=case.model in quantum))
    return {"phase": pd.concat(parts, ignore_index=True)}
