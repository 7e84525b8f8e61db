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
    parts = _parts(problem, cells, schedule)
    trained, begin = [], 0.0
    for part in parts:
        end = begin + len(part) / len(cells)
        workload = training(problem, [cells[place] for place in part], schedule)
        trained.append(problem.model.optimise(workload, part_of(progress, begin, end)))
        begin = end
    if len(parts) == 1:
        return trained[0]
    back = np.argsort(np.concatenate(parts))
    return jax.tree.map(lambda *leaves: np.concatenate(leaves)[back], *trained)


def _parts(problem: Problem, cells: list[Cell], schedule: Schedule) -> list[np.ndarray]:
    """Places of the cells that are trained together: where no sample is corrupted apart from the
    others, if many of its inputs are copies there (`training.tied`) and are not where features are
    random. Which cells a job holds does not matter to any of them."""
    everything = np.arange(len(cells))
    if not problem.has_twins:
        return [everything]
    is_clean = np.array([not problem.samples(cell).corrupted.any() for cell in cells])
    clean, others = everything[is_clean], everything[~is_clean]
    if not len(clean) or not len(others):
        return [everything]
    of_clean = training(problem, [cells[place] for place in clean], schedule)
    return [everything] if tied_inputs(problem.model, of_clean) is None else [clean, others]


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
