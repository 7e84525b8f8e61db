"""Unlearn by every combination of a method's weights at once (paper, Methods: Machine unlearning methods).

Each combination is one more replica of the same program: the weights enter the loss as data, so a scan compiles once.
"""

from __future__ import annotations

import itertools

import jax
import numpy as np

from ..problem import Cell, Problem
from ..training import Schedule, Trained
from .unlearn import unlearn


def replicate(cells: list[Cell], variables, which: np.ndarray) -> tuple[list[Cell], tuple[dict, dict]]:
    """Cells and their stacked variables, repeated or reordered as `which` says."""
    return [cells[i] for i in which], jax.tree.map(lambda a: np.asarray(a)[which], variables)


def scan(
    problem: Problem,
    cells: list[Cell],
    poisoned: tuple[dict, dict],
    method: str,
    options: dict[str, list[float]],
    schedule: Schedule,
    progress=lambda *_: None,
) -> tuple[list[Cell], dict[str, np.ndarray], Trained]:
    """`unlearn` by all P combinations of the values in `options`, each from every one of the C poisoned models.

    Returns the cell and the weights, (P C,) by name, of every replica, and what became of it: its history has the start
    and the end. The cell varies fastest, then the last weight.
    """
    points = np.array(list(itertools.product(*options.values())))
    weights = dict(zip(options, np.repeat(points, len(cells), axis=0).T))
    many, start = replicate(cells, poisoned, np.tile(np.arange(len(cells)), len(points)))
    ends = schedule._replace(record=schedule.epochs)
    return many, weights, unlearn(problem, many, start, method, weights, ends, progress)
