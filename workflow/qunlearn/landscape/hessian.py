"""The Hessian of a mean loss: the whole matrix, its product with a vector, its leading eigenpairs.

The loss is the mean binary cross-entropy over a set of samples; H is the matrix of its second
derivatives in the model's parameters, taken as one vector.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from scipy.sparse.linalg import LinearOperator, eigsh

from qunlearn.training.losses import cross_entropy

#: Most parameters whose Hessian is diagonalised in full; above, Lanczos finds leading eigenpairs.
DENSE = 512


class Point(NamedTuple):
    """Where a loss is looked at: a model's variables, and the samples that the loss is the mean
    over, which are `rows` (N,) of the `pool` of features with `labels` (N,)."""

    params: dict
    state: dict
    pool: jnp.ndarray
    rows: jnp.ndarray
    labels: jnp.ndarray


def flattened(point: Point) -> tuple[jnp.ndarray, Callable[[jnp.ndarray], Point]]:
    """The parameters as a vector (P,), and a function that puts another one in their place."""
    vector, unravel = ravel_pytree(point.params)
    return vector, lambda other: point._replace(params=unravel(other))


def finite(params: dict) -> bool:
    """True if no parameter is infinite or not a number."""
    return all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(params))


def size(params: dict) -> int:
    """P, the number of parameters."""
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def logits(model, point: Point) -> jnp.ndarray:
    """(N,) logits of the samples."""
    return model.logits(point.params, point.state, point.pool, point.rows)[0]


def mean_loss(model, point: Point) -> jnp.ndarray:
    """Mean binary cross-entropy over the samples, nats."""
    return jnp.mean(cross_entropy(logits(model, point), point.labels))


def hessian(model, point: Point) -> jnp.ndarray:
    """(P, P) Hessian of the mean loss."""
    start, at = flattened(point)
    return jax.hessian(lambda vector: mean_loss(model, at(vector)))(start)


def hessian_product(model, point: Point, direction: jnp.ndarray) -> jnp.ndarray:
    """(P,) Hessian of the mean loss times a vector (P,)."""
    start, at = flattened(point)
    gradient = jax.grad(lambda vector: mean_loss(model, at(vector)))
    return jax.jvp(gradient, (start,), (direction,))[1]


def leading_eigenpairs(
    product: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    count: int = 1,
    tolerance: float = 1e-8,
) -> tuple[np.ndarray, np.ndarray]:
    """The `count` largest eigenvalues, largest first, and their unit eigenvectors (count, P).

    By Lanczos from the vector `start` (P,); `product` multiplies the symmetric matrix with such a
    vector; `tolerance` is relative. Where the matrix vanishes, the eigenvalues are zero, where it
    is not finite, NaN; the eigenvectors are then any axes.
    """
    image = np.asarray(product(start))
    if not np.all(np.isfinite(image)):
        return np.full(count, np.nan), np.eye(count, start.size)
    if not np.any(image):
        return np.zeros(count), np.eye(count, start.size)
    operator = LinearOperator(
        shape=(start.size, start.size),
        matvec=lambda vector: np.asarray(product(np.ravel(vector))),
        dtype=image.dtype,
    )
    values, vectors = eigsh(operator, k=count, which="LA", v0=start, tol=tolerance)
    return values[::-1], vectors.T[::-1]


def top_eigenpair(
    product: Callable[[np.ndarray], np.ndarray], size: int, tolerance: float = 1e-8
) -> tuple[float, np.ndarray]:
    """The largest eigenvalue and its unit eigenvector (size,), as of `leading_eigenpairs`, from the
    product with a vector of ones."""
    start = np.asarray(product(np.ones(size)))
    values, vectors = leading_eigenpairs(product, start, tolerance=tolerance)
    return float(values[0]), vectors[0]
