"""Find the best values of an unlearning method on samples that nothing reads, and what one run of it costs.

A *pass* is one sample that goes through the model and back. Retain and forget samples of updates count, and what a
method reads around its loop (`experiment.sample_set`); outputs of a teacher, which are asked for once and forward only,
do not.
"""

from __future__ import annotations

import itertools
import math
import time
from typing import NamedTuple

import jax
import numpy as np

from qunlearn.experiment.around import Around
from qunlearn.experiment.problem import Cell, Problem, replicate
from qunlearn.experiment.unlearn import evaluation_sets, loss_data, unlearn
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.training.evaluate import evaluate
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import widths
from qunlearn.training.workload import Trained


class Price(NamedTuple):
    """Of one run: `updates` and `read` (samples that go through the model and back) of an epoch, and `once`, those read
    around the loop; `samples`: those of the training set that may be read."""

    updates: int
    read: int
    once: int
    samples: int

    def passes(self, epochs: int) -> float:
        """Of a run of so many epochs, over the training set."""
        return (self.once + epochs * self.read) / self.samples

    def epochs(self, passes: float) -> int:
        """As many as so many passes pay for, an even number (a run of a prime number is not cut in
        segments, by which it is timed), at least one."""
        if not self.read:
            return 1
        left = passes * self.samples - self.once
        paid = math.floor(left / self.read + 1e-9)
        return max(1, paid - paid % 2)


class Found(NamedTuple):
    """Of every cell its best run: `done`, with learning curves of two points, where the model was and is; `chosen`,
    (C,) numbers by name; `points`, how many were tried."""

    done: Trained
    chosen: dict[str, np.ndarray]
    points: int


def price(
    problem: Problem, cell: Cell, poisoned: tuple, method: UnlearningMethod, schedule: Schedule
) -> Price:
    """What a run of a method costs on the samples of a cell."""
    samples = problem.samples(cell, schedule.set_aside)
    forget = int(np.sum(samples.forget & ~samples.aside))
    total = int(np.sum(~samples.aside))
    sizes = {"retain": total - forget, "forget": forget}
    around = Around(
        problem, [cell], [cell], poisoned, method,
        loss_data(problem, [cell], poisoned, method, {})["weights"], schedule.set_aside,
    )  # fmt: skip
    once = sum(around.count(function, poisoned[0]) for function in method.around())
    read = [sizes[name] for name in method.reads()]
    if not read:
        return Price(0, 0, once, total)
    updates, _ = widths(read, schedule.batch, schedule.whole_forget)
    again = [1] + [updates if schedule.whole_forget else 1] * (len(read) - 1)
    epoch = sum(times * size for times, size in zip(again, read))
    return Price(updates, epoch, once, total)


def search(
    problem: Problem,
    cells: list[Cell],
    poisoned: tuple,
    method: UnlearningMethod,
    rates: list[float],
    scanned: dict[str, list[float]],
    passes: float,
    schedule: Schedule,
    progress=lambda *_: None,
) -> Found:
    """`unlearn` from each of the C poisoned models at every combination of P learning rates and values of weights, as
    long as `passes` pay for; of each cell the one of lowest loss on what is set aside, at the step where it was lowest.

    What a method does after its loop is done to the model of that step.
    """
    first = jax.tree.map(lambda leaf: np.asarray(leaf)[:1], poisoned[:2])
    cost = price(problem, cells[0], first, method, schedule)
    rates = rates if method.defines("loss") else [schedule.learning_rate]
    points = np.array(list(itertools.product(rates, *scanned.values())))  # (P, 1 + weights)
    each = np.arange(len(cells))
    many, start = replicate(cells, poisoned, np.tile(each, len(points)))
    by_replica = np.repeat(points, len(cells), axis=0)  # (P C, 1 + weights), the cell fastest
    watched = evaluation_sets(problem, many, schedule.set_aside)["set_aside"]
    clock = _Clock(progress)
    done = unlearn(
        problem, many, start, method,
        schedule._replace(epochs=cost.epochs(passes)), clock, {"held_out": watched},
        weights=dict(zip(scanned, by_replica.T[1:])), rates=by_replica[:, 0],
    )  # fmt: skip
    curves = done.learning_curves["held_out_loss"]  # (P C, steps + 1)
    losses = np.where(np.isfinite(curves), curves, np.inf)
    ends = losses[:, -1].reshape(len(points), -1)
    best = np.argmin(ends, axis=0) * len(cells) + each  # (C,) replicas
    steps = 1 + np.argmin(losses[best, 1:], axis=1)
    made = steps if method.defines("loss") else np.zeros_like(steps)
    chosen = {
        "learning_rate": by_replica[best, 0],
        "step": steps,
        "updates": cost.updates * made,
        "passes": np.array([cost.passes(step) for step in made]),
        "longest": np.full(len(cells), cost.passes(cost.epochs(passes))),
        "seconds": np.full(len(cells), clock.seconds(len(many))),
    }
    chosen |= {f"weight_{name}": by_replica[best, 1 + i] for i, name in enumerate(scanned)}
    aside = schedule.set_aside
    return Found(_picked(problem, cells, poisoned, done, best, aside), chosen, len(points))


def _picked(
    problem: Problem,
    cells: list[Cell],
    poisoned: tuple,
    done: Trained,
    best: np.ndarray,
    aside: float,
) -> Trained:
    """The best replicas, with curves of what the poisoned model was and what they are."""
    found = done.params, done.state
    params, state = jax.tree.map(lambda leaf: np.asarray(leaf)[best], found)
    evals = evaluation_sets(problem, cells, aside)
    begun, ended = (
        evaluate(problem.model, variables, problem.pools, evals)
        for variables in (poisoned[:2], (params, state))
    )
    curves = {name: np.stack([begun[name], ended[name]], axis=1) for name in begun}
    return Trained(params, state, curves)


class _Clock:
    """Notes when progress is told."""

    def __init__(self, progress):
        self.progress = progress
        self.ticks = []

    def __call__(self, fraction: float, text: str) -> None:
        self.ticks.append(time.perf_counter())
        self.progress(fraction, text)

    def seconds(self, models: int) -> float:
        """Of one model's run: the shortest time between two ticks, which other work disturbs least and no compilation
        is in, for all of them. NaN where there is but one."""
        if len(self.ticks) < 2:
            return float("nan")
        return float(np.min(np.diff(self.ticks))) * len(self.ticks) / models
