"""The tables 'barriers', one row per unlearned model, and 'barrier_paths', one per step."""

from __future__ import annotations

from pathlib import PurePath

import numpy as np
import pandas as pd

from qunlearn.results.cells import CELLS
from qunlearn.results.csv import path_names
from qunlearn.results.hdf5 import read
from qunlearn.results.trained import UNLEARNING_RUN, asked_cells, check_complete


def tabulate(cells: list[str], *, seeds, progress=lambda *_: None) -> dict[str, pd.DataFrame]:
    """Of every run in the files `cells` the loss on the retain set at its start (`start_loss`) and end
    (`end_loss`), how far it `rise`s above its start on the way, and how far validation accuracy
    falls below both its ends (`dip`); and both curves, step by step."""
    parts = []
    for path in cells:
        content, _ = read(path, CELLS)
        curves = content["history"]
        names = [*path_names(path, 3)]
        method = PurePath(path).parts[-2]
        for i, alpha, seed in asked_cells(path, content, content["alpha"], seeds):
            run = dict(zip(UNLEARNING_RUN, [*names, alpha, method, seed]))
            loss = curves["retain_loss"][i]
            steps = {
                "step": np.arange(len(loss)),
                "retain_loss": loss,
                "val_accuracy": curves["validation_accuracy"][i],
                "collapsed": bool(content["diverged"][i]) or not np.isfinite(loss).all(),
            }
            parts.append(pd.DataFrame(run | steps))
    paths = pd.concat(parts).sort_values([*UNLEARNING_RUN, "step"], ignore_index=True)
    check_complete(paths[paths["step"] == 0], {"seed": seeds}, cells)
    rows = []
    for key, path in paths.groupby(UNLEARNING_RUN, sort=False):
        rows.append(dict(zip(UNLEARNING_RUN, key)) | of_path(path))
    return {"barriers": pd.DataFrame(rows), "barrier_paths": paths}


def of_path(path: pd.DataFrame) -> dict:
    """What a run's row of 'barriers' says, from its steps in order."""
    loss = path["retain_loss"].to_numpy()
    accuracy = path["val_accuracy"].to_numpy()
    lower_end = min(accuracy[0], accuracy[-1])
    return {
        "start_loss": loss[0],
        "end_loss": loss[-1],
        "rise": loss.max() - loss[0],
        "dip": lower_end - accuracy.min(),
        "collapsed": bool(path["collapsed"].iloc[0]),
    }
