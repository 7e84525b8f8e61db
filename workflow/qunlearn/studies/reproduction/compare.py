"""This workflow's accuracies beside the authors' published ones, point by point, and runs that are
not independent."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from qunlearn.statistics.verdicts import equivalence, welch

POINT = ["dataset", "model", "corruption", "alpha"]
ACCURACIES = {"train": "train_accuracy", "validation": "val_accuracy"}
#: Columns that tell curves apart, and those that are no measurement.
CURVE = ("dataset", "model", "corruption", "alpha", "method", "eval_set")
CONSTANT = ("collapsed", "parameters", "live_parameters")


class Comparison(NamedTuple):
    """A row: means, their difference and the tests of it; `distinct_*` counts the runs that differ
    in this accuracy, the ones that a test of spread lives on."""

    dataset: str
    model: str
    corruption: str
    alpha: float
    accuracy: str
    ours: float
    published: float
    difference: float
    p_equivalent: float
    p_different: float
    verdict: str
    runs_ours: int
    runs_published: int
    distinct_ours: int
    distinct_published: int


def compare(
    resilience: pd.DataFrame, published: pd.DataFrame, margin: float, level: float
) -> pd.DataFrame:
    """One row per set of samples and point that both tables have, as of `Comparison`."""
    rows = []
    theirs = dict(list(published.groupby(POINT)))
    for point, runs in resilience.groupby(POINT):
        if point not in theirs:
            continue
        others = theirs[point]
        for name, column in ACCURACIES.items():
            found = _compared(runs[column], others[column], margin, level)
            rows.append(Comparison(*point, name, *found))
    return pd.DataFrame(rows, columns=Comparison._fields)


def _compared(ours: pd.Series, theirs: pd.Series, margin: float, level: float) -> tuple:
    """What a row of the table says of two sets of runs."""
    ours, theirs = ours.to_numpy(), theirs.to_numpy()
    equivalent, different = welch(ours, theirs, margin)
    return (
        ours.mean(),
        theirs.mean(),
        ours.mean() - theirs.mean(),
        equivalent,
        different,
        equivalence(equivalent, different, level),
        len(ours),
        len(theirs),
        len(set(ours)),
        len(set(theirs)),
    )


def identical_runs(table: pd.DataFrame) -> list[str]:
    """Groups of runs of one curve that agree in every value measured, as text: 'xxz qnn
    label_flipping: 0, 3'.

    A curve is accuracy against alpha, or against the unlearning step. Agreement at one point may be
    chance, for accuracies are multiples of one over the number of samples; agreement along a whole
    curve is not.
    """
    run = "run" if "run" in table else "seed"
    along = "step" if "step" in table else "alpha"
    numbers = set(table.select_dtypes(["number", "bool"]))
    names = [name for name in table if name in CURVE or name not in numbers]
    names = [name for name in names if name not in (run, along)]
    others = {*names, run, along, *CONSTANT}
    values = [column for column in table if column not in others]
    groups = []
    for key, part in table.groupby(names):
        where = " ".join(map(str, key))
        curves = part.pivot(index=run, columns=along, values=values)
        for runs in _equal_rows(curves):
            groups.append(f"{where}: {', '.join(runs)}")
    return groups


def _equal_rows(frame: pd.DataFrame) -> list[list[str]]:
    """Names of rows that hold the same numbers, of those that are not alone."""
    same: dict[bytes, list] = {}
    rows = frame.to_numpy(float)
    for name, row in zip(frame.index, rows):
        names = same.setdefault(row.tobytes(), [])
        names.append(str(name))
    return [names for names in same.values() if len(names) > 1]
