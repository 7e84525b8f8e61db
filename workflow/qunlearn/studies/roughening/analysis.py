"""Loss and Hessian trace of trained models on three sets of samples and labels."""

from __future__ import annotations

import jax
import numpy as np

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.landscape.analyse import on_validation_data
from qunlearn.landscape.curvature import trace
from qunlearn.landscape.hessian import Point, finite, mean_loss
from qunlearn.landscape.trained import require_landscape, trained_points
from qunlearn.training.losses import in_precision


def analyse(
    problem: Problem,
    cells: list[Cell],
    trained: tuple[dict, dict],
    settings: dict,
    progress=lambda *_: None,
) -> list[dict[str, dict[str, float]]]:
    """Per cell and set of `table.SETS`: the mean `loss`, nats, and the `trace` of its Hessian, nats per
    squared parameter; NaN where parameters are not finite. `trained` is (params, state), cells
    along the first axis.

    Raises UserError for models without a landscape.
    """
    require_landscape(problem)

    @jax.jit
    def measure(point):
        return mean_loss(problem.model, point), trace(problem.model, point)

    found = []
    for cell, point, _ in trained_points(problem, cells, trained):
        points = {
            "own": point,
            "clean": _without_poison(problem, cell, point),
            "validation": on_validation_data(problem, point),
        }
        found.append({name: _measured(measure, here) for name, here in points.items()})
        text = f"trace {found[-1]['own']['trace']:.3g} at alpha {cell.alpha:.2f}"
        progress(len(found) / len(cells), text)
    return found


def _without_poison(problem: Problem, cell: Cell, point: Point) -> Point:
    """The same model on its training set, samples and labels as they were before."""
    samples = problem.samples(cell)
    rows, labels = jax.device_put((samples.clean_rows, in_precision(samples.clean_labels)))
    return point._replace(rows=rows, labels=labels)


def _measured(measure, point: Point) -> dict[str, float]:
    if not finite(point.params):
        return {"loss": np.nan, "trace": np.nan}
    loss, roughness = measure(point)
    return {"loss": float(loss), "trace": float(roughness)}
