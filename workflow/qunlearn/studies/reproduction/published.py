"""The authors' runs, as their table has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from qunlearn.grid.blocks import canonical
from qunlearn.results.csv import read_csv_of_others
from qunlearn.runtime.errors import UserError
from qunlearn.studies.reproduction import COLUMNS

#: Columns of numbers, with the least and the largest that they can be.
RANGES = {
    "alpha": (0, 1),
    "run": (0, np.inf),
    "train_accuracy": (0, 1),
    "val_accuracy": (0, 1),
}
#: Columns that say which run a row is of.
RUN = ["dataset", "model", "corruption", "alpha", "run"]


def read_published(path: str | Path) -> pd.DataFrame:
    """One row per run (COLUMNS). Raises UserError, with column and row, for what cannot be a run."""
    table = read_csv_of_others(path)
    for name in COLUMNS:
        if name not in table:
            raise UserError(f"{path} has no column '{name}' (needed: {', '.join(COLUMNS)}).")
    for name, (least, largest) in RANGES.items():
        numbers = pd.to_numeric(table[name], errors="coerce")
        wrong = ~numbers.between(least, largest)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            bounds = (
                f"from {least} to {largest}" if np.isfinite(largest) else f"of {least} and more"
            )
            raise UserError(
                f"{path}: {name} in row {row + 2} is {table[name].iloc[row]!s}, which is no number {bounds}."
            )
        table[name] = numbers
    table["alpha"] = table["alpha"].map(canonical)
    doubles = table.duplicated(RUN)
    if doubles.any():
        row = int(np.flatnonzero(doubles)[0])
        raise UserError(f"{path}: row {row + 2} is a run that an earlier row has, too.")
    return table


def check_common(published: pd.DataFrame, ours: pd.DataFrame, path: str | Path) -> None:
    """Raises UserError where not one point of a table of others is one of this study."""
    point = ["dataset", "model", "corruption", "alpha"]
    if not len(published[point].drop_duplicates().merge(ours[point].drop_duplicates(), on=point)):
        theirs = {name: ", ".join(map(str, pd.unique(published[name])[:6])) for name in point[:3]}
        raise UserError(
            f"{path} has no point in common with this study: its datasets are {theirs['dataset']}, its models "
            f"{theirs['model']}, its corruptions {theirs['corruption']}. Use this study's names there, or set "
            "published.dir to null."
        )
