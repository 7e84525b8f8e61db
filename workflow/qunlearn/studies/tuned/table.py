"""The table 'tuned', one row per run of every method and way of choosing its learning rate and
step."""

from __future__ import annotations

import json
from pathlib import PurePath

import numpy as np
import pandas as pd

from qunlearn.grid.names import base
from qunlearn.results.cells import check_seeds
from qunlearn.results.csv import path_names
from qunlearn.results.hdf5 import read
from qunlearn.results.trained import OF_A_STEP
from qunlearn.studies.tuned.tune import HOLDS

#: Names of a row: `model` is the study's, `run_model` what ran, with samples set aside.
NAMES = ["dataset", "model", "run_model", "corruption", "alpha", "method", "choice", "seed"]


def tabulate(
    cells: list[str], *, seeds: list[int], progress=lambda *_: None
) -> dict[str, pd.DataFrame]:
    """Accuracies of every run at the learning rate and the step of each choice.

    `tuned`: the lowest loss on clean samples set aside, of all learning rates and steps, the start
    among them; `default`: the study's learning rate, last step; `oracle`: the highest validation
    accuracy, which nobody may choose by, as an upper bound.
    """
    rows = []
    for path in cells:
        content, attributes = read(path, HOLDS)
        check_seeds(path, content, seeds)
        dataset, run_model, corruption = path_names(path, 3)
        model = base(run_model)
        method = PurePath(path).parts[-2]
        default = json.loads(attributes["settings"])["schedule"]["learning_rate"]
        for seed in np.unique(content["seed"]):
            if seed not in seeds:
                continue
            run = Run(content, seed)
            for choice, (rate, step) in run.choices(default).items():
                names = [dataset, model, run_model, corruption, run.alpha, method, choice, seed]
                rows.append(dict(zip(NAMES, names)) | run.at(rate, step))
    table = pd.DataFrame(rows)
    return {"tuned": table.sort_values(NAMES, ignore_index=True)}


class Run:
    """One seed of a file, at all P learning rates: curves (P, steps + 1) by name."""

    def __init__(self, content: dict, seed: int):
        mine = np.flatnonzero(content["seed"] == seed)
        self.alpha = float(content["alpha"][mine[0]])
        self.rates = content["learning_rate"][mine]
        self.failed = bool(content["diverged"][mine].any())
        self.curves = {name: values[mine] for name, values in content["history"].items()}

    def choices(self, default: float) -> dict[str, tuple[int, int]]:
        """(number of the learning rate, step) by choice."""
        losses = self.curves["set_aside_loss"]
        losses = np.where(np.isfinite(losses), losses, np.inf)
        accuracies = np.nan_to_num(self.curves["validation_accuracy"])
        own = int(np.argmin(np.abs(self.rates - default)))
        return {
            "tuned": _place(losses, np.argmin(losses)),
            "default": (own, losses.shape[1] - 1),
            "oracle": _place(accuracies, np.argmax(accuracies)),
        }

    def at(self, rate: int, step: int) -> dict:
        """What a row holds of one point."""
        values = {name: self.curves[of][rate, step] for name, of in OF_A_STEP.items()}
        finite = bool(np.isfinite(list(values.values())).all())
        return {
            "learning_rate": self.rates[rate],
            "step": step,
            **values,
            "begun_val_accuracy": self.curves["validation_accuracy"][rate, 0],
            "collapsed": self.failed or not finite,
        }


def _place(values: np.ndarray, flat: int) -> tuple[int, int]:
    """Row and column of a flat index."""
    row, column = np.unravel_index(flat, values.shape)
    return int(row), int(column)
