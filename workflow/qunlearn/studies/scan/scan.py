"""Unlearn by every combination of a method's weights at once (paper, Methods: Machine unlearning methods).

Each combination is one more replica of the same program: weights enter the loss as data, so a scan
compiles once.
"""

from __future__ import annotations

import itertools

import numpy as np

from qunlearn.experiment.problem import Cell, Problem, replicate
from qunlearn.experiment.unlearn import unlearn
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.results.hdf5 import write
from qunlearn.results.provenance import provenance
from qunlearn.training.schedule import Schedule
from qunlearn.training.workload import Trained

#: What a file of scanned weights holds.
HOLDS = ("alpha", "seed", "weights", "final", "diverged")


def scan(
    problem: Problem,
    cells: list[Cell],
    poisoned: tuple,
    method: UnlearningMethod,
    values: dict[str, list[float]],
    schedule: Schedule,
    progress=lambda *_: None,
) -> tuple[list[Cell], dict[str, np.ndarray], Trained]:
    """`unlearn` by all P combinations of the `values` of the method's weights, each from every one
    of the C poisoned models.

    Returns the cell and the weights, (P C,) by name, of every replica, and what became of it: its
    learning curves have the start and the end. The cell varies fastest, then the last weight.
    """
    combinations = itertools.product(*values.values())
    points = np.array(list(combinations))  # (P, weights)
    by_replica = np.repeat(points, len(cells), axis=0)  # (P C, weights)
    weights = dict(zip(values, by_replica.T))
    each = np.arange(len(cells))
    many, start = replicate(cells, poisoned, np.tile(each, len(points)))
    done = unlearn(
        problem,
        many,
        start,
        method,
        schedule._replace(record=schedule.epochs),
        progress,
        weights=weights,
    )
    return many, weights, done


def write_scan(
    path,
    cells: list[Cell],
    weights: dict[str, np.ndarray],
    done: Trained,
    diverged: np.ndarray,
    settings: dict,
    device: str,
) -> None:
    """What `scan` returns, of the losses and accuracies those after the last step; `diverged`
    (P C,): failed before."""
    content = {
        "alpha": [cell.alpha for cell in cells],
        "seed": [cell.seed for cell in cells],
        "weights": weights,
        "final": {name: values[:, -1] for name, values in done.learning_curves.items()},
        "diverged": diverged,
    }
    units = {f"weights/{name}": "weight of a term of the loss" for name in weights}
    for name in done.learning_curves:
        is_loss = name.endswith("loss")
        words = "mean binary cross-entropy, nats" if is_loss else "fraction correct"
        units[f"final/{name}"] = words
    write(path, content, {**provenance(settings), "device": device}, units)
