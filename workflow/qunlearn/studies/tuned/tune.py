"""Unlearn at several learning rates at once: each is one more replica of the same program."""

from __future__ import annotations

import numpy as np

from qunlearn.experiment.problem import Cell, Problem, replicate
from qunlearn.experiment.unlearn import unlearn
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.results.hdf5 import write
from qunlearn.results.provenance import provenance
from qunlearn.training.schedule import Schedule
from qunlearn.training.workload import Trained

#: What a file of tuned models holds.
HOLDS = ("alpha", "seed", "learning_rate", "history", "diverged")


def tune(
    problem: Problem,
    cells: list[Cell],
    poisoned: tuple,
    method: UnlearningMethod,
    rates: list[float],
    schedule: Schedule,
    progress=lambda *_: None,
) -> tuple[list[Cell], np.ndarray, Trained]:
    """`unlearn` at each of P learning rates from every one of the C poisoned models.

    Returns the cell and the learning rate (P C,) of every replica, the cell varying fastest, and
    what became of it.
    """
    by_replica = np.repeat(rates, len(cells))  # (P C,)
    which = np.tile(np.arange(len(cells)), len(rates))
    many, start = replicate(cells, poisoned, which)
    done = unlearn(problem, many, start, method, schedule, progress, rates=by_replica)
    return many, by_replica, done


def write_tuned(
    path, cells: list[Cell], rates: np.ndarray, done: Trained, diverged, settings: dict, device: str
) -> None:
    """What `tune` returns, without parameters; `diverged` (P C,): failed before."""
    content = {
        "alpha": [cell.alpha for cell in cells],
        "seed": [cell.seed for cell in cells],
        "learning_rate": rates,
        "history": done.learning_curves,
        "diverged": diverged,
    }
    units = {"learning_rate": "Adam's learning rate"}
    for name in done.learning_curves:
        is_loss = name.endswith("loss")
        words = "mean binary cross-entropy, nats" if is_loss else "fraction correct"
        units[f"history/{name}"] = f"{words}; axis 1: unlearning steps, before the first one on"
    write(path, content, {**provenance(settings), "device": device}, units)
