"""The table 'capacity', one row per trained model."""

from __future__ import annotations

import json

import pandas as pd

from qunlearn.results.cells import CELLS
from qunlearn.results.csv import path_names
from qunlearn.results.hdf5 import read
from qunlearn.results.trained import trained_table


def tabulate(
    data: list[str], cells: list[str], *, alphas, seeds, margin: float, progress=lambda *_: None
) -> dict[str, pd.DataFrame]:
    """As `trained_table`, with the number of `parameters` of each model and how many are
    `live_parameters`, those that can move its output."""
    table = trained_table(cells, data, alphas, seeds, margin)
    counts = counted(cells)
    models = zip(table["dataset"], table["model"])
    of_runs = [counts[model] for model in models]
    table["parameters"] = [count["all"] for count in of_runs]
    table["live_parameters"] = [count["live"] for count in of_runs]
    return {"capacity": table}


def counted(cells: list[str]) -> dict[tuple[str, str], dict[str, int]]:
    """(dataset, model) -> number of parameters, `all` and `live`."""
    counts = {}
    for path in cells:
        _, attributes = read(path, CELLS)
        dataset, model, _ = path_names(path, 2)
        counts[dataset, model] = json.loads(attributes["settings"])["parameters"]
    return counts
