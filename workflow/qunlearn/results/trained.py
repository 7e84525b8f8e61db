"""Trained and unlearned cells as tidy tables, one row per observation; no run is left out.

A run that failed is flagged in the column `collapsed`, never dropped: its training diverged, its loss is not finite,
its output is constant, or the clean run (alpha = 0) of the same seed stays at chance, within `margin` of always
answering the larger class.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePath

import numpy as np
import pandas as pd

from qunlearn.grid.names import parse
from qunlearn.results.cells import CELLS, failed, spelt_seeds
from qunlearn.results.csv import path_names
from qunlearn.results.hdf5 import read
from qunlearn.runtime.errors import UserError
from qunlearn.statistics.collapse import chance, flag_collapsed

RUN = ["dataset", "model", "corruption", "alpha", "seed"]
UNLEARNING_RUN = ["dataset", "model", "corruption", "alpha", "method", "seed"]
SETS = ("train", "validation")
#: Column of backdoors: share of validation samples of the other class that are called the target class once they bear
#: the trigger.
ATTACK = "attack_success"
#: Columns of one step of unlearning with samples set aside, and their names among learning curves.
OF_A_STEP = {
    "val_accuracy": "validation_accuracy",
    "retain_accuracy": "retain_accuracy",
    "forget_accuracy": "forget_accuracy",
    "set_aside_accuracy": "set_aside_accuracy",
    "set_aside_loss": "set_aside_loss",
}


def cells_of(content: dict) -> Iterator[tuple[int, float, int]]:
    """(row, alpha, seed) of every cell of a file."""
    for i, (alpha, seed) in enumerate(zip(content["alpha"], content["seed"])):
        yield i, alpha, seed


def asked_cells(path: str, content: dict, alphas, seeds) -> list[tuple[int, float, int]]:
    """(row, alpha, seed) of those cells of a file that are asked for. Raises UserError where it holds none of them."""
    found = [cell for cell in cells_of(content) if cell[1] in alphas and cell[2] in seeds]
    if not found:
        raise UserError(
            f"{path} holds none of the runs asked for. Delete it and run the same command again."
        )
    return found


def check_complete(frame: pd.DataFrame, asked: dict[str, list], files: list[str]) -> None:
    """Raises UserError unless each case of a table (the columns of `UNLEARNING_RUN` that are not `asked` for) holds
    each of the values asked for just once, of seeds those that the names of its files spell; `files`: where its rows
    come from, at least one from each."""
    columns = list(asked)
    case = [name for name in UNLEARNING_RUN if name in frame and name not in columns]
    for names, rows in frame.groupby(case, sort=False):
        spelt = {**asked, "seed": _spelt(dict(zip(case, names)), asked["seed"], files)}
        every = pd.MultiIndex.from_product(spelt.values(), names=columns)
        held = pd.MultiIndex.from_frame(rows[columns])
        missing = every.difference(held, sort=False)
        is_complete = len(missing) == 0 and len(held) == len(every)
        if not is_complete:
            _incomplete(dict(zip(case, names)), asked, missing, files)


def _files_of(case: dict, files: list[str]) -> list[str]:
    """Those of the files that hold runs of a case."""
    folder = "/".join(str(case[name]) for name in RUN[:3])
    return [path for path in files if f"/{folder}/" in path]


def _spelt(case: dict, seeds: list, files: list[str]) -> list:
    """Seeds that the names of a case's files spell: what is costly has fewer than other models."""
    spelt = {seed for path in _files_of(case, files) for seed in spelt_seeds(path, seeds)}
    return sorted(spelt)


def _incomplete(case: dict, asked: dict, missing: pd.MultiIndex, files: list[str]) -> None:
    here = _files_of(case, files)
    if len(missing):
        words = ", ".join(f"{name} {value}" for name, value in zip(asked, missing[0]))
        what = f"no run at {words}"
    else:
        what = "more than one run at the same " + " and ".join(asked)
    raise UserError(
        f"{' '.join(str(value) for value in case.values())}: {what} in {', '.join(here[:3])}. Delete these files and "
        "run the same command again."
    )


