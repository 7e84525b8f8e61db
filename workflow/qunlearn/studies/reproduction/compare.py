"""This workflow's runs beside the authors' published ones, number by number, and runs that are not
independent.

A row compares the mean of one number over our runs with that over theirs: by two one-sided tests of
whether the means differ by less than a margin, and by a test of equal means
(`statistics.verdicts`). Runs that agree along a whole curve are one run, drawn several times; a
side of one run is tested with the spread of the other side.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from qunlearn.statistics.verdicts import equivalence, one_against_many, welch
from qunlearn.studies.reproduction.layouts import RESILIENCE
from qunlearn.studies.reproduction.published import partners

ACCURACIES = {"train": "train_accuracy", "validation": "val_accuracy"}
#: Columns that tell curves apart, and those that are no measurement.
CURVE = ("dataset", "model", "corruption", "alpha", "method", "eval_set", "share")
CONSTANT = ("collapsed", "parameters", "live_parameters")


class Comparison(NamedTuple):
    """A row: means, their difference and the tests of it; `distinct_*` counts the runs that differ
    in this number, the ones that a test of spread lives on, and `independent_*` those that differ
    somewhere along their curve.

    `accuracy`: the samples that an accuracy is of, `eval_set` those that a curvature is of.
    `difference` and `margin` are in the number's own unit, for ratios decades (log10).
    `published_as`: the model's name in the authors' table.
    """

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
    figure: str
    quantity: str
    method: str
    step: float
    eval_set: str
    margin: float
    independent_ours: int
    independent_published: int
    published_as: str
    remark: str


class Side(NamedTuple):
    """One side's runs: `values` (runs,) of the number that is compared, `curves` (runs, ...) of all
    that it is taken from."""

    values: np.ndarray
    curves: np.ndarray

    def independent(self) -> np.ndarray:
        """(independent runs,): values of runs that differ somewhere along their curve."""
        rows = self.curves.reshape(len(self.curves), -1)
        _, first = np.unique(rows, axis=0, return_index=True)
        return self.values[np.sort(first)]


class Tested(NamedTuple):
    """What a row says of two sides, and remarks on it."""

    p_equivalent: float
    p_different: float
    verdict: str
    remark: str


def tested(ours: Side, theirs: Side, margin: float, level: float) -> Tested:
    """Whether both sides' means are closer than `margin`, at this level; undecided where a value is
    not a number."""
    if np.isnan([*ours.values, *theirs.values]).any():
        return Tested(np.nan, np.nan, equivalence(np.nan, np.nan, level), "")
    own, published = ours.independent(), theirs.independent()
    remarks = []
    for name, side, runs in (("own", ours, own), ("published", theirs, published)):
        if len(runs) == 1 < len(side.values):
            remarks.append(f"{len(side.values)} {name} runs are identical: one run")
        elif len(runs) < len(side.values):
            remarks.append(f"{len(side.values) - len(runs)} {name} runs repeat others")
    if len(published) == 1 < len(own):
        equivalent, different = one_against_many(published[0], own, margin)
        remarks.append("published spread unknown: taken as ours")
    elif len(own) == 1 < len(published):
        equivalent, different = one_against_many(own[0], published, margin)
        remarks.append("own spread unknown: taken as theirs")
    else:
        equivalent, different = welch(own, published, margin)
    if np.isnan(equivalent):
        remarks.append("no spread to test")
    verdict = equivalence(equivalent, different, level)
    return Tested(equivalent, different, verdict, "; ".join(remarks))


def comparison(
    ours: Side, theirs: Side, margin: float, level: float, names: dict, ratio: bool = False
) -> Comparison:
    """A row of these `names`. Ratios come as log10; their means are geometric ones."""
    found = tested(ours, theirs, margin, level)
    means = ours.values.mean(), theirs.values.mean()
    shown = [10**mean if ratio else mean for mean in means]
    about = {"method": "", "step": np.nan, "eval_set": "", "accuracy": "", "published_as": ""}
    return Comparison(
        **about | names,
        ours=shown[0],
        published=shown[1],
        difference=means[0] - means[1],
        margin=margin,
        **found._asdict(),
        runs_ours=len(ours.values),
        runs_published=len(theirs.values),
        distinct_ours=len(set(ours.values)),
        distinct_published=len(set(theirs.values)),
        independent_ours=len(ours.independent()),
        independent_published=len(theirs.independent()),
    )


# -- accuracy against the corrupted fraction (Fig. 2) ----------------------------------------------
def compare(
    resilience: pd.DataFrame, published: pd.DataFrame, margin: float, level: float
) -> pd.DataFrame:
    """One row per set of samples and point that both tables have, as of `Comparison`."""
    rows = []
    for own, other in partners(resilience, published, RESILIENCE.case, {}):
        names = dict(zip(RESILIENCE.case, own))
        names |= {"figure": "Fig. 2", "quantity": "accuracy", "published_as": other[1]}
        ours = sweep(resilience, own, "seed")
        theirs = sweep(published, other, "run")
        for accuracy, column in ACCURACIES.items():
            sides = [side_at(runs, column, names["alpha"]) for runs in (ours, theirs)]
            row = comparison(*sides, margin, level, names | {"accuracy": accuracy})
            rows.append(row)
    return pd.DataFrame(rows, columns=Comparison._fields)


def sweep(table: pd.DataFrame, case: tuple, run: str) -> pd.DataFrame:
    """Accuracies of the runs of a case at all alphas: a row per run, columns (accuracy, alpha)."""
    here = table
    for name, value in zip(("dataset", "model", "corruption"), case):
        here = here[here[name] == value]
    return here.pivot(index=run, columns="alpha", values=list(ACCURACIES.values()))


def side_at(runs: pd.DataFrame, column: str, alpha: float) -> Side:
    """Of the runs that have this alpha."""
    here = runs[runs[column, alpha].notna()]
    return Side(here[column, alpha].to_numpy(), here.to_numpy())


# -- runs that are not independent -----------------------------------------------------------------
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
