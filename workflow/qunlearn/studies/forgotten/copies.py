"""Copies: models of several initial parameters and minibatches on one forget set, poisoned, retrained
and unlearned."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np

from qunlearn.experiment.problem import Cell, Problem, stack
from qunlearn.experiment.train import failed, training
from qunlearn.experiment.unlearn import streams, unlearn
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.methods.retrain import Retrain
from qunlearn.runtime.progress import part_of
from qunlearn.studies.forgotten.measures import POISONED, REFERENCE, RETRAINED
from qunlearn.training.evaluate import evaluate
from qunlearn.training.losses import training_loss
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import EvalSet, Stream
from qunlearn.training.workload import Trained, Workload

#: Between the seeds of two copies, more than any seed.
APART = 2**32
NO_MODELS = ({}, {})  # (params, state) of the models that retrained ones do not start from


class SharedPoison(Problem):
    """A problem whose cells are `copies` of each of its seeds: seeds of their own for initial
    parameters and minibatches, and the first one's poison. That one is the cell of the study."""

    def __init__(self, *arguments, copies: int, **named):
        super().__init__(*arguments, **named)
        #: Seed of a copy -> seed of its poison, copies of one after the other.
        self.poisoned_by = {}
        for seed in self.seeds:
            self.poisoned_by |= {seed + APART * number: seed for number in range(copies)}

    def copies(self, alpha: float) -> list[Cell]:
        return [Cell(alpha, seed) for seed in self.poisoned_by]

    def samples(self, cell: Cell, aside: float = 0.0):
        return super().samples(cell._replace(seed=self.poisoned_by[cell.seed]), aside)


class Models(NamedTuple):
    """Of R copies the variables `params` and `state`, stacked, and which of them `failed` (R,)."""

    params: dict
    state: dict
    failed: np.ndarray

    @property
    def variables(self) -> tuple:
        return self.params, self.state


class Schedules(NamedTuple):
    """How models are trained, retrained in full, and unlearned by each method, by its name."""

    training: Schedule
    retraining: Schedule
    methods: dict[str, Schedule]


def ends(schedule: Schedule) -> Schedule:
    """The same, with learning curves that have their start and their end alone."""
    return schedule._replace(record=schedule.epochs)


def all_models(
    problem: SharedPoison,
    cells: list[Cell],
    methods: dict[str, UnlearningMethod],
    schedules: Schedules,
    progress: Callable = lambda *_: None,
) -> dict[str, Models]:
    """Models of all copies: POISONED, retrained twice (REFERENCE, RETRAINED), which begin where the
    poisoned ones did, and by every method what it makes of the poisoned ones."""
    parts = 3 + len(methods)
    told = [part_of(progress, n / parts, (n + 1) / parts) for n in range(parts)]
    begun, poisoned = _poisoned(problem, cells, schedules.training, told[0])
    found = {POISONED: poisoned}
    for name, tell in zip((REFERENCE, RETRAINED), told[1:]):
        found[name] = _retrained(problem, cells, schedules.retraining, name, tell)
    watched = questions(problem, cells, schedules.training.set_aside)
    for (name, method), tell in zip(methods.items(), told[3:]):
        schedule = ends(schedules.methods[name])
        done = unlearn(problem, cells, begun, method, schedule, tell, watched)
        broken = ~np.isfinite(done.learning_curves["retain_loss"]).all(axis=1)
        if method.fresh:  # a failed start is no start of its own
            broken |= problem.model.diverged(done.learning_curves["retain_loss"])
        else:
            broken |= poisoned.failed
        found[name] = Models(done.params, done.state, broken)
    return found


def _poisoned(
    problem: SharedPoison, cells: list[Cell], schedule: Schedule, progress: Callable
) -> tuple[tuple, Models]:
    """What unlearning begins with, Adam's memory included where it is kept, and the models."""
    done = problem.model.optimise(training(problem, cells, ends(schedule)), progress)
    begun = done.params, done.state
    if schedule.keep_adam:
        begun = (*begun, done.optimiser_state)
    return begun, Models(done.params, done.state, failed(problem, done, schedule))


def _retrained(
    problem: SharedPoison, cells: list[Cell], schedule: Schedule, name: str, progress: Callable
) -> Models:
    """From the initial parameters of the poisoned models, on the retain set alone, with minibatches
    of this name."""
    retain = streams(problem, cells, NO_MODELS, Retrain(), schedule.set_aside)["retain"]
    workload = training(problem, cells, ends(schedule))._replace(
        streams={"train": retain},
        evals={"train": EvalSet("train", retain.rows, retain.labels)},
        generators=problem.order_generators(cells, name),
    )
    done = problem.model.optimise(workload, progress)
    return Models(done.params, done.state, failed(problem, done, schedule))


# -- what models are asked -------------------------------------------------------------------------
def questions(problem: SharedPoison, cells: list[Cell], aside: float) -> dict[str, EvalSet]:
    """The sets `measures.SETS`: what was trained on, with its labels, and clean validation
    samples."""
    samples = [problem.samples(cell, aside) for cell in cells]
    masks = {
        "retain": [~one.forget & ~one.aside for one in samples],
        "forget": [one.forget & ~one.aside for one in samples],
    }
    found = {}
    for name, chosen in masks.items():
        rows = stack(one.rows[mask] for one, mask in zip(samples, chosen))
        labels = stack(one.labels[mask] for one, mask in zip(samples, chosen))
        found[name] = EvalSet("train", rows, labels, each=True)
    truth = np.tile(problem.dataset.y_validation, (len(cells), 1))
    found["validation"] = EvalSet("validation", None, truth, each=True)
    return found


def answers(problem: Problem, models: Models, asked: dict[str, EvalSet]) -> dict[str, np.ndarray]:
    """Logits (R, N) by set, and 'forget_accuracy' (R,)."""
    found = evaluate(problem.model, models.variables, problem.pools, asked)
    logits = {name: found[f"{name}_logits"] for name in asked}
    return logits | {"forget_accuracy": found["forget_accuracy"]}


# -- relearning ------------------------------------------------------------------------------------
def relearning(
    problem: SharedPoison,
    cells: list[Cell],
    models: Models,
    forget: EvalSet,
    schedule: Schedule,
    updates: int,
    progress: Callable = lambda *_: None,
) -> np.ndarray:
    """(R, updates + 1) accuracies on the forget set, with the labels trained on, while models are
    trained on it as a whole, at the schedule's learning rate, Adam beginning anew."""
    whole = schedule._replace(epochs=updates, batch=0, record=1, stream="epochs")
    done: Trained = problem.model.optimise(
        Workload(
            loss=training_loss,
            start=models.variables,
            pools=problem.pools,
            streams={"train": Stream(forget.rows, forget.labels)},
            evals={"forget": forget._replace(each=False)},
            schedule=whole,
            generators=problem.order_generators(cells, "relearn"),
            reads_parameters=False,
        ),
        progress,
    )
    return done.learning_curves["forget_accuracy"]


# -- parameters ------------------------------------------------------------------------------------
def vectors(params: dict) -> np.ndarray:
    """(R, P): all parameters of each model."""
    leaves = [np.asarray(leaf, float) for leaf in jax.tree.leaves(params)]
    return np.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)


def observables(problem: Problem, params: dict) -> np.ndarray | None:
    """(R, C) coefficients of the observables that models read, None where they read none."""
    one = jax.tree.map(lambda leaf: leaf[0], params)
    if jax.eval_shape(problem.model.observable, one) is None:
        return None
    return np.asarray(jax.jit(jax.vmap(problem.model.observable))(params), float)