def attack_success(curves: dict) -> np.ndarray:
    """(cells, records) of a file's learning curves, NaN where there is no trigger."""
    nothing = np.full_like(curves["validation_accuracy"], np.nan)
    return curves.get("triggered_accuracy", nothing)


def with_attacks_only(frame: pd.DataFrame) -> pd.DataFrame:
    """The table without its column of backdoors where there is none of them."""
    return frame.drop(columns=ATTACK) if frame[ATTACK].isna().all() else frame


def trained_table(cells: list[str], data: list[str], alphas, seeds, margin: float) -> pd.DataFrame:
    """Accuracy and loss at the end of training, and of backdoors `attack_success`; train accuracy is against the labels
    trained on."""
    columns = ["train_accuracy", "val_accuracy", "train_loss", "val_loss"]
    rows = []
    for path in cells:
        content, _ = read(path, CELLS)
        curves = content["history"]
        names = path_names(path, 2)
        collapsed = failed(content)
        for i, alpha, seed in asked_cells(path, content, alphas, seeds):
            ends = [
                curves[f"{part}_{what}"][i, -1] for what in ("accuracy", "loss") for part in SETS
            ]
            success = attack_success(curves)[i, -1]
            rows.append([*names, alpha, seed, *ends, success, collapsed[i]])
    frame = pd.DataFrame(rows, columns=[*RUN, *columns, ATTACK, "collapsed"])
    frame = with_attacks_only(frame).sort_values(RUN, ignore_index=True)
    check_complete(frame, {"alpha": alphas, "seed": seeds}, cells)
    finite = np.isfinite(frame[columns]).all(axis=1)
    broken = frame["collapsed"] | ~finite
    return frame.assign(collapsed=flag_collapsed(frame, broken, chance(data), margin))


def with_parameters(table: pd.DataFrame, cells: list[str]) -> pd.DataFrame:
    """The table with how many `parameters` each model of the files `cells` has, and how many of them can move its
    output (`live_parameters`)."""
    counts = {}
    for path in cells:
        _, attributes = read(path, CELLS)
        dataset, model, _ = path_names(path, 2)
        counts[dataset, model] = json.loads(attributes["settings"])["parameters"]
    of_runs = [counts[case] for case in zip(table["dataset"], table["model"])]
    return table.assign(
        parameters=[count["all"] for count in of_runs],
        live_parameters=[count["live"] for count in of_runs],
    )


def unlearned_table(cells: list[str], seeds, start_seed: int | None = None) -> pd.DataFrame:
    """Accuracies before step 0 and after every step, and of backdoors `attack_success`; forget and retain accuracy are
    against clean labels.

    `start_seed`: whose poisoned model all seeds restart from, a column of its own; None where each has its own."""
    parts = []
    for path in cells:
        content, _ = read(path, CELLS)
        curves = content["history"]
        names = [*path_names(path, 3)]
        method = PurePath(path).parts[-2]
        for i, alpha, seed in asked_cells(path, content, content["alpha"], seeds):
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
            finite = np.isfinite(losses).all() and np.isfinite(frame).all(axis=None)
            collapsed = bool(failed(content)[i]) or not finite
            run = dict(zip(UNLEARNING_RUN, [*names, alpha, method, seed]))
            frame[ATTACK] = attack_success(curves)[i]
            parts.append(frame.assign(**run, step=np.arange(len(frame)), collapsed=collapsed))
    order = [*UNLEARNING_RUN, "step"]
    table = with_attacks_only(pd.concat(parts)[[*order, *measured, ATTACK, "collapsed"]])
    if start_seed is not None:
        table["start_seed"] = start_seed
    check_complete(table[table["step"] == 0], {"seed": seeds}, cells)
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
