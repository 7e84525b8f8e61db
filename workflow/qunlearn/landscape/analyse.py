"""The stage 'landscape': curvature at trained models (paper, Mechanism of resilience)."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.landscape.curvature import Analyser, Curvature
from qunlearn.landscape.hessian import Point
from qunlearn.landscape.trained import (
    in_double,
    require_landscape,
    trained_points,
    validation_accuracy,
)


def analyse(
    problem: Problem, cells: list[Cell], trained: tuple, progress=lambda *_: None
) -> tuple[dict[str, list[Curvature]], np.ndarray]:
    """Curvature at each cell's trained parameters, on its own (poisoned) training set ('train') and
    on clean data ('validation'), and each cell's validation accuracy. `trained` is (params, state),
    cells along the first axis.

    Raises UserError for models without a landscape.
    """
    require_landscape(problem)
    trained = in_double(trained)
    analyser = Analyser(problem.model)
    found: dict[str, list[Curvature]] = {"train": [], "validation": []}
    for cell, point, _ in trained_points(problem, cells, trained):
        curvature = analyser(point)
        found["train"].append(curvature)
        found["validation"].append(analyser(on_validation_data(problem, point)))
        done = len(found["train"]) / len(cells)
        progress(done, f"trace {curvature.trace:.3g} at alpha {cell.alpha:.2f}")
    return found, validation_accuracy(problem, trained)


def on_validation_data(problem: Problem, point: Point) -> Point:
    """The same model, where the loss is that of clean validation data."""
    labels = problem.dataset.y_validation
    return point._replace(
        pool=jnp.asarray(problem.pools["validation"]),
        rows=jnp.arange(len(labels)),
        labels=jnp.asarray(labels, float),
    )
