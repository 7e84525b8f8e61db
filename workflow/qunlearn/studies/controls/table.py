"""The tables 'controls', every control beside its base, and 'control_effects', what it changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from qunlearn.results.cells import CELLS, check_seeds
from qunlearn.results.csv import path_names, stem
from qunlearn.results.datasets import read_dataset
from qunlearn.results.hdf5 import read
from qunlearn.results.trained import asked_cells, trained_table, unlearned_table
from qunlearn.statistics.looks import Rule
from qunlearn.studies.controls import Control
from qunlearn.studies.controls.effects import control_effects, rows_with

#: Names of a row: `dataset` and `model` are the base's, `run_dataset` and `run_model` what ran.
NAMES = [
    "control",
    "role",
    "dataset",
    "model",
    "run_dataset",
    "run_model",
    "corruption",
    "method",
    "alpha",
    "seed",
    "updates",
    "step",
]
VALUES = ["train_accuracy", "val_accuracy", "train_loss", "val_loss", "collapsed"]
#: Columns of a learning curve, and its name in a file of results.
CURVES = {
    "train_accuracy": "train_accuracy",
    "train_loss": "train_loss",
    "val_accuracy": "validation_accuracy",
    "val_loss": "validation_loss",
}
#: Points of a training at most.
POINTS = 25


def tabulate(
    *,
    data: list[str],
    controls: list[Control],
    alpha: float,
    alphas: list[float],
    within: float,
    seeds: list[int],
    margin: float,
    confidence: float,
    resamples: int,
    looks: Sequence[int] = (),
    against_alpha: Sequence[str] = (),
    against_updates: Sequence[str] = (),
    against_step: Sequence[str] = (),
    progress: Callable = lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """Rows of all `controls` and their bases, from files of the cells that are drawn against alpha,
    updates and step, and of the datasets `data`; effects at one `alpha`."""
    frames = {}
    if against_alpha:
        frames["alpha"] = trained_table(against_alpha, data, alphas, seeds, margin)
    if against_updates:
        frames["updates"] = along(against_updates, data, alpha, seeds)
    if against_step:
        frames["step"] = unlearned_table(against_step, seeds)
    table = beside_bases(controls, frames)
    rule = Rule(confidence, resamples, looks)
    effects = control_effects(table, controls, alpha, within, rule)
    return {"controls": table, "control_effects": effects}


def beside_bases(controls: list[Control], frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """All controls beside their bases, from the runs by abscissa."""
    parts = []
    for control in controls:
        parts += both_roles(control, frames[control.against])
    table = pd.concat(parts, ignore_index=True)
    table = table.reindex(columns=NAMES + VALUES)
    return table.sort_values(NAMES, ignore_index=True)


def both_roles(control: Control, frame: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows of a control and of its base: role 'control' or 'base'."""
    parts = []
    for role, runs in (("control", control.run), ("base", control.base)):
        wanted = {name: value for name, value in runs._asdict().items() if value}
        part = rows_with(frame, wanted).assign(
            control=control.name,
            role=role,
            run_dataset=runs.dataset,
            run_model=runs.model,
            method=runs.method,
            dataset=control.base.dataset,
            model=control.base.model,
        )
        parts.append(part)
    return parts


# -- along a training ------------------------------------------------------------------------------
def along(
    cells: list[str], data: list[str], alpha: float, seeds: list[int], points: int = POINTS
) -> pd.DataFrame:
    """Accuracy and loss along a training, after numbers of `updates` about evenly spaced on a
    logarithmic scale."""
    sizes = {stem(path): len(read_dataset(path).y_train) for path in data}
    parts = []
    for path in cells:
        dataset, model, corruption = path_names(path, 2)
        content, attributes = read(path, CELLS)
        schedule = json.loads(attributes["settings"])["schedule"]
        curves, chosen, updates = points_of(content, schedule, sizes[dataset], points)
        check_seeds(path, content, seeds)
        for i, _, seed in asked_cells(path, content, [alpha], seeds):
            frame = pd.DataFrame({name: curves[of][i, chosen] for name, of in CURVES.items()})
            finite = np.isfinite(frame[["train_loss", "val_loss"]]).all(axis=None)
            frame = frame.assign(
                dataset=dataset,
                model=model,
                corruption=corruption,
                alpha=alpha,
                seed=seed,
                updates=updates,
                collapsed=bool(content["diverged"][i]) or not finite,
            )
            parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def points_of(content: dict, schedule: dict, samples: int, points: int) -> tuple:
    """(learning curves, records of them that are shown, and the updates made until then)."""
    curves = content["history"]
    records = curves["train_loss"].shape[1] - 1
    spaced = np.geomspace(1, records, points).round()
    chosen = np.unique(spaced.astype(int))
    updates = updates_per_epoch(schedule, samples) * schedule["epochs"]
    between = updates // records
    return curves, chosen, between * chosen


def updates_per_epoch(schedule: dict, samples: int) -> int:
    """Minibatches that so many samples make."""
    batch = schedule["batch"] or samples
    return -(-samples // batch)
