"""All that is measured of models while they are at hand: what they answer, how fast they relearn, and how
far their parameters lie apart."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np

from qunlearn.experiment.problem import Cell
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.runtime.progress import part_of
from qunlearn.studies.forgotten.copies import (
    Models,
    Schedules,
    SharedPoison,
    all_models,
    answers,
    observables,
    questions,
    relearning,
    vectors,
)
from qunlearn.studies.forgotten.measures import (
    AS_WELL,
    POISONED,
    REFERENCE,
    SETS,
    relative_distance,
    updates_until,
)
from qunlearn.studies.forgotten.noise import noise_scores


def compare(
    problem: SharedPoison,
    alpha: float,
    methods: dict[str, UnlearningMethod],
    schedules: Schedules,
    relearn: tuple,
    progress: Callable = lambda *_: None,
) -> dict:
    """Of C forget sets with J copies each, by the names of `copies.all_models`: 'logits' (C, J, N) by
    set, 'labels' (C, N) of the forget set, 'relearning' (C, J) updates, 'parameters' and, of circuits,
    'observable' (C, J), relative distances, where the poison is noise 'noise' (C, J), and 'failed'
    (C, J).

    `relearn`: its schedule, and most updates.
    """
    cells = problem.copies(alpha)
    models = all_models(problem, cells, methods, schedules, part_of(progress, 0, 1 / 2))
    asked = questions(problem, cells, schedules.training.set_aside)
    compared = {name: one for name, one in models.items() if name != REFERENCE}
    given = {name: answers(problem, one, asked) for name, one in models.items()}
    levels = AS_WELL * given[POISONED]["forget_accuracy"]
    updates = {}
    for number, (name, one) in enumerate(compared.items()):
        begin, end = (0.5 + part / (2 * len(compared)) for part in (number, number + 1))
        tell = part_of(progress, begin, end)
        curves = relearning(problem, cells, one, asked["forget"], *relearn, tell)
        updates[name] = updates_until(curves, levels)
    found = {
        "logits": {name: {part: one[part] for part in SETS} for name, one in given.items()},
        "relearning": updates,
        **distances(problem, models),
        **remembered_noise(problem, cells, compared, schedules.training.set_aside),
        "failed": {name: one.failed for name, one in models.items()},
    }
    shape = len(problem.seeds), len(cells) // len(problem.seeds)
    found = by_forget_set(found, shape)
    found["labels"] = by_forget_set(asked["forget"].labels, shape)[:, 0]
    return found


def distances(problem: SharedPoison, models: dict[str, Models]) -> dict:
    """Relative distances (R,) of 'parameters' and 'observable', by model."""
    points = {"parameters": {name: vectors(one.params) for name, one in models.items()}}
    read = {name: observables(problem, one.params) for name, one in models.items()}
    if read[REFERENCE] is not None:
        points["observable"] = read
    found = {}
    for kind, places in points.items():
        reference, poisoned = places[REFERENCE], places[POISONED]
        found[kind] = {
            name: relative_distance(place, reference, poisoned)
            for name, place in places.items()
            if name != REFERENCE
        }
    return found


def remembered_noise(
    problem: SharedPoison, cells: list[Cell], models: dict[str, Models], aside: float
) -> dict:
    """'noise' (R,) by model, where the poison is noise on features."""
    if not problem.poison.adds_noise:
        return {}
    copies = len(cells) // len(problem.seeds)
    found = {}
    for name, one in models.items():
        of_sets = []
        for first in range(0, len(cells), copies):
            mine = jax.tree.map(lambda leaf: leaf[first : first + copies], one.variables)  # noqa: B023
            of_sets.append(noise_scores(problem, cells[first], mine, aside))
        found[name] = np.concatenate(of_sets)
    return {"noise": found}


def by_forget_set(found, shape: tuple[int, int]):
    """Arrays (R, ...) as (C, J, ...)."""
    if isinstance(found, dict):
        return {name: by_forget_set(item, shape) for name, item in found.items()}
    return np.asarray(found).reshape(*shape, *np.shape(found)[1:])
