"""Train models on poisoned data (paper, Results: Superior resilience of quantum models to data corruption)."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..keys import generator
from ..problem import Cell, Problem, stack
from ..training import EvalSet, Schedule, Stream, Trained, training_loss


def held_out(problem: Problem, cell: Cell, fraction: float) -> np.ndarray:
    """(N,) bool: training samples that early stopping watches, poisoned ones among them as they come. They depend on
    (dataset, seed) alone."""
    n = len(problem.dataset.y_train)
    mask = np.zeros(n, dtype=bool)
    mask[generator(problem.dataset.name, cell.seed, "held out").permutation(n)[: round(fraction * n)]] = True
    return mask


def train(problem: Problem, cells: list[Cell], schedule: Schedule, progress=lambda *_: None) -> Trained:
    """Train one model per cell on its poisoned training set; history of 'train' (all of that set) and 'validation', and
    of 'held_out' where the schedule asks for early stopping."""
    samples = [problem.samples(cell) for cell in cells]

    def part(chosen) -> tuple[np.ndarray, np.ndarray]:
        return stack(s.rows[c] for s, c in zip(samples, chosen)), stack(s.labels[c] for s, c in zip(samples, chosen))

    watched = [held_out(problem, cell, schedule.early_stopping) for cell in cells]
    rows, labels = part([~mask for mask in watched])
    evals = {
        "train": EvalSet("train", stack(s.rows for s in samples), stack(s.labels for s in samples)),
        "validation": problem.validation_set(len(cells)),
    }
    if schedule.early_stopping:
        evals["held_out"] = EvalSet("train", *part(watched))
    return problem.model.optimise(
        partial(training_loss, label_smoothing=schedule.label_smoothing, gce=schedule.gce),
        problem.initial([cell.seed for cell in cells]),
        problem.pools,
        {"train": Stream(rows, labels, np.zeros(rows.shape))},
        evals,
        schedule,
        problem.order_generators(cells, "train"),
        progress,
    )
