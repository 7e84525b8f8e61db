"""The eigenvalue distribution of a loss's Hessian: exact where it can be diagonalised, else by
stochastic Lanczos quadrature (Ubaru, Chen & Saad, SIAM J. Matrix Anal. Appl. 38, 1075, 2017;
Ghorbani, Krishnan & Xiao, ICML 2019).

Quadrature: m Lanczos steps from a random unit vector v give a tridiagonal matrix T with eigenvalues
t_k, the nodes, and first components u_k of its eigenvectors, so that
    v^T f(H) v ~ sum_k u_k^2 f(t_k),
exact for polynomials f up to degree 2m - 1. The mean over random v, times the dimension, estimates
Tr f(H): the nodes with weights u_k^2 stand for the spectrum.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.landscape.curvature import Hessians
from qunlearn.landscape.hessian import Point, flattened, hessian_product

#: An off-diagonal element of T below this fraction of its largest ends the Krylov space.
KRYLOV_TOLERANCE = 1e-14


class Spectrum(NamedTuple):
    """Eigenvalues (probes, K) and how many of the P eigenvalues each stands for; weights sum to P
    in every row. One row if `exact`, else a row of quadrature nodes per probe; the last column is
    zero, for what `restrict` left out."""

    eigenvalues: np.ndarray
    weights: np.ndarray
    exact: bool


def restrict(model, point: Point) -> tuple[Point, int]:
    """The same loss with fewer parameters, where the model knows that its samples cannot move the
    others; and how many zero eigenvalues are thereby left out."""
    rows = np.asarray(point.rows)
    used = np.asarray(point.pool)[rows]  # (N, ...)
    params, used, absent = model.restricted(point.params, used)
    less = point._replace(
        params=params,
        pool=jnp.asarray(used),
        rows=jnp.arange(len(used)),
    )
    return less, absent


def lanczos(product, start: jnp.ndarray, steps: int) -> tuple[jnp.ndarray, jnp.ndarray]:
    """Diagonal (m,) and off-diagonal (m,) of T after m steps from the unit vector `start` (P,),
    with full reorthogonalisation. A zero off-diagonal element ends the Krylov space: T is valid up
    to it."""

    def step(basis_and_vector, k):
        basis, vector = basis_and_vector
        basis = basis.at[k].set(vector)
        image = product(vector)
        diagonal = image @ vector
        for _ in range(2):  # twice is enough (Kahan)
            image = image - basis.T @ (basis @ image)
        offdiagonal = jnp.linalg.norm(image)
        vector = jnp.where(offdiagonal > 0, image / offdiagonal, 0)
        return (basis, vector), (diagonal, offdiagonal)

    basis = jnp.zeros((steps, start.size), start.dtype)  # rows fill up as steps are made
    _, tridiagonal = jax.lax.scan(step, (basis, start), jnp.arange(steps))
    return tridiagonal


def quadrature(diagonal, offdiagonal) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights (m,) of the tridiagonal matrix; the weights sum to one. Steps after the
    Krylov space's end get weight zero."""
    diagonal, offdiagonal = np.asarray(diagonal), np.asarray(offdiagonal)
    size = _krylov_dimension(diagonal, offdiagonal)
    beside = offdiagonal[: size - 1]
    matrix = np.diag(diagonal[:size])
    matrix += np.diag(beside, 1) + np.diag(beside, -1)
    nodes, vectors = np.linalg.eigh(matrix)
    weights = vectors[0] ** 2
    padding = (0, len(diagonal) - size)
    return np.pad(nodes, padding), np.pad(weights, padding)


def _krylov_dimension(diagonal: np.ndarray, offdiagonal: np.ndarray) -> int:
    """How many steps come before the first element off the diagonal that vanishes."""
    scale = max(np.abs(diagonal).max(), offdiagonal.max())
    ends = np.flatnonzero(offdiagonal <= KRYLOV_TOLERANCE * scale)
    return int(ends[0]) + 1 if ends.size else len(diagonal)


class Spectrometer:
    """Compiled spectra of one model: exact up to `exact` parameters, else by `probes` random
    vectors of `steps` Lanczos steps."""

    def __init__(self, model, exact: int, steps: int, probes: int):
        self.model, self.exact, self.probes = model, exact, probes
        self._hessian = Hessians(model)
        self._lanczos = jax.jit(partial(_lanczos_at, model, steps))

    def __call__(self, point: Point, generator: np.random.Generator) -> Spectrum:
        """Spectrum of the mean loss at a point; `generator` draws the random vectors' signs."""
        point, absent = restrict(self.model, point)
        start, _ = flattened(point)
        exact = start.size <= self.exact
        if exact:
            eigenvalues, weights = self._by_diagonalisation(point)
        else:
            eigenvalues, weights = self._by_quadrature(point, start.size, generator)
        one_more = ((0, 0), (0, 1))
        weights = np.pad(weights, one_more, constant_values=absent)
        return Spectrum(np.pad(eigenvalues, one_more), weights, exact)

    def _by_diagonalisation(self, point: Point) -> tuple[np.ndarray, np.ndarray]:
        eigenvalues = np.linalg.eigvalsh(self._hessian(point))[None]  # (1, P)
        return eigenvalues, np.ones_like(eigenvalues)

    def _by_quadrature(self, point: Point, size: int, generator) -> tuple[np.ndarray, np.ndarray]:
        signs = generator.choice([-1.0, 1.0], (self.probes, size))
        nodes, weights = [], []
        for start in jnp.asarray(signs / np.sqrt(size)):
            diagonal, offdiagonal = self._lanczos(point, start)
            of_probe = quadrature(diagonal, offdiagonal)
            nodes.append(of_probe[0])
            weights.append(of_probe[1])
        return np.stack(nodes), np.stack(weights) * size  # both (probes, steps)


def _lanczos_at(model, steps: int, point: Point, start):
    """`lanczos` with the Hessian of the mean loss at a point."""
    return lanczos(lambda vector: hessian_product(model, point, vector), start, steps)
