"""The stage 'landscape': curvature at trained models (paper, Mechanism of resilience)."""

from __future__ import annotations

from typing import Literal

import jax
import numpy as np

from qunlearn.experiment.answers import Answers, validation_answers
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.landscape.complexified import complexified
from qunlearn.landscape.curvature import Analyser, Curvature
from qunlearn.landscape.hessian import Point, logits
from qunlearn.landscape.trained import require_landscape, trained_points
from qunlearn.runtime.errors import UserError
from qunlearn.runtime.keys import generator
from qunlearn.training.losses import in_precision


def analyse(
    problem: Problem,
    cells: list[Cell],
    trained: tuple,
    progress=lambda *_: None,
    *,
    samples: int | None = None,
    trace: Literal["plain", "complexified"] = "plain",
) -> tuple[dict[str, list[Curvature]], Answers]:
    """Curvature at each cell's trained parameters, on its own (poisoned) training set ('train') and
    on clean data ('validation'), and each cell's answers on validation data. `trained` is (params,
    state), cells along the first axis.

    `samples`: so many validation samples alone, the same for every cell; `trace`: in real
    parameters, or summed over real and imaginary parts (`landscape.complexified`).

    Raises UserError for models without a landscape, and for more samples than there are.
    """
    require_landscape(problem)
    trained = in_precision(trained)
    analyser = Analyser(problem.model)
    chosen = chosen_samples(problem, samples)
    found: dict[str, list[Curvature]] = {"train": [], "validation": []}
    for cell, point, _ in trained_points(problem, cells, trained):
        points = {"train": point, "validation": on_validation_data(problem, point, chosen)}
        for part, here in points.items():
            curvature = analyser(here)
            if trace == "complexified":
                curvature = _in_complex_parameters(problem, part, here, curvature)
            found[part].append(curvature)
        done = len(found["train"]) / len(cells)
        progress(done, f"trace {found['train'][-1].trace:.3g} at alpha {cell.alpha:.2f}")
    return found, validation_answers(problem, trained)


def chosen_samples(problem: Problem, samples: int | None) -> np.ndarray:
    """Numbers of as many validation samples, drawn by the dataset's name alone; all of them for
    None."""
    there = len(problem.dataset.y_validation)
    if samples is None:
        return np.arange(there)
    if samples > there:
        raise UserError(
            f"landscape.samples: {samples} are more than the {there} validation samples of "
            f"{problem.dataset.name}; choose fewer, or null for all."
        )
    order = generator(problem.dataset.name, "landscape samples").permutation(there)
    return np.sort(order[:samples])


def on_validation_data(problem: Problem, point: Point, chosen: np.ndarray | None = None) -> Point:
    """The same model, where the loss is that of clean validation data, all or those `chosen`."""
    chosen = chosen_samples(problem, None) if chosen is None else chosen
    labels = in_precision(problem.dataset.y_validation)[chosen]
    pool, rows, labels = jax.device_put((problem.pools["validation"], chosen, labels))
    return point._replace(pool=pool, rows=rows, labels=labels)


def _in_complex_parameters(
    problem: Problem, part: str, point: Point, plain: Curvature
) -> Curvature:
    """The curvature at a point on the samples of a part, summed over real and imaginary parts."""
    x = problem.raw_samples(part)[np.asarray(point.rows)]
    slopes = problem.model.imaginary_slopes(point.params, x)
    z = np.asarray(logits(problem.model, point))
    return complexified(plain, z, np.asarray(point.labels), slopes)
