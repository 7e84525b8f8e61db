"""Trained and unlearned cells as tidy tables, one row per observation; no run is left out.

A run that failed is flagged in the column `collapsed`, never dropped: its training diverged, its loss is not finite,
or the clean run (alpha = 0) of the same seed stays at chance, within `margin` of always answering the larger class.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

import numpy as np
import pandas as pd

from qunlearn.grid.names import parse
from qunlearn.results.cells import CELLS
from qunlearn.results.csv import path_names
from qunlearn.results.hdf5 import read
from qunlearn.statistics.collapse import chance, flag_collapsed

RUN = ["dataset", "model", "corruption", "alpha", "seed"]
UNLEARNING_RUN = ["dataset", "model", "corruption", "alpha", "method", "seed"]
SETS = ("train", "validation")


def cells_of(content: dict) -> Iterator[tuple[int, float, int]]:
    """(row, alpha, seed) of every cell of a file."""
    for i, (alpha, seed) in enumerate(zip(content["alpha"], content["seed"])):
        yield i, alpha, seed


def trained_table(cells: list[str], data: list[str], alphas, seeds, margin: float) -> pd.DataFrame:
    """Accuracy and loss at the end of training; train accuracy is against the labels trained on."""
    columns = ["train_accuracy", "val_accuracy", "train_loss", "val_loss"]
    rows = []
    for path in cells:
        content, _ = read(path, CELLS)
        curves = content["history"]
        names = path_names(path, 2)
        for i, alpha, seed in cells_of(content):
            if alpha not in alphas or seed not in seeds:
                continue
            ends = [
                curves[f"{part}_{what}"][i, -1] for what in ("accuracy", "loss") for part in SETS
            ]
            rows.append([*names, alpha, seed, *ends, content["diverged"][i]])
    frame = pd.DataFrame(rows, columns=[*RUN, *columns, "collapsed"])
    frame = frame.sort_values(RUN, ignore_index=True)
    finite = np.isfinite(frame[["train_loss", "val_loss"]]).all(axis=1)
    broken = frame["collapsed"] | ~finite
    return frame.assign(collapsed=flag_collapsed(frame, broken, chance(data), margin))


def unlearned_table(cells: list[str], seeds) -> pd.DataFrame:
    """Accuracies before step 0 and after every step; forget and retain accuracy are against clean labels."""
    parts = []
    for path in cells:
        content, _ = read(path, CELLS)
        curves = content["history"]
        names = [*path_names(path, 3)]
        method = PurePath(path).parts[-2]
        for i, alpha, seed in cells_of(content):
            if seed not in seeds:
                continue
            frame = pd.DataFrame(
                {
                    "train_accuracy": curves["train_accuracy"][i],
                    "val_accuracy": curves["validation_accuracy"][i],
                    "retain_accuracy": curves["retain_accuracy"][i],
                    "forget_accuracy": curves["forget_accuracy"][i],
                    "val_loss": curves["validation_loss"][i],
                }
            )
            measured = list(frame)
            losses = [curves[f"{name}_loss"][i] for name in ("train", "validation", "retain")]
            failed = bool(content["diverged"][i]) or not np.all(np.isfinite(losses))
            run = dict(zip(UNLEARNING_RUN, [*names, alpha, method, seed]))
            parts.append(frame.assign(**run, step=np.arange(len(frame)), collapsed=failed))
    order = [*UNLEARNING_RUN, "step"]
    table = pd.concat(parts)[[*order, *measured, "collapsed"]]
    return table.sort_values(order, ignore_index=True)


def last_steps(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the last step of an unlearning table."""
    last = frame.groupby(UNLEARNING_RUN)["step"].transform("max")
    return frame[frame["step"] == last]


def with_retrained(frame: pd.DataFrame, unlearned: pd.DataFrame) -> pd.DataFrame:
    """`frame` with the column retrain_val_accuracy: what retraining ends at, for the same seed and forget set."""
    pair = ["dataset", "model", "corruption", "alpha", "seed"]
    ends = last_steps(unlearned[unlearned["method"] == "retrain"])[[*pair, "val_accuracy"]]
    ends = ends.rename(columns={"val_accuracy": "retrain_val_accuracy"})
    return frame.merge(ends, on=pair, how="left")


def with_changes(table: pd.DataFrame, unchanged: dict[str, float]) -> pd.DataFrame:
    """The table with a column per option: its value in the change that a model's name carries, else the one given."""
    changes = [unchanged | parse(name)[1] for name in table["model"]]
    columns = {option: [float(change[option]) for change in changes] for option in unchanged}
    return table.assign(**columns)
