"""The table 'scan', one row per combination of a method's weights and seed."""

from __future__ import annotations

from pathlib import PurePath

import numpy as np
import pandas as pd

from qunlearn.results.cells import check_seeds
from qunlearn.results.csv import path_names
from qunlearn.results.hdf5 import read
from qunlearn.results.trained import unlearned_table, with_retrained
from qunlearn.studies.scan.scan import HOLDS

CASE = ["dataset", "model", "corruption", "alpha", "method"]
VALUES = [
    "val_accuracy",
    "retain_accuracy",
    "forget_accuracy",
    "val_loss",
    "retrain_val_accuracy",
    "collapsed",
]


def tabulate(
    cells: list[str],
    retrained: list[str],
    *,
    seeds,
    weights: list[str],
    progress=lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """Accuracies after the last step for every combination of a method's weights (empty where it
    has no such weight); forget and retain accuracy are against clean labels. `retrained`: files of
    models that were retrained; `weights`: names of all weights."""
    parts = []
    for path in cells:
        content, _ = read(path, HOLDS)
        check_seeds(path, content, seeds)
        frame = scanned(content)
        frame = frame[frame["seed"].isin(seeds)]
        names = dict(zip(CASE, path_names(path, 3)))
        method = PurePath(path).parts[-2]
        parts.append(frame.assign(**names, method=method))
    ends = unlearned_table(retrained, seeds)
    table = with_retrained(pd.concat(parts), ends)
    order = [*CASE, *weights, "seed"]
    table = table[[*order, *VALUES]]
    return {"scan": table.sort_values(order, ignore_index=True)}


def scanned(content: dict) -> pd.DataFrame:
    """A file's replicas, a row each."""
    final = content["final"]
    losses = [final["validation_loss"], final["retain_loss"]]
    failed = content["diverged"] | ~np.isfinite(losses).all(axis=0)
    columns = {
        "alpha": content["alpha"],
        "seed": content["seed"],
        "val_accuracy": final["validation_accuracy"],
        "retain_accuracy": final["retain_accuracy"],
        "forget_accuracy": final["forget_accuracy"],
        "val_loss": final["validation_loss"],
        "collapsed": failed,
    }
    return pd.DataFrame(content["weights"] | columns)
