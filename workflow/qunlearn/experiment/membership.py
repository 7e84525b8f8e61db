"""Logits that tell whether a model has forgotten, of unlearned models and of retrains (`qunlearn.membership`)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from .. import corruption as poison
from ..keys import generator, jax_key
from ..membership import SETS
from ..problem import Cell, Problem
from ..training import Schedule, Trained, real_dtype
from ..unlearning import REGISTRY
from .unlearn import evaluation_sets, streams


def retrains(problem: Problem, cells: list[Cell], count: int, schedule: Schedule, progress=lambda *_: None) -> Trained:
    """`count` independent retrains on the retain set of each cell, (count C,) replicas, the cell varying fastest.

    Initial parameters and minibatches depend on (model, seed, number of the retrain) alone; the history has the start
    and the end, on 'retain'.
    """
    many = [cell for _ in range(count) for cell in cells]
    names = [f"reference {k}" for k in range(count)]
    keys = jnp.stack([jax_key(problem.model_name, cell.seed, name) for name in names for cell in cells])
    method = REGISTRY["retrain"]
    return problem.model.optimise(
        method.loss(),
        jax.jit(jax.vmap(problem.model.init))(keys),
        problem.pools,
        streams(problem, many, ({}, {}), method),
        {"retain": evaluation_sets(problem, many)["retain"]},
        schedule._replace(record=schedule.epochs),
        [rng for name in names for rng in problem.order_generators(cells, name)],
        progress,
    )


def audit_sets(problem: Problem, cell: Cell) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(pool, rows, labels) of each of `SETS`. Fresh samples are as balanced between the classes as forgotten ones: all
    validation samples, less some of the larger class."""
    data, samples = problem.dataset, problem.samples(cell)
    x, y = data.x_validation, data.y_validation
    rng = generator(data.name, problem.corruption, cell.seed, "fresh")
    chosen = np.sort(poison.forget_order(y, rng)[: 2 * min(np.sum(y), np.sum(1 - y))])
    twin_x, twin_y = poison.twins(data.name, x, y, problem.corruption, f"{cell.seed} validation")
    validation = problem.pools["validation"]
    fresh = validation if twin_x is None else problem.model.encode(twin_x)
    sets = (
        (problem.pools["train"], samples.rows[samples.forget], samples.labels[samples.forget]),
        (fresh, chosen, (y if twin_y is None else twin_y)[chosen]),
        (validation, np.arange(len(y)), y),
    )
    return dict(zip(SETS, sets))


def answers(problem: Problem, cells: list[Cell], variables: tuple[dict, dict]) -> dict[str, np.ndarray]:
    """Logits (R, C, N) by set, of models (params, state) stacked as (R C,), the cell varying fastest."""
    ask = jax.jit(jax.vmap(lambda p, s, pool, rows: problem.model.logits(p, s, pool, rows)[0], (0, 0, None, None)))
    each = []
    for i, cell in enumerate(cells):
        mine = jax.tree.map(lambda a: jnp.asarray(a[i :: len(cells)]), variables)  # noqa: B023
        each.append(
            {
                name: np.asarray(ask(*mine, jnp.asarray(pool, real_dtype()), rows))
                for name, (pool, rows, _) in audit_sets(problem, cell).items()
            }
        )
    return {name: np.stack([logits[name] for logits in each], axis=1) for name in SETS}


def audit(
    problem: Problem,
    cells: list[Cell],
    models: dict[str, tuple[dict, dict]],
    count: int,
    schedules: dict[str, Schedule],
    progress=lambda *_: None,
) -> dict:
    """Logits of `models` (variables stacked over cells, by name) and of `count` retrains on each of the `schedules`.

    Returns 'labels' (C, N) by set, 'models' (C, N) by name and set, 'retrains' (C, K, N) by schedule and set, and
    'failed' (C, K) of whether a retrain diverged, by 'retrains' and schedule.
    """
    sets = [audit_sets(problem, cell) for cell in cells]
    found = {
        "labels": {name: np.stack([one[name][2] for one in sets]) for name in SETS},
        "models": {},
        "retrains": {},
        "failed": {"retrains": {}},
    }
    together = jax.tree.map(lambda *leaves: np.concatenate(leaves), *models.values())
    logits = answers(problem, cells, together)
    for i, name in enumerate(models):
        found["models"][name] = {part: values[i] for part, values in logits.items()}
    for i, (name, schedule) in enumerate(schedules.items()):
        done = retrains(
            problem,
            cells,
            count,
            schedule,
            lambda fraction, text: progress((i + fraction) / len(schedules), f"{name}: {text}"),  # noqa: B023
        )
        logits = answers(problem, cells, (done.params, done.state))
        found["retrains"][name] = {part: values.swapaxes(0, 1) for part, values in logits.items()}
        failed = problem.model.diverged(done.history["retain_loss"])
        found["failed"]["retrains"][name] = failed.reshape(count, len(cells)).T
    return found
