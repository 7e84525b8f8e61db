"""Unlearn by every method what it is told, from the same poisoned models."""

from __future__ import annotations

from typing import NamedTuple

import jax
import numpy as np

from qunlearn.experiment.problem import Cell, Problem, replicate
from qunlearn.experiment.stored import Stored
from qunlearn.experiment.telling import Telling, ToldCell
from qunlearn.experiment.unlearn import evaluation_sets, pool_logits, unlearn
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.runtime.keys import generator
from qunlearn.training.evaluate import evaluate
from qunlearn.training.losses import cross_entropy
from qunlearn.training.schedule import Schedule

#: Learning curves whose ends are kept; the last one is of backdoors.
MEASURED = ("validation_accuracy", "retain_accuracy", "forget_accuracy", "triggered_accuracy")


class Found(NamedTuple):
    """Accuracies (C,) of `MEASURED`: `begun`, of the poisoned models; `ended`, by what was told and
    by method. `precision` and `recall` (C,), by what was told: share of the accused that is
    corrupted, share of the corrupted that is accused."""

    begun: dict[str, np.ndarray]
    ended: dict[str, dict[str, dict[str, np.ndarray]]]
    precision: dict[str, np.ndarray]
    recall: dict[str, np.ndarray]


def sweep(
    poisoned: Stored,
    methods: dict[str, tuple[UnlearningMethod, Schedule]],
    tellings: list[Telling],
    progress=lambda *_: None,
) -> Found:
    """Every method, told everything: all cells, of any alpha, and all that a method is told run together."""
    problem, cells, models = poisoned.problem, poisoned.cells, poisoned.models
    accused = {telling.words(): accusations(poisoned, telling) for telling in tellings}  # (C, N)
    told_cells = [ToldCell(*cell, words) for words in accused for cell in cells]
    everybody = np.concatenate(list(accused.values()))  # (tellings * C, N)
    told = problem.telling(dict(zip(told_cells, everybody)))
    which = np.tile(np.arange(len(cells)), len(tellings))
    many, starts = replicate(cells, models, which)
    watched = problem.validation_sets(len(many))
    unlearned = []
    for number, (name, (method, schedule)) in enumerate(methods.items()):
        at_ends = schedule._replace(record=schedule.epochs)
        done = unlearn(told, told_cells, starts, method, at_ends, evals=watched)
        unlearned.append((done.params, done.state))
        progress((number + 1) / len(methods), name)
    everyone = jax.tree.map(lambda *parts: np.concatenate(parts), models, *unlearned)
    measured = accuracies(problem, cells + many * len(methods), everyone)
    begun = {name: values[: len(cells)] for name, values in measured.items()}
    ended = {name: values[len(cells) :] for name, values in measured.items()}
    ended = _by_telling(ended, list(accused), list(methods))
    return Found(begun, ended, *how_right(problem, cells, accused))


def _by_telling(measured: dict[str, np.ndarray], tellings: list[str], methods: list[str]) -> dict:
    """What was measured (methods * tellings * C,), the cells varying fastest, by what was told, by method and
    by name, (C,)."""
    found = {words: {method: {} for method in methods} for words in tellings}
    for name, values in measured.items():
        ends = values.reshape(len(methods), len(tellings), -1)
        for method, of_method in zip(methods, ends):
            for words, end in zip(tellings, of_method):
                found[words][method][name] = end
    return found


def how_right(
    problem: Problem, cells: list[Cell], accused: dict[str, np.ndarray]
) -> tuple[dict, dict]:
    """Precision and recall (C,) of accusations (C, N), by what was told."""
    corrupted = np.stack([problem.samples(cell).corrupted for cell in cells])  # (C, N)
    precision, recall = {}, {}
    for words, masks in accused.items():
        right = (masks & corrupted).sum(1)
        precision[words] = right / masks.sum(1)
        recall[words] = right / corrupted.sum(1)
    return precision, recall


def accuracies(problem: Problem, cells: list[Cell], models: tuple) -> dict[str, np.ndarray]:
    """(C,) each of `MEASURED`, of the cells' models; cells of one alpha after those of another, for their
    sets of samples differ in size."""
    found = {}
    alphas = np.array([cell.alpha for cell in cells])
    for alpha in np.unique(alphas):
        members = np.flatnonzero(alphas == alpha)
        some, own = replicate(cells, models, members)
        measured = evaluate(problem.model, own, problem.pools, evaluation_sets(problem, some))
        for name in MEASURED:
            if name in measured:
                found.setdefault(name, np.empty(len(cells)))[members] = measured[name]
    return found


def accusations(poisoned: Stored, telling: Telling) -> np.ndarray:
    """(C, N) bool: who is accused."""
    problem, cells = poisoned.problem, poisoned.cells
    logits = pool_logits(problem, poisoned.models)  # (C, M)
    found = []
    for cell, answers in zip(cells, logits):
        samples = problem.samples(cell)
        losses = np.asarray(jax.jit(cross_entropy)(answers[samples.rows], samples.labels))
        draw = generator(problem.dataset.name, cell.seed, "accused")
        found.append(telling.accused(samples.corrupted, losses, draw))
    return np.stack(found)
