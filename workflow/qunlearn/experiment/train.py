"""Train models on poisoned data (paper, Results: Superior resilience of quantum models to data corruption)."""

from __future__ import annotations

import numpy as np

from ..problem import Cell, Problem, stack
from ..training import EvalSet, Schedule, Stream, Trained, training_loss


def train(problem: Problem, cells: list[Cell], schedule: Schedule, progress=lambda *_: None) -> Trained:
    """Train one model per cell on its poisoned training set; history of 'train' and 'validation'."""
    samples = [problem.samples(cell) for cell in cells]
    rows, labels = stack(s.rows for s in samples), stack(s.labels for s in samples)
    return problem.model.optimise(
        training_loss,
        problem.initial([cell.seed for cell in cells]),
        problem.pools,
        {"train": Stream(rows, labels, np.zeros(rows.shape))},
        {"train": EvalSet("train", rows, labels), "validation": problem.validation_set(len(cells))},
        schedule,
        problem.order_generators(cells, "train"),
        progress,
    )
