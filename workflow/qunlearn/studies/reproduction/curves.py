"""Curves against the unlearning step beside the authors' published ones (Fig. 3a, b).

Steps of one curve depend on each other, so a few are compared: those of the series 0, 1, 2, 5, 10,
20, 50, ... that both sides have, and the last one. Two numbers tell of the whole curve: how deep it
dips below its start and its end, and where it ends.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from qunlearn.runtime.errors import UserError
from qunlearn.statistics.runs import FINAL
from qunlearn.studies.reproduction.compare import Comparison, Side, comparison
from qunlearn.studies.reproduction.layouts import UNLEARNING
from qunlearn.studies.reproduction.published import partners

#: Samples that an accuracy is of -> its column; of all but the last a table may lack it.
ACCURACIES = {
    "train": "train_accuracy",
    "retain": "retain_accuracy",
    "forget": "forget_accuracy",
    "validation": "val_accuracy",
}
#: Leading digits of the steps that are compared.
SERIES = (1, 2, 5)


def compare_curves(
    unlearning: pd.DataFrame,
    published: pd.DataFrame,
    margin: float,
    level: float,
    replaced: dict[str, list[str]],
) -> pd.DataFrame:
    """One row per case, set of samples and number that both tables have, as of `Comparison`.
    `replaced`: model -> architectures that stand for it in `unlearning`."""
    rows = []
    for own, other in partners(unlearning, published, UNLEARNING.case, replaced):
        names = dict(zip(UNLEARNING.case, own))
        names |= {"figure": "Fig. 3ab", "published_as": other[1]}
        for accuracy, column in ACCURACIES.items():
            if column not in unlearning or column not in published:
                continue
            ours = curves_of(unlearning, own, column, "seed")
            theirs = curves_of(published, other, column, "run")
            steps = sorted(set(ours.columns) & set(theirs.columns))
            here = names | {"accuracy": accuracy}
            for about, numbers in numbers_of(ours[steps], theirs[steps]):
                rows.append(comparison(*numbers, margin, level, here | about))
    return pd.DataFrame(rows, columns=Comparison._fields)


def curves_of(table: pd.DataFrame, case: tuple, column: str, run: str) -> pd.DataFrame:
    """Curves of a case: a row per run, a column per step. Raises UserError where a run lacks a step
    that others have."""
    chosen = np.ones(len(table), dtype=bool)
    for name, value in zip(UNLEARNING.case, case):
        chosen &= (table[name] == value).to_numpy()
    curves = table[chosen].pivot(index=run, columns="step", values=column)
    absent = curves.isna().to_numpy()
    if absent.any():
        row, place = np.argwhere(absent)[0]
        words = " ".join(map(str, case))
        raise UserError(
            f"{words}: {run} {curves.index[row]} has no {column} at step {curves.columns[place]:g}, "
            "which other runs have; give every run the same steps."
        )
    return curves


def numbers_of(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[tuple[dict, tuple[Side, Side]]]:
    """(names of a number, its values on both sides), of curves with the same steps as columns."""
    steps = list(ours.columns)
    sides = [frame.to_numpy(float) for frame in (ours, theirs)]  # (runs, steps)
    found = []
    for step in compared_steps(steps):
        place = steps.index(step)
        both = tuple(Side(curves[:, place], until(curves, place)) for curves in sides)
        found.append(({"quantity": "accuracy", "step": step}, both))
    if len(steps) > 1 and steps[0] == 0:
        both = tuple(Side(dip_of_each(curves), curves) for curves in sides)
        found.append(({"quantity": "dip"}, both))
        both = tuple(Side(end_of_each(curves), curves) for curves in sides)
        found.append(({"quantity": "end"}, both))
    return found


def until(curves: np.ndarray, place: int) -> np.ndarray:
    """The part of curves (runs, steps) that says which of them are one run at a step: that until
    then where all agree, as those do that start from one poisoned model; else all of it."""
    so_far = curves[:, : place + 1]
    return so_far if np.ptp(so_far, axis=0).max() == 0 else curves


def compared_steps(steps: list) -> list:
    """[0, 1, 2, ..., 49] -> [0, 1, 2, 5, 10, 20, 49]."""
    if not steps:
        return []
    decades = range(len(str(int(steps[-1]))))
    wanted = {0, *(digit * 10**power for power in decades for digit in SERIES), steps[-1]}
    return [step for step in steps if step in wanted]


def end_of_each(curves: np.ndarray) -> np.ndarray:
    """(runs,): mean over the last steps, which do not reach back to the start, of (runs, steps)."""
    after_start = curves[:, 1:]
    return after_start[:, -FINAL:].mean(1)


def dip_of_each(curves: np.ndarray) -> np.ndarray:
    """(runs,): how far each curve of (runs, steps) falls below both its start and its end."""
    start, end = curves[:, 0], end_of_each(curves)
    depth = np.minimum(start, end) - curves.min(1)
    return np.maximum(depth, 0)
