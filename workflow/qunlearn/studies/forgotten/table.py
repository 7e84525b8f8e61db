"""The table 'forgotten': every measure of what every method leaves, between retrained and poisoned models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from qunlearn.results.csv import path_names
from qunlearn.statistics.outputs import scores
from qunlearn.studies.forgotten.measures import (
    POISONED,
    REFERENCE,
    RETRAINED,
    SETS,
    against_others,
    agreement,
    distance,
    epsilons,
    largest_epsilon,
    log10_p,
    on_scale,
    told,
)
from qunlearn.studies.forgotten.stored import read_comparison


class Row(NamedTuple):
    """A measure of the models that a `method` left of one forget set, that of `seed`.

    Means over `copies` of the models' `value`, and that of `retrained` and of `poisoned` models; where
    it lies between these, `scaled` (0 and 1). Whether the measure has `told` these apart: where not,
    there is nothing to forget that it could see. `at_limit`: share of models that did not relearn
    within the updates they had, which count as one more, or of samples by which the kinds of models are
    told without error, whose epsilon is that of one error in as many models; `at_limit_retrained` is that
    of retrained models. `failed` of the copies diverged; they remain among the others.
    """

    dataset: str
    model: str
    corruption: str
    alpha: float
    method: str
    seed: int
    measure: str
    value: float
    retrained: float
    poisoned: float
    scaled: float
    told: bool
    at_limit: float
    at_limit_retrained: float
    copies: int
    failed: int
    failed_retrained: int
    collapsed: bool


#: Columns by which rows are sorted, those of the same case as they come.
CASE = ["dataset", "model", "corruption", "alpha"]


def tabulate(
    *,
    comparisons: list[str],
    seeds: list[int],
    updates: int,
    progress: Callable = lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """The table of the files `comparisons`, in which models had so many `updates` to relearn."""
    rows = []
    for number, path in enumerate(comparisons):
        progress(number / len(comparisons), path)
        names = path_names(path, 2)
        for found in read_comparison(path, seeds):
            if found["seed"] in seeds:
                rows += [Row(*names, *rest) for rest in of_forget_set(found, updates)]
    table = pd.DataFrame(rows, columns=Row._fields)
    return {"forgotten": table.sort_values(CASE, kind="stable", ignore_index=True)}


def of_forget_set(found: dict, updates: int) -> Iterator[tuple]:
    """Rows of one forget set, from alpha on."""
    each = {name: measured(found, name) for name in found["logits"] if name != REFERENCE}
    copies = len(found["relearning"][RETRAINED])
    failed = {name: int(np.sum(values)) for name, values in found["failed"].items()}
    for name, measures in each.items():
        if name in (POISONED, RETRAINED):
            continue
        for measure, values in measures.items():
            anchors = each[RETRAINED][measure], each[POISONED][measure]
            means = [float(np.mean(some)) for some in (values, *anchors)]
            yield (
                found["alpha"],
                name,
                found["seed"],
                measure,
                *means,
                on_scale(*means),
                told(*anchors),
                at_limit(measure, values, updates, copies),
                at_limit(measure, anchors[0], updates, copies),
                copies,
                failed[name],
                failed[RETRAINED] + failed[REFERENCE],
                failed[name] > 0 or not np.isfinite(means[0]),
            )


def measured(found: dict, name: str) -> dict[str, np.ndarray]:
    """Every measure of J models of a name: (J,), or (N,) where samples have one each of all models."""
    logits, references = found["logits"][name], found["logits"][REFERENCE]
    forget = [scores(one["forget"], found["labels"]) for one in (logits, references)]
    values = {"relearning": found["relearning"][name]}
    for part in SETS:
        pair = logits[part], references[part]
        values[f"agreement_{part}"] = against_others(agreement, *pair)
        values[f"distance_{part}"] = against_others(distance, *pair)
    losses = [np.logaddexp(0, -one) for one in forget]
    values["log10_p"] = against_others(log10_p, *losses)
    values["epsilon"] = epsilons(*forget)
    for kind in ("parameters", "observable", "noise"):
        if kind in found:
            values[kind] = found[kind][name]
    return values


def at_limit(measure: str, values: np.ndarray, updates: int, copies: int) -> float:
    """Share of the values that a measure cannot exceed."""
    limits = {"relearning": updates + 1, "epsilon": largest_epsilon(copies)}
    if measure not in limits:
        return 0.0
    return float(np.mean(values >= limits[measure]))
