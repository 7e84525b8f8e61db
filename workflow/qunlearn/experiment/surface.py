"""The loss around trained parameters, on the plane of the Hessian's two leading eigenvectors (paper, Fig. 3c).

L(theta + a v_1 + b v_2), with v_1, v_2 the unit eigenvectors of the two largest eigenvalues of the Hessian of the mean
loss over the model's own (poisoned) training set: the plane in which the minimum is steepest.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax.flatten_util import ravel_pytree
from scipy.sparse.linalg import LinearOperator, eigsh

from ..keys import generator
from ..landscape import hessian_product, mean_loss
from ..problem import Cell, Problem
from ..training import real_dtype


class Surface(NamedTuple):
    """`loss` (n, n) in nats at theta + a_i v_1 + b_j v_2; `eigenvalues` (2,) of v_1 and v_2, largest first; NaN where
    the parameters are not finite."""

    loss: np.ndarray
    eigenvalues: np.ndarray


def leading_eigenvectors(product, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The two largest eigenvalues (2,), largest first, and unit eigenvectors (2, P), largest component positive, of
    the symmetric matrix that `product` multiplies a vector (P,) with. Zeros and any two axes where it vanishes, NaN
    where it is not finite."""
    operator = LinearOperator((size, size), matvec=lambda v: np.asarray(product(np.ravel(v))), dtype=float)
    start = generator("surface", "start").standard_normal(size)
    image = np.asarray(product(start))
    if not np.any(image) or not np.all(np.isfinite(image)):
        return 0 * image[:2], np.eye(2, size)
    values, vectors = eigsh(operator, k=2, which="LA", v0=start, tol=1e-8)
    vectors = vectors.T[::-1]
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=1, keepdims=True), axis=1)
    return values[::-1], vectors * np.sign(largest)


def surfaces(
    problem: Problem, cells: list[Cell], trained: tuple[dict, dict], steps: np.ndarray, progress=lambda *_: None
) -> list[Surface]:
    """One surface per cell; `steps` (n,) are the values of a and of b, in the parameters' units."""
    real = real_dtype()
    trained = jax.tree.map(lambda a: jnp.asarray(a, real), trained)
    pool = jnp.asarray(problem.pools["train"], real)
    # of this program only some tens of products are asked: compiled in half the time
    product = jax.jit(partial(hessian_product, problem.model), compiler_options={"xla_backend_optimization_level": 0})

    @jax.jit
    def losses(params, state, rows, labels, plane, points):
        flat, unravel = ravel_pytree(params)
        return jax.lax.map(
            lambda ab: mean_loss(problem.model, unravel(flat + ab @ plane), state, pool, rows, labels), points
        )

    points = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    found = []
    for i, cell in enumerate(cells):
        params, state = jax.tree.map(lambda a: a[i], trained)  # noqa: B023
        samples = problem.samples(cell)
        data = params, state, samples.rows, jnp.asarray(samples.labels, real)
        flat, _ = ravel_pytree(params)
        if np.all(np.isfinite(flat)):
            values, plane = leading_eigenvectors(partial(product, *data[:2], pool, *data[2:]), flat.size)
            loss = np.asarray(losses(*data, plane, points)).reshape(len(steps), len(steps))
        else:
            values, loss = np.full(2, np.nan), np.full((len(steps), len(steps)), np.nan)
        found.append(Surface(loss, values))
        progress((i + 1) / len(cells), f"eigenvalues {values[0]:.3g} and {values[1]:.3g} at alpha {cell.alpha:.2f}")
    return found


def frame(problem: Problem, cell: Cell, surface: Surface, diverged: bool, steps: np.ndarray) -> pd.DataFrame:
    """One row per point of the plane. A run is `collapsed` when its training diverged or its loss is not finite."""
    a, b = np.meshgrid(steps, steps, indexing="ij")
    columns = {"dataset": problem.dataset.name, "model": problem.model_name, "corruption": problem.corruption}
    columns |= {"alpha": cell.alpha, "seed": cell.seed, "a": a.ravel(), "b": b.ravel(), "loss": surface.loss.ravel()}
    columns |= {"eigenvalue_a": surface.eigenvalues[0], "eigenvalue_b": surface.eigenvalues[1]}
    return pd.DataFrame(columns).assign(collapsed=bool(diverged) or not np.all(np.isfinite(surface.loss)))
