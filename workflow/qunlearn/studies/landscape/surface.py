"""The loss around trained parameters, on the plane of the Hessian's two leading eigenvectors
(paper, Fig. 3c).

L(theta + a v_1 + b v_2), with v_1, v_2 the unit eigenvectors of the two largest eigenvalues of the
Hessian of the mean loss over the model's own (poisoned) training set: the plane in which the
minimum is steepest.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.landscape.curvature import own_terms
from qunlearn.landscape.hessian import (
    Point,
    finite,
    flattened,
    hessian_product,
    leading_eigenpairs,
    mean_loss,
)
from qunlearn.landscape.trained import trained_points
from qunlearn.runtime.keys import generator


class Surface(NamedTuple):
    """`loss` (n, n) in nats at theta + a_i v_1 + b_j v_2; `eigenvalues` (2,) of v_1 and v_2,
    largest first; NaN where the parameters are not finite."""

    loss: np.ndarray
    eigenvalues: np.ndarray


class Surveyor:
    """Compiled surfaces of one model; `steps` (n,) are the values of a and of b, in the parameters'
    units."""

    def __init__(self, model, steps: np.ndarray):
        self.model, self.steps = model, steps
        # of this program only some tens of products are asked: compiled in half the time
        quickly = {"xla_backend_optimization_level": 0}
        self._product = jax.jit(partial(hessian_product, model), compiler_options=quickly)
        self._losses = jax.jit(partial(losses_on, model))

    def __call__(self, point: Point) -> Surface:
        """The loss on the plane through a point."""
        a, b = np.meshgrid(self.steps, self.steps, indexing="ij")  # both (n, n)
        if not finite(point.params):
            return Surface(np.full(a.shape, np.nan), np.full(2, np.nan))
        eigenvalues, plane = self.leading_plane(point)
        places = np.stack([a.ravel(), b.ravel()], axis=-1)
        loss = np.asarray(self._losses(point, plane, places))
        return Surface(loss.reshape(a.shape), eigenvalues)

    def leading_plane(self, point: Point) -> tuple[np.ndarray, np.ndarray]:
        """The Hessian's two largest eigenvalues (2,), largest first, and their unit eigenvectors
        (2, P), largest component positive."""
        vector, _ = flattened(point)
        start = generator("surface", "start").standard_normal(vector.size)
        product = self._product_at(point)
        values, vectors = leading_eigenpairs(product, start, count=2)
        largest = np.abs(vectors).argmax(axis=1, keepdims=True)
        signs = np.sign(np.take_along_axis(vectors, largest, axis=1))
        return values, vectors * signs

    def _product_at(self, point: Point):
        """A function that multiplies the Hessian with a vector."""
        terms = own_terms(self.model, point)
        return partial(self._product, point) if terms is None else partial(np.matmul, sum(terms))


def losses_on(model, point: Point, plane: jnp.ndarray, places: jnp.ndarray) -> jnp.ndarray:
    """(K,) losses at coordinates `places` (K, 2) on the plane that two directions (2, P) span from
    a point."""
    vector, at = flattened(point)
    return jax.lax.map(lambda place: mean_loss(model, at(vector + place @ plane)), places)


def surfaces(
    problem: Problem,
    cells: list[Cell],
    trained: tuple[dict, dict],
    steps: np.ndarray,
    progress=lambda *_: None,
) -> list[Surface]:
    """One surface per cell; `steps` as for `Surveyor`, `trained` is (params, state), cells along
    the first axis."""
    survey = Surveyor(problem.model, steps)
    found = []
    for cell, point, _ in trained_points(problem, cells, trained):
        found.append(survey(point))
        first, second = found[-1].eigenvalues
        text = f"eigenvalues {first:.3g} and {second:.3g} at alpha {cell.alpha:.2f}"
        progress(len(found) / len(cells), text)
    return found


def frame(
    problem: Problem, cell: Cell, surface: Surface, diverged: bool, steps: np.ndarray
) -> pd.DataFrame:
    """One row per point of the plane. A run is `collapsed` when its training diverged or its loss
    is not finite."""
    a, b = np.meshgrid(steps, steps, indexing="ij")
    table = pd.DataFrame({"a": a.ravel(), "b": b.ravel(), "loss": surface.loss.ravel()})
    names = {
        "dataset": problem.dataset.name,
        "model": problem.model_name,
        "corruption": problem.corruption,
        "alpha": cell.alpha,
        "seed": cell.seed,
    }
    first, second = surface.eigenvalues
    collapsed = bool(diverged) or not np.all(np.isfinite(surface.loss))
    table = table.assign(**names, eigenvalue_a=first, eigenvalue_b=second, collapsed=collapsed)
    return table[[*names, "a", "b", "loss", "eigenvalue_a", "eigenvalue_b", "collapsed"]]
