"""Logits that tell whether a model has forgotten, of unlearned models and of retrains
(`membership.measures`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.unlearn import evaluation_sets, loss_data, method_loss, streams
from qunlearn.grid.names import base
from qunlearn.parts import corruptions
from qunlearn.parts.methods.retrain import Retrain
from qunlearn.runtime.keys import generator, jax_key
from qunlearn.runtime.progress import part_of
from qunlearn.studies.membership.measures import SETS
from qunlearn.training.losses import in_precision
from qunlearn.training.replicas import of_all
from qunlearn.training.schedule import Schedule
from qunlearn.training.workload import Trained, Workload

NO_MODELS = ({}, {})  # (params, state) of the models that retrains do not start from


# -- retrains --------------------------------------------------------------------------------------
def retrains(
    problem: Problem,
    cells: list[Cell],
    count: int,
    schedule: Schedule,
    progress: Callable = lambda *_: None,
) -> Trained:
    """`count` independent retrains on the retain set of each cell, (count C,) replicas, the cell
    varying fastest.

    Initial parameters and minibatches depend on (model, seed, number of the retrain) alone; the
    learning curves have the start and the end, on 'retain'.
    """
    many = cells * count
    names = [f"reference {number}" for number in range(count)]
    keys, generators = [], []
    for name in names:
        keys += [jax_key(problem.model_name, cell.seed, name) for cell in cells]
        generators += problem.order_generators(cells, name)
    method = Retrain()
    workload = Workload(
        loss=partial(method_loss, method),
        start=jax.jit(jax.vmap(problem.model.init))(jnp.stack(keys)),
        pools=problem.pools,
        streams=streams(problem, many, NO_MODELS, method),
        evals={"retain": evaluation_sets(problem, many)["retain"]},
        schedule=schedule._replace(record=schedule.epochs),
        generators=generators,
        data=loss_data(problem, many, NO_MODELS, method, {}),
        reads_parameters=method.reads_parameters(),
    )
    return problem.model.optimise(workload, progress)


# -- what models are asked -------------------------------------------------------------------------
class Questions(NamedTuple):
    """Samples that models are asked about: `rows` (N,) of a pool of features, with `labels`
    (N,)."""

    pool: np.ndarray
    rows: np.ndarray
    labels: np.ndarray


def audit_sets(problem: Problem, cell: Cell) -> dict[str, Questions]:
    """Each of `SETS`. Fresh samples are as balanced between the classes as forgotten ones: all
    validation samples, less some of the larger class."""
    samples = problem.samples(cell)
    forgotten = samples.rows[samples.forget], samples.labels[samples.forget]
    labels = problem.dataset.y_validation
    everything = np.arange(len(labels))
    found = (
        Questions(problem.pools["train"], *forgotten),
        _fresh(problem, cell),
        Questions(problem.pools["validation"], everything, labels),
    )
    return dict(zip(SETS, found))


def _fresh(problem: Problem, cell: Cell) -> Questions:
    """Validation samples, poisoned as the forget set is."""
    data = problem.dataset
    x, y = data.x_validation, data.y_validation
    rng = generator(data.name, base(problem.corruption), cell.seed, "fresh")
    order = corruptions.balanced_order(y, rng)
    smaller_class = int(min(np.sum(y), np.sum(1 - y)))
    chosen = np.sort(order[: 2 * smaller_class])
    draw = f"{cell.seed} validation"
    case = data.name, x, y, problem.poison, draw
    twin_x, twin_y = corruptions.twins(*case, data.image_shape)
    pool, labels = problem.pools["validation"], y
    if twin_x is not None:
        pool = problem.model.encode(twin_x)
    if twin_y is not None:
        labels = twin_y
    return Questions(pool, chosen, labels[chosen])


def answers(problem: Problem, cells: list[Cell], variables: tuple) -> dict[str, np.ndarray]:
    """Logits (R, C, N) by set, of models (params, state) stacked as (R C,), the cell varying
    fastest."""

    def logits(asked, params, state):
        return problem.model.logits(params, state, *asked)[0]

    found = {name: [] for name in SETS}
    for number, cell in enumerate(cells):
        mine = every(variables, len(cells), number)
        for name, (pool, rows, _) in audit_sets(problem, cell).items():
            pool = in_precision(pool)
            given = of_all(logits, (pool, rows), *mine)
            found[name].append(np.asarray(given))
    return {name: np.stack(of_cells, axis=1) for name, of_cells in found.items()}


def every(variables: tuple, count: int, first: int) -> tuple:
    """Each of so many along the first axis of all arrays, from `first` on."""
    return jax.tree.map(lambda leaf: np.asarray(leaf)[first::count], variables)


# -- the audit -------------------------------------------------------------------------------------
def audit(
    problem: Problem,
    cells: list[Cell],
    models: dict[str, tuple],
    count: int,
    schedules: dict[str, Schedule],
    progress: Callable = lambda *_: None,
) -> dict:
    """Logits of `models` ((params, state) stacked over cells, by name) and of `count` retrains on
    each of the `schedules`.

    Returns 'labels' (C, N) by set, 'models' (C, N) by name and set, 'retrains' (C, K, N) by
    schedule and set, and 'failed' (C, K) of whether a retrain diverged, by 'retrains' and schedule.
    """
    of_retrains, failed = {}, {}
    for number, (name, schedule) in enumerate(schedules.items()):
        begin, end = number / len(schedules), (number + 1) / len(schedules)
        told = part_of(progress, begin, end, name)
        done = retrains(problem, cells, count, schedule, told)
        logits = answers(problem, cells, (done.params, done.state))
        of_retrains[name] = {}
        for part, values in logits.items():
            of_retrains[name][part] = values.swapaxes(0, 1)
        losses = done.learning_curves["retain_loss"]
        diverged = problem.model.diverged(losses)
        failed[name] = diverged.reshape(count, len(cells)).T
    return {
        "labels": _labels(problem, cells),
        "models": _of_models(problem, cells, models),
        "retrains": of_retrains,
        "failed": {"retrains": failed},
    }


def _labels(problem: Problem, cells: list[Cell]) -> dict[str, np.ndarray]:
    """(C, N) by set."""
    sets = [audit_sets(problem, cell) for cell in cells]
    return {name: np.stack([asked[name].labels for asked in sets]) for name in SETS}


def _of_models(problem: Problem, cells: list[Cell], models: dict[str, tuple]) -> dict:
    """Logits (C, N) by model and set."""
    together = jax.tree.map(lambda *leaves: np.concatenate(leaves), *models.values())
    logits = answers(problem, cells, together)
    found = {}
    for number, name in enumerate(models):
        found[name] = {}
        for part, values in logits.items():
            found[name][part] = values[number]
    return found
