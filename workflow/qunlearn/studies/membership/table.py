"""The table 'membership': every measure of every model, against retrains of the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from qunlearn.results.csv import path_names
from qunlearn.studies.membership.measures import measures, quantile, reference, reference_range
from qunlearn.studies.membership.stored import read_audit


class Row(NamedTuple):
    """A measure of a model. `method`: what unlearned it, 'poisoned' before that; `reference`: the
    schedule of the retrains that it is compared with.

    Of the retrains' own values the `median`, and the range (`low`, `high`) in which a further
    retrain lies with probability 0.95; the `quantile` of the `value` among them, and whether it is
    `within` that range. `collapsed_retrains` of the `retrains` diverged or stayed at chance; they
    remain among the others.
    """

    dataset: str
    model: str
    corruption: str
    alpha: float
    method: str
    seed: int
    reference: str
    measure: str
    value: float
    low: float
    median: float
    high: float
    quantile: float
    within: bool
    retrains: int
    collapsed_retrains: int
    collapsed: bool


#: Columns by which rows are sorted: all that names one.
NAMES = list(Row._fields[: Row._fields.index("value")])


def tabulate(
    *,
    audits: list[str],
    seeds: list[int],
    margin: float,
    progress: Callable = lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """The table of the files `audits`; retrains within `margin` of the larger class's share are at
    chance."""
    rows = []
    for number, path in enumerate(audits):
        progress(number / len(audits), path)
        names = path_names(path, 2)
        for cell in read_audit(path, seeds):
            if cell["seed"] not in seeds:
                continue
            for schedule in cell["retrains"]:
                rows += [Row(*names, *rest) for rest in of_schedule(cell, schedule, margin)]
    frame = pd.DataFrame(rows, columns=Row._fields)
    return {"membership": frame.sort_values(NAMES, ignore_index=True)}


def of_schedule(cell: dict, schedule: str, margin: float) -> Iterator[tuple]:
    """Rows of a cell, from alpha on, against its retrains on one schedule."""
    retrains, labels = cell["retrains"][schedule], cell["labels"]
    failed = cell["failed"]["retrains"][schedule]
    dead = failed | at_chance(retrains["validation"], labels["validation"], margin)
    references = reference(retrains, labels)
    for method, logits in cell["models"].items():
        diverged = cell["failed"]["models"][method]
        for measure, value in measures(logits, retrains, labels).items():
            yield (
                cell["alpha"],
                method,
                cell["seed"],
                schedule,
                measure,
                *among(value, references[measure]),
                len(dead),
                sum(dead),
                diverged or not np.isfinite(value),
            )


def at_chance(logits: np.ndarray, labels: np.ndarray, margin: float) -> np.ndarray:
    """(K,) of whether models with logits (K, N) are within `margin` of answering one class."""
    share = np.mean(labels)
    accuracy = np.mean((logits > 0) == labels, axis=1)
    return accuracy <= max(share, 1 - share) + margin


def among(value: float, values: np.ndarray) -> tuple:
    """A model's value, and where it lies among those of the retrains: from `value` to `within` of a
    `Row`."""
    low, high = reference_range(values)
    is_within = low <= value <= high
    return value, low, np.median(values), high, quantile(value, values), is_within
