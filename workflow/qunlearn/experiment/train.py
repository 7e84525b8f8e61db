"""Train models on poisoned data (paper, Results: Superior resilience of quantum models to data
corruption)."""

from __future__ import annotations

from functools import partial

import jax
import numpy as np

from qunlearn.experiment.problem import Cell, Problem, Samples, stack
from qunlearn.runtime.counts import share
from qunlearn.runtime.keys import generator
from qunlearn.runtime.progress import part_of
from qunlearn.training.losses import training_loss
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import EvalSet, Stream
from qunlearn.training.tied import tied_inputs
from qunlearn.training.workload import Trained, Workload


def train(
    problem: Problem, cells: list[Cell], schedule: Schedule, progress=lambda *_: None
) -> Trained:
    """Train one model per cell on its poisoned training set.

    Learning curves of 'train' (all of that set but what is set aside) and 'validation', of a
    backdoor also of 'triggered' samples, and of 'held_out' where the schedule asks for early
    stopping.
    """
    places, trained = [], []
    for part, workload in _workloads(problem, cells, schedule):
        done = sum(map(len, places))
        places.append(part)
        told = part_of(progress, done / len(cells), (done + len(part)) / len(cells))
        trained.append(problem.model.optimise(workload, told))
    if len(places) == 1:
        return trained[0]
    back = np.argsort(np.concatenate(places))
    return jax.tree.map(lambda *leaves: np.concatenate(leaves)[back], *trained)


def _workloads(
    problem: Problem, cells: list[Cell], schedule: Schedule
) -> list[tuple[np.ndarray, Workload]]:
    """Places of cells that are trained together, and their workload: all of them, or those without a
    corrupted sample apart, on clean samples alone, if many inputs are copies there
    (`training.tied`). Which other cells a job holds does not matter to any of them."""
    is_clean = np.array([not problem.samples(cell).corrupted.any() for cell in cells])
    clean, others = np.flatnonzero(is_clean), np.flatnonzero(~is_clean)
    if problem.has_twins and len(clean):
        samples = problem.pools["train"][: len(problem.dataset.y_train)]
        of_clean = training(problem, [cells[place] for place in clean], schedule)
        of_clean = of_clean._replace(pools={**problem.pools, "train": samples})
        if tied_inputs(problem.model, of_clean) is not None:
            if not len(others):
                return [(clean, of_clean)]
            of_others = training(problem, [cells[place] for place in others], schedule)
            return [(clean, of_clean), (others, of_others)]
    return [(np.arange(len(cells)), training(problem, cells, schedule))]


def training(problem: Problem, cells: list[Cell], schedule: Schedule) -> Workload:
    """The workload of `train`."""
    samples = [problem.samples(cell, schedule.set_aside) for cell in cells]
    fraction = schedule.early_stopping
    watched = [held_out(problem, cell, fraction, one.aside) for cell, one in zip(cells, samples)]
    read = [~one.aside for one in samples]
    evals = {
        "train": EvalSet("train", *_part(samples, read)),
        **problem.validation_sets(len(cells)),
    }
    if schedule.early_stopping:
        evals["held_out"] = EvalSet("train", *_part(samples, watched))
    smoothing, gce = schedule.label_smoothing, schedule.gce
    return Workload(
        loss=partial(training_loss, label_smoothing=smoothing, gce=gce),
        start=problem.initial([cell.seed for cell in cells]),
        pools=problem.pools,
        streams={"train": Stream(*_part(samples, [a & ~b for a, b in zip(read, watched)]))},
        evals=evals,
        schedule=schedule,
        generators=problem.order_generators(cells, "train"),
        reads_parameters=False,
    )


def held_out(problem: Problem, cell: Cell, fraction: float, aside: np.ndarray) -> np.ndarray:
    """(N,) bool: training samples that early stopping watches, poisoned ones among them as they
    come, of those that are not set `aside`. They depend on (dataset, seed) and these alone."""
    n = len(problem.dataset.y_train)
    order = generator(problem.dataset.name, cell.seed, "held out").permutation(n)
    order = order[~aside[order]]
    mask = np.zeros(n, dtype=bool)
    words = "early_stopping {fraction:g} of the {available} training samples"
    mask[order[: share(fraction, len(order), words)]] = True
    return mask


def failed(problem: Problem, trained: Trained, schedule: Schedule) -> np.ndarray:
    """(cells,) of whether a training failed, by its loss on its own training set."""
    losses = trained.learning_curves["train_loss"]
    if schedule.gce is not None:
        # a robust loss gives up wrong labels, whose cross-entropy may then grow without bound
        return ~np.isfinite(losses).all(axis=1)
    return problem.model.diverged(losses)


def _part(samples: list[Samples], chosen: list) -> tuple[np.ndarray, np.ndarray]:
    """Pool rows and labels (cells, n) of the samples `chosen` by each cell."""
    rows = stack(one.rows[which] for one, which in zip(samples, chosen))
    labels = stack(one.labels[which] for one, which in zip(samples, chosen))
    return rows, labels
