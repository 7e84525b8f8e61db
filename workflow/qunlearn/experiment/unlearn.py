"""Unlearn the poison from trained models (paper, Results: Quantum machine unlearning)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.experiment.problem import Cell, Problem, Samples, stack
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import where
from qunlearn.runtime.errors import UserError
from qunlearn.training.losses import in_precision
from qunlearn.training.replicas import of_all
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import EvalSet, Stream
from qunlearn.training.workload import Trained, Workload


def unlearn(
    problem: Problem,
    cells: list[Cell],
    poisoned: tuple,
    method: UnlearningMethod,
    schedule: Schedule,
    progress: Callable = lambda *_: None,
    evals: dict[str, EvalSet] | None = None,
    weights: dict[str, np.ndarray] | None = None,
    origins: list[Cell] | None = None,
    rates: np.ndarray | None = None,
) -> Trained:
    """Unlearn the forget set of each cell from its own poisoned model.

    `poisoned`: (params, state) stacked over cells; with Adam's state as a third part, the optimiser
    goes on with it, else starts anew. All cells share one alpha, so that their retain and forget
    sets have equal sizes; a cell may occur several times.
    `evals`: what learning curves are of, by default the `evaluation_sets`.
    `weights`: (cells,) values of the method's options that differ between cells; `rates`: (cells,)
    learning rates instead of the schedule's.
    `origins`: the cells whose forget sets these are and whose models are `poisoned`, by default the
    cells themselves; these then tell only minibatches and fresh parameters apart.

    Raises UserError for a method that a model fitted in one call cannot follow.
    """
    require_method(problem, method)
    origins = origins or cells
    start = poisoned
    if method.fresh:
        start = problem.initial([cell.seed for cell in cells], "retrain")
    data = loss_data(problem, origins, poisoned, method, weights or {})
    if rates is not None:
        data["pace"] = np.asarray(rates) / schedule.learning_rate
    aside = schedule.set_aside
    workload = Workload(
        loss=partial(method_loss, method),
        start=start,
        pools=problem.pools,
        streams=streams(problem, origins, poisoned, method, aside),
        evals=evaluation_sets(problem, origins, aside) if evals is None else evals,
        schedule=schedule,
        generators=problem.order_generators(cells, method.name()),
        data=data,
    )
    return problem.model.optimise(workload, progress)


def require_method(problem: Problem, method: UnlearningMethod) -> None:
    """Raises UserError where a model is fitted in one call and the method is more than a fit."""
    if problem.declared.fitted and method.arguments() != ("retain",):
        raise UserError(
            f"{problem.declared.name()} is fitted in one call, to the retain set alone, and cannot "
            f"follow '{method.name()}': use a method that reads nothing else, or leave the model "
            "out under unlearning.architectures."
        )


# -- the loss --------------------------------------------------------------------------------------
def method_loss(method: UnlearningMethod, batches: dict, params: dict, data: dict):
    """The method's loss of one replica, with what it asks for by name."""
    method = method.model_copy(update=data["weights"])
    known = {**batches, "params": params, "step": data["epoch"], **data["anchors"]}
    loss = method.loss(**{name: known[name] for name in method.arguments()})
    if jnp.shape(loss) != ():
        raise UserError(
            f"{where(method.loss)}: {method.loss.__qualname__} returns shape {jnp.shape(loss)}; "
            "one number is asked for."
        )
    return loss


def loss_data(
    problem: Problem,
    cells: list[Cell],
    poisoned: tuple,
    method: UnlearningMethod,
    weights: dict[str, np.ndarray],
) -> dict:
    """What the loss is given for every cell: 'weights', real options of the method by name, its own
    or those of `weights`, and 'anchors', parameters that it asks for.

    Weights are data and no constants of the program: one compilation serves all of their values.
    """
    own = {name: value for name, value in method if isinstance(value, float)}
    by_cell = {}
    for name, value in {**own, **weights}.items():
        by_cell[name] = np.broadcast_to(value, len(cells))
    asked = method.arguments()
    anchors = {}
    if "start" in asked:
        seeds = [cell.seed for cell in cells]
        anchors["start"], _ = problem.initial(seeds)
    if "poisoned" in asked:
        anchors["poisoned"] = poisoned[0]
    return {"weights": by_cell, "anchors": anchors}


# -- samples ---------------------------------------------------------------------------------------
def streams(
    problem: Problem,
    cells: list[Cell],
    poisoned: tuple,
    method: UnlearningMethod,
    aside: float = 0.0,
) -> dict[str, Stream]:
    """The streams that the method's loss reads, with the poisoned models' logits where it asks for
    them; `aside`: fraction of the training samples that is not read."""
    samples = [problem.samples(cell, aside) for cell in cells]
    logits = _teacher(problem, poisoned) if method.teacher else None
    found = {}
    for name in method.reads():
        masks = _masks(samples, name)
        rows = stack(one.rows[mask] for one, mask in zip(samples, masks))
        labels = stack(one.labels[mask] for one, mask in zip(samples, masks))
        teacher = None
        if logits is not None:
            teacher = np.take_along_axis(logits, rows, axis=1)
        found[name] = Stream(rows, labels, teacher)
    return found


def _masks(samples: list[Samples], name: str) -> list[np.ndarray]:
    """Which training samples of each cell are 'retain' or 'forget', or clean ones 'set_aside'."""
    if name == "forget":
        return [one.forget & ~one.aside for one in samples]
    if name == "set_aside":
        return [~one.forget & one.aside for one in samples]
    return [~one.forget & ~one.aside for one in samples]


def _teacher(problem: Problem, poisoned: tuple) -> np.ndarray:
    """(cells, M) logits of the poisoned models for the whole pool of training samples."""
    pool = jax.device_put(in_precision(problem.pools["train"]))

    def logits(pool, params, state):
        return problem.model.logits(params, state, pool)[0]

    params, state = poisoned[:2]
    return np.asarray(of_all(logits, pool, params, state))


def evaluation_sets(problem: Problem, cells: list[Cell], aside: float = 0.0) -> dict[str, EvalSet]:
    """'train' (poisoned samples and labels), 'validation', 'retain' and 'forget' (clean samples and
    labels), of a backdoor also 'triggered'. Where a fraction of the training samples is set
    `aside`, these lack it, and its clean part is 'set_aside'."""
    samples = [problem.samples(cell, aside) for cell in cells]
    rows = stack(one.rows[~one.aside] for one in samples)
    labels = stack(one.labels[~one.aside] for one in samples)
    found = {
        "train": EvalSet("train", rows, labels),
        **problem.validation_sets(len(cells)),
    }
    names = ("retain", "forget", "set_aside") if aside else ("retain", "forget")
    for name in names:
        masks = _masks(samples, name)
        rows = stack(one.clean_rows[mask] for one, mask in zip(samples, masks))
        labels = stack(one.clean_labels[mask] for one, mask in zip(samples, masks))
        found[name] = EvalSet("train", rows, labels)
    return found
