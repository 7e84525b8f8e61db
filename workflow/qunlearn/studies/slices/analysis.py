"""The loss along lines through trained models: random directions, and the Hessian's top eigenvector
(paper, Supplementary Information, Section I)."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.landscape.curvature import Hessians
from qunlearn.landscape.hessian import (
    DENSE,
    Point,
    finite,
    flattened,
    hessian_product,
    mean_loss,
    size,
    top_eigenpair,
)
from qunlearn.landscape.spectrum import restrict
from qunlearn.landscape.trained import draws, require_landscape, trained_points


def analyse(
    problem: Problem,
    cells: list[Cell],
    trained: tuple[dict, dict],
    settings: dict,
    progress=lambda *_: None,
) -> list[dict]:
    """Per cell, the loss on its own training set at parameters theta + t d: `random` (directions,
    T), d filter-normalised; `top` (T,), d the Hessian's top eigenvector with |d| = |theta|;
    `top_eigenvalue`. The displacements `t_random`, `t_top` (T,) are thus relative to the size of
    the parameters.

    `settings`: `extent`, the largest t of either kind; `points` on either side of the trained
    model; number of random `directions`. `trained` is (params, state), cells along the first axis.

    Raises UserError for models without a landscape.
    """
    require_landscape(problem)
    slicer = Slicer(problem.model)
    points = 2 * settings["points"] + 1
    steps = {kind: np.linspace(-end, end, points) for kind, end in settings["extent"].items()}
    found = []
    for cell, point, _ in trained_points(problem, cells, trained):
        draw = draws(problem, cell, "directions")
        directions = [filter_normalised(point.params, draw) for _ in range(settings["directions"])]
        random = [slicer.line(steps["random"], point, direction) for direction in directions]
        eigenvalue, top = slicer.along_top_eigenvector(steps["top"], point)
        found.append(
            {
                "t_random": steps["random"],
                "t_top": steps["top"],
                "random": np.array(random),
                "top": top,
                "top_eigenvalue": eigenvalue,
            }
        )
        text = f"top eigenvalue {eigenvalue:.3g} at alpha {cell.alpha:.2f}"
        progress(len(found) / len(cells), text)
    return found


class Slicer:
    """Compiled lines through points of one model's landscape."""

    def __init__(self, model):
        self.model = model
        self.line = jax.jit(partial(line, model))
        self._hessian = Hessians(model)
        self._product = jax.jit(partial(hessian_product, model))

    def along_top_eigenvector(self, steps: np.ndarray, point: Point) -> tuple[float, np.ndarray]:
        """The Hessian's largest eigenvalue, and the losses (T,) along its eigenvector; NaN where
        parameters are not finite."""
        if not finite(point.params):
            return np.nan, np.full(len(steps), np.nan)
        whole, _ = flattened(point)
        length = jnp.linalg.norm(whole)
        # the eigenvector lies in the span of the samples, where there are fewer parameters
        point, _ = restrict(self.model, point)
        _, unravel = ravel_pytree(point.params)
        value, vector = self.top_eigenpair(point)
        losses = self.line(steps, point, unravel(length * vector))
        return value, np.asarray(losses)

    def top_eigenpair(self, point: Point) -> tuple[float, np.ndarray]:
        """The Hessian's largest eigenvalue and its unit eigenvector (P,)."""
        parameters = size(point.params)
        if parameters <= DENSE:
            values, vectors = np.linalg.eigh(self._hessian(point))
            return float(values[-1]), vectors[:, -1]
        return top_eigenpair(partial(self._product, point), parameters)


def line(model, steps: jnp.ndarray, point: Point, direction: dict) -> jnp.ndarray:
    """(T,) losses at the parameters plus `steps` (T,) times a direction of their structure."""

    def loss_at(step):
        def moved(leaf, along):
            return leaf + step * along

        params = jax.tree.map(moved, point.params, direction)
        return mean_loss(model, point._replace(params=params))

    return jax.lax.map(loss_at, steps)


def filter_normalised(params: dict, draw: np.random.Generator) -> dict:
    """A random direction with the length of the parameters, filter by filter (Li et al., NeurIPS
    2018): Gaussian, then scaled to the norm of the weights into each unit, or of a whole array
    where it has one axis."""

    def like(leaf):
        noise = draw.normal(size=leaf.shape)
        return jnp.asarray(noise * filter_lengths(leaf) / filter_lengths(noise))

    return jax.tree.map(like, params)


def filter_lengths(leaf: np.ndarray) -> np.ndarray:
    """Norms of the weights into each unit, which the last axis counts, or of an array with one
    axis; of as many axes as the array has."""
    axes = tuple(range(max(1, leaf.ndim - 1))) if leaf.ndim else None
    squares = np.sum(np.square(leaf), axis=axes, keepdims=True)
    return np.sqrt(squares)
