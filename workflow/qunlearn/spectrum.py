"""The eigenvalue distribution of a loss's Hessian: exact where it can be diagonalised, else by stochastic Lanczos
quadrature (Ubaru, Chen & Saad, SIAM J. Matrix Anal. Appl. 38, 1075, 2017; Ghorbani, Krishnan & Xiao, ICML 2019).

Quadrature: m Lanczos steps from a random unit vector v give a tridiagonal matrix T whose eigenvalues t_k and first
components u_k of its eigenvectors satisfy  v^T f(H) v ~ sum_k u_k^2 f(t_k),  exact for polynomials up to degree 2m - 1.
The mean over random v, times the dimension, estimates Tr f(H): the nodes t_k with weights u_k^2 stand for the spectrum.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from .landscape import hessian_product, mean_loss
from .models import mlp

#: Directions in which no sample is longer than this fraction of the longest direction's length count as absent.
RANK_TOLERANCE = 1e-12


class Spectrum(NamedTuple):
    """Eigenvalues (probes, K) and how many of the P eigenvalues each stands for; weights sum to P in every row. One row
    if `exact`, else a row of quadrature nodes per probe; the last column is zero, for what `restrict` left out."""

    eigenvalues: np.ndarray
    weights: np.ndarray
    exact: bool


def restrict(model, params, pool, rows):
    """The same loss on `rows` of the pool with fewer parameters: (params, pool of those rows, eigenvalues left out).

    A perceptron's first layer acts on its input only through the span of the samples. In an orthonormal basis of that
    span and its complement, weights along the complement have no effect: as many zero eigenvalues are left out, the
    others stay. Other models come back as they are.
    """
    used = np.asarray(pool)[rows]
    if not isinstance(model, mlp.Model):
        return params, jnp.asarray(used), 0
    _, lengths, basis = np.linalg.svd(used, full_matrices=False)
    basis = basis[lengths > RANK_TOLERANCE * lengths[0]].T
    weight = basis.T @ np.asarray(params["w1"])[: used.shape[1]]
    less = params["w1"].size - weight.size
    return {**params, "w1": jnp.asarray(weight)}, jnp.asarray(used @ basis), less


def lanczos(product, start, steps: int):
    """Diagonal (m,) and off-diagonal (m,) of T after m steps from the unit vector `start` (P,), with full
    reorthogonalisation. A zero off-diagonal element ends the Krylov space: T is valid up to it."""

    def step(carry, k):
        basis, vector = carry
        basis = basis.at[k].set(vector)
        image = product(vector)
        alpha = image @ vector
        for _ in range(2):  # twice is enough (Kahan)
            image = image - basis.T @ (basis @ image)
        beta = jnp.linalg.norm(image)
        return (basis, jnp.where(beta > 0, image / beta, 0)), (alpha, beta)

    basis = jnp.zeros((steps, start.size), start.dtype)
    return jax.lax.scan(step, (basis, start), jnp.arange(steps))[1]


def quadrature(diagonal, offdiagonal) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights (m,) of the tridiagonal matrix; the weights sum to one. Steps after the Krylov space's end get
    weight zero."""
    diagonal, offdiagonal = np.asarray(diagonal), np.asarray(offdiagonal)
    scale = max(np.abs(diagonal).max(), offdiagonal.max())
    over = np.flatnonzero(offdiagonal <= 1e-14 * scale)
    m = int(over[0]) + 1 if over.size else len(diagonal)
    matrix = np.diag(diagonal[:m]) + np.diag(offdiagonal[: m - 1], 1) + np.diag(offdiagonal[: m - 1], -1)
    values, vectors = np.linalg.eigh(matrix)
    rest = len(diagonal) - m
    return np.pad(values, (0, rest)), np.pad(vectors[0] ** 2, (0, rest))


class Spectrometer:
    """Compiled spectra of one model: exact up to `exact` parameters, else by `probes` random vectors of `steps` Lanczos
    steps."""

    def __init__(self, model, exact: int, steps: int, probes: int):
        self.model, self.exact, self.steps, self.probes = model, exact, steps, probes
        self._hessian = jax.jit(partial(hessian, model))
        self._lanczos = jax.jit(partial(_lanczos, model, steps))

    def __call__(self, params, state, pool, rows, labels, generator) -> Spectrum:
        """Spectrum of the mean loss over `rows` of the pool; `generator` draws the random vectors' signs."""
        params, pool, absent = restrict(self.model, params, pool, rows)
        rows = jnp.arange(len(pool))
        size = sum(leaf.size for leaf in jax.tree.leaves(params))
        exact = size <= self.exact
        if exact:
            values = np.linalg.eigvalsh(np.asarray(self._hessian(params, state, pool, rows, labels)))[None]
            weights = np.ones_like(values)
        else:
            starts = jnp.asarray(generator.choice([-1.0, 1.0], (self.probes, size)) / np.sqrt(size))
            found = [quadrature(*self._lanczos(params, state, pool, rows, labels, start)) for start in starts]
            values, weights = (np.stack(part) for part in zip(*found))
            weights = weights * size
        return Spectrum(
            np.pad(values, ((0, 0), (0, 1))), np.pad(weights, ((0, 0), (0, 1)), constant_values=absent), exact
        )


def hessian(model, params, state, pool, rows, labels):
    """(P, P) Hessian of the mean loss."""
    flat, unravel = ravel_pytree(params)
    return jax.hessian(lambda p: mean_loss(model, unravel(p), state, pool, rows, labels))(flat)


def _lanczos(model, steps, params, state, pool, rows, labels, start):
    return lanczos(lambda v: hessian_product(model, params, state, pool, rows, labels, v), start, steps)
