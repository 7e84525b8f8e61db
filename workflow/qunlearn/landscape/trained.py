"""Trained models as points of their loss landscapes, which analyses of single models start from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import jax
import numpy as np

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.landscape.hessian import Point
from qunlearn.runtime.errors import UserError
from qunlearn.runtime.keys import generator
from qunlearn.training.losses import in_precision


class TrainedPoint(NamedTuple):
    """A trained model on the samples that it was trained on, of which some are `corrupted` (N,)."""

    cell: Cell
    point: Point
    corrupted: np.ndarray


def require_landscape(problem: Problem) -> None:
    """Raises UserError for a model whose parameters are not what a loss was minimised over."""
    if not problem.model.landscape:
        raise UserError(
            f"{problem.model_name} keeps training samples, not parameters of a loss, so it has no "
            "loss landscape: name another architecture for it under landscape.architectures."
        )


def trained_points(problem: Problem, cells: list[Cell], trained: tuple) -> Iterator[TrainedPoint]:
    """Every cell's trained model, in double precision; `trained` is (params, state), cells along
    the first axis."""
    trained = in_precision(trained)
    pool = jax.device_put(problem.pools["train"])
    for i, cell in enumerate(cells):
        params, state = jax.device_put(jax.tree.map(lambda leaf: leaf[i], trained))  # noqa: B023
        samples = problem.samples(cell)
        rows, labels = jax.device_put((samples.rows, in_precision(samples.labels)))
        yield TrainedPoint(cell, Point(params, state, pool, rows, labels), samples.forget)


def draws(problem: Problem, cell: Cell, purpose: str) -> np.random.Generator:
    """The random generator of a cell for one purpose."""
    names = problem.dataset.name, problem.model_name, problem.corruption
    return generator(*names, f"{cell.alpha:.4f}", cell.seed, purpose)
