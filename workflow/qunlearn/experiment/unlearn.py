"""Unlearn the poison from trained models (paper, Results: Quantum machine unlearning)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.experiment.around import Around
from qunlearn.experiment.problem import Cell, Problem, Samples, stack
from qunlearn.grid.names import base
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import where
from qunlearn.runtime.errors import UserError
from qunlearn.runtime.keys import generator
from qunlearn.training.evaluate import evaluate
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
    goes on with it, else starts anew. A cell may occur several times.
    `evals`: what learning curves are of, by default the `evaluation_sets`, for which all cells share
    one alpha, so that as many of their samples are corrupted.
    `weights`: (cells,) values of the method's options that differ between cells; `rates`: (cells,)
    learning rates instead of the schedule's.
    `origins`: the cells whose forget sets these are and whose models are `poisoned`, by default the
    cells themselves; these then tell only minibatches and fresh parameters apart.

    A method without a loss gives learning curves of two points, before and after it; what one does
    after the loop is in the last point.

    Raises UserError for a method that the model cannot follow.
    """
    for problem_found in method.problems(problem.declared):
        raise UserError(problem_found)
    origins = origins or cells
    start = poisoned
    if method.fresh:
        start = problem.initial([cell.seed for cell in cells], "retrain")
    data = loss_data(problem, origins, poisoned, method, weights or {})
    if rates is not None:
        data["pace"] = np.asarray(rates) / schedule.learning_rate
    aside = schedule.set_aside
    if evals is None:
        evals = evaluation_sets(problem, origins, aside)
    around = Around(problem, cells, origins, poisoned, method, data["weights"], aside)
    if method.defines("mask"):
        data["mask"] = around.apply("mask", start[0])
    if not method.defines("loss"):
        return _at_once(around, start, evals, progress)
    if method.defines("before"):
        start = (around.apply("before", start[0]), *start[1:])
    workload = Workload(
        loss=partial(method_loss, method),
        start=start,
        pools=problem.pools,
        streams=streams(problem, origins, poisoned, method, aside),
        evals=evals,
        schedule=schedule,
        generators=problem.order_generators(cells, method.name()),
        data=data,
        reads_parameters=method.reads_parameters(),
    )
    done = problem.model.optimise(workload, progress)
    return _ended(around, done, evals) if method.defines("after") else done


# -- what is done outside the loop -----------------------------------------------------------------
def _at_once(around: Around, start: tuple, evals: dict[str, EvalSet], progress) -> Trained:
    """The result of a method that has no loss."""
    problem = around.problem
    params = around.apply("before", start[0], progress)
    begun = evaluate(problem.model, start[:2], problem.pools, evals)
    ended = evaluate(problem.model, (params, start[1]), problem.pools, evals)
    curves = {name: np.stack([begun[name], ended[name]], axis=1) for name in begun}
    return Trained(params, start[1], curves)


def _ended(around: Around, done: Trained, evals: dict[str, EvalSet]) -> Trained:
    """What the method makes of the end of its loop, with it as the last point of the curves."""
    problem = around.problem
    params = around.apply("after", done.params)
    ended = evaluate(problem.model, (params, done.state), problem.pools, evals)
    curves = {}
    for name, values in done.learning_curves.items():
        curves[name] = np.concatenate([values[:, :-1], ended[name][:, None]], axis=1)
    return done._replace(params=params, learning_curves=curves)


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
    """The streams that the method's loss reads, with the logits of the teachers that it asks for
    and the labels that it gives the forget set; `aside`: fraction of the training samples that is
    not read."""
    samples = [problem.samples(cell, aside) for cell in cells]
    teachers = {"teacher": None, "untrained": None}
    if method.teacher:
        teachers["teacher"] = pool_logits(problem, poisoned)
    if method.untrained_teacher:
        new = problem.initial([cell.seed for cell in cells], "retrain")
        teachers["untrained"] = pool_logits(problem, new)
    found = {}
    for name in method.reads():
        masks = _masks(samples, name)
        rows = [one.rows[mask] for one, mask in zip(samples, masks)]
        labels = [one.labels[mask] for one, mask in zip(samples, masks)]
        if name == "forget":
            labels = map(partial(_relabelled, problem, method), cells, labels)
        rows, counts = _filled(rows)
        labels, _ = _filled(labels)
        given = {"counts": counts}
        for teacher, logits in teachers.items():
            given[teacher] = None if logits is None else np.take_along_axis(logits, rows, axis=1)
        found[name] = Stream(rows, labels, **given)
    return found


def _filled(arrays) -> tuple[np.ndarray, np.ndarray | None]:
    """Arrays (n,) of each cell as one, (cells, most), shorter ones filled up with their first element,
    and how many each has; None where all have as many."""
    arrays = list(arrays)
    counts = np.array([len(array) for array in arrays])
    most = counts.max()
    if np.all(counts == most):
        return stack(arrays), None
    rest = [np.repeat(array[:1], most - len(array)) for array in arrays]
    return stack(map(np.concatenate, zip(arrays, rest))), counts


def _relabelled(problem: Problem, method: UnlearningMethod, cell: Cell, labels) -> np.ndarray:
    """Labels of a cell's forget set as the method sees them; draws are those of every model and
    method."""
    names = problem.dataset.name, base(problem.corruption), f"{cell.alpha:.4f}", cell.seed
    return method.relabel(labels, generator(*names, "relabel"))


def _masks(samples: list[Samples], name: str) -> list[np.ndarray]:
    """Which training samples of each cell are 'retain' or 'forget', or clean ones 'set_aside'."""
    if name == "forget":
        return [one.forget & ~one.aside for one in samples]
    if name == "set_aside":
        return [~one.forget & one.aside for one in samples]
    return [~one.forget & ~one.aside for one in samples]


def pool_logits(problem: Problem, variables: tuple) -> np.ndarray:
    """(cells, M) logits of models (params, state) for the whole pool of training samples."""
    pool = jax.device_put(in_precision(problem.pools["train"]))

    def logits(pool, params, state):
        return problem.model.logits(params, state, pool)[0]

    params, state = variables[:2]
    return np.asarray(of_all(logits, pool, params, state))


def evaluation_sets(problem: Problem, cells: list[Cell], aside: float = 0.0) -> dict[str, EvalSet]:
    """'train' (poisoned samples and labels), 'validation', 'retain' and 'forget' (clean samples and
    labels), of a backdoor also 'triggered'. Where a fraction of the training samples is set
    `aside`, these lack it, and its clean part is 'set_aside'. What is forgotten and retained is
    what is corrupted and what is not, whatever unlearning was told."""
    samples = [problem.samples(cell, aside) for cell in cells]
    samples = [one._replace(forget=one.corrupted) for one in samples]
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
