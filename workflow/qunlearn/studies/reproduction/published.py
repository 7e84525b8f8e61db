"""The authors' runs, as their tables have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from qunlearn.grid.blocks import canonical
from qunlearn.grid.names import stands_for
from qunlearn.results.csv import read_csv_of_others
from qunlearn.runtime.errors import UserError
from qunlearn.studies.reproduction.layouts import RESILIENCE, SETS, Layout

#: Columns of numbers, with the least and the largest that they can be.
RANGES = {
    "alpha": (0, 1),
    "run": (0, np.inf),
    "step": (0, np.inf),
    "train_accuracy": (0, 1),
    "val_accuracy": (0, 1),
    "retain_accuracy": (0, 1),
    "forget_accuracy": (0, 1),
    "trace": (-np.inf, np.inf),
    "lrr": (-np.inf, np.inf),
}
NAMES = ("dataset", "model", "corruption", "method", "eval_set")


def read_published(path: str | Path, layout: Layout = RESILIENCE) -> pd.DataFrame:
    """The authors' table of a layout, one row per run, or per run and step. Raises UserError, with
    column and row, for what cannot be a run."""
    table = read_csv_of_others(path)
    if wrong := layout.absent(table):
        raise UserError(f"{path} {wrong}.")
    for name, value in layout.optional:
        if name not in table:
            table[name] = value
    for name in NAMES:
        if name in layout.case:
            table[name] = table[name].astype(str).str.strip()
    for name in RANGES:
        if name in table:
            table[name] = _numbers(table[name], path)
    table["alpha"] = table["alpha"].map(canonical)
    if "eval_set" in layout.case:
        _refuse(
            path,
            table,
            "eval_set",
            ~table["eval_set"].isin(SETS),
            f"neither of {' and '.join(SETS)}",
        )
    doubles = table.duplicated(list(layout.row))
    if doubles.any():
        row = _first(doubles)
        raise UserError(f"{path}: row {row + 2} is a run that an earlier row has, too.")
    return table


def _numbers(column: pd.Series, path) -> pd.Series:
    """A column as numbers, all of which it can hold."""
    least, largest = RANGES[column.name]
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = ~(numbers.between(least, largest) & np.isfinite(numbers))
    bounds = ""
    if np.isfinite(largest):
        bounds = f" from {least} to {largest}"
    elif np.isfinite(least):
        bounds = f" of {least} and more"
    if column.name.endswith("accuracy"):
        bounds += " (accuracies are fractions, not per cent)"
    _refuse(path, column.to_frame(), column.name, wrong, f"no number{bounds}")
    return numbers


def _refuse(path, table: pd.DataFrame, column: str, wrong: pd.Series, what: str) -> None:
    """Raises UserError for the first row that is wrong, if any is."""
    if wrong.any():
        row = _first(wrong)
        value = table[column].iloc[row]
        raise UserError(f"{path}: {column} in row {row + 2} is {value!s}, which is {what}.")


def _first(wrong: pd.Series) -> int:
    return int(np.flatnonzero(wrong)[0])


# -- which runs of this study are which of theirs --------------------------------------------------
def partners(
    ours: pd.DataFrame, theirs: pd.DataFrame, case: tuple[str, ...], replaced: dict
) -> list[tuple[tuple, tuple]]:
    """(our case, the published one that it is compared with), sorted by ours.

    Names agree where they are the same, or ours is theirs with changes, or stands for it
    (`replaced`: model -> architectures); of several published ones the same name wins.
    """
    columns = list(case)
    published = list(theirs[columns].drop_duplicates().itertuples(index=False, name=None))
    found = []
    for own in sorted(ours[columns].drop_duplicates().itertuples(index=False, name=None)):
        candidates = [other for other in published if _same(own, other, case, replaced)]
        if own in candidates:
            candidates = [own]
        found += [(own, other) for other in candidates]
    return found


def _same(own: tuple, other: tuple, case: tuple[str, ...], replaced: dict) -> bool:
    for column, mine, name in zip(case, own, other):
        if column == "alpha" and mine != name:
            return False
        if column != "alpha" and not stands_for(mine, name, replaced if column == "model" else {}):
            return False
    return True


class NothingInCommon(UserError):
    """A table of others has no case that this study has."""


def check_common(
    published: pd.DataFrame,
    ours: pd.DataFrame,
    path: str | Path,
    layout: Layout = RESILIENCE,
    replaced: dict | None = None,
) -> None:
    """Raises NothingInCommon where not one case of a table of others is one of this study."""
    if published.empty:
        raise NothingInCommon(f"{path} holds no runs.")
    if partners(ours, published, layout.case, replaced or {}):
        return
    listed = []
    for name in layout.case:
        values = ", ".join(map(str, pd.unique(published[name])[:6]))
        listed.append(f"its {name}s are {values}" if name == "dataset" else f"its {name}s {values}")
    raise NothingInCommon(
        f"{path} has no point in common with this study: {', '.join(listed)}. Use this study's "
        "names there, or set published.dir to null."
    )
