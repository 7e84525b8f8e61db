"""Curvature of the loss at trained parameters (paper, Results: local loss landscape geometry, and Eq. 1).

H is the Hessian of the mean binary cross-entropy over a set of samples. With l the loss of one sample as a function of
its logit z,  H = < l''(z) grad z grad z^T >  +  < l'(z) Hess z >:  the Gauss-Newton term, positive semidefinite, and
the residual term, the paper's error-phase interaction. For a logit that is piecewise linear in every parameter (ReLU
networks) the residual has zero trace, so Tr H = < l''(z) |grad z|^2 > exactly; else the exact Hessian is taken.

What unitarity implies for a QNN with unit-norm input, z = s <Z>. Every angle t drives one gate exp(-i t P / 2),
P^2 = 1, so at fixed other angles z = s (a + r cos(t - t0)), |a| + r <= 1: z'^2 + z''^2 = s^2 r^2 <= s^2, z'' = s a - z.
1. With l'' <= 1/4 and |l'| < 1, every sample's loss has its second derivative in t in [-s, `curvature_bound`(s)].
2. -(s + z)/2 <= z'' <= (s - z)/2: on a sample whose label the model contradicts (y = 0, z > 0, or the mirror image) the
   residual l' z'' is at most |l'| (s - |z|) / 2 per angle: negative for certain only where the readout is saturated.
3. The loss is periodic in t, so its second derivative has mean zero over a period: averaged so, the residual cancels
   the Gauss-Newton term exactly, for every sample and either label.
A ReLU network has no such bound: scaling one layer by c and the next by 1/c keeps the loss and, for large c, multiplies
the curvature in the second by c^2.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from scipy.sparse.linalg import LinearOperator, eigsh

from .errors import UserError
from .training import cross_entropy

#: Largest number of parameters whose Hessian is diagonalised in full; above, Lanczos finds the top eigenvalue.
DENSE = 512


class Curvature(NamedTuple):
    """Traces and the largest eigenvalue, in units of loss per squared parameter; trace = gauss_newton + residual."""

    trace: float
    gauss_newton: float
    residual: float
    top_eigenvalue: float


class SampleTerms(NamedTuple):
    """What each sample (N,) adds to the curvature: traces of the two terms of its own loss's Hessian, the largest
    |second derivative| of its loss in a single parameter; and the diagonal (P,) of the mean loss's Hessian."""

    gauss_newton: jnp.ndarray
    residual: jnp.ndarray
    largest: jnp.ndarray
    diagonal: jnp.ndarray


def require_gradients(model) -> None:
    """Raises UserError for a model whose stored parameters are not what a loss was minimised over."""
    family = type(model).__module__.rsplit(".", 1)[1]
    if family in ("svm", "nearest_neighbours"):
        raise UserError(
            f"{family} keeps training samples, not parameters of a loss, so it has no loss landscape: name another "
            "architecture for it under landscape.architectures."
        )


def curvature_bound(scale: float) -> float:
    """Largest |second derivative| of a sample's loss in one angle of a QNN with readout scale s: the maximum of
    s^2 sin^2 / 4 + s |cos|, which is s^2/4 + 1 for s >= 2 and s below."""
    return scale**2 / 4 + 1 if scale >= 2 else scale


def _slopes(z, labels):
    """l'(z) and l''(z) of the binary cross-entropy; l'' = p (1 - p) does not depend on the label."""
    return jax.nn.sigmoid(z) - labels, jax.nn.sigmoid(z) * jax.nn.sigmoid(-z)


def dense_terms(model, params, state, pool, rows, labels):
    """Gauss-Newton and residual Hessians, both (P, P), by forward differentiation in every parameter."""
    flat, unravel = ravel_pytree(params)

    def logits(p):
        return model.logits(unravel(p), state, pool, rows)[0]

    slope, curvature = _slopes(logits(flat), labels)
    jacobian = jax.jacfwd(logits)(flat)
    gauss_newton = (jacobian.T * curvature) @ jacobian / len(rows)
    if model.piecewise_linear:
        residual = jax.hessian(lambda p: mean_loss(model, unravel(p), state, pool, rows, labels))(flat) - gauss_newton
    else:
        residual = jax.hessian(lambda p: slope @ logits(p) / len(rows))(flat)
    return gauss_newton, residual


def split_trace(model, params, state, pool, rows, labels):
    """Traces of the Gauss-Newton and the residual term without forming either: for models of many parameters."""
    z, _ = model.logits(params, state, pool, rows)
    slope, curvature = _slopes(z, labels)
    gauss_newton = jnp.mean(curvature * model.squared_gradient_norms(params, state, pool, rows))
    if model.piecewise_linear:
        return gauss_newton, jnp.zeros_like(gauss_newton)
    flat, unravel = ravel_pytree(params)
    gradient = jax.grad(lambda p: slope @ model.logits(unravel(p), state, pool, rows)[0] / len(rows))

    def diagonal(i):
        direction = jnp.zeros_like(flat).at[i].set(1)
        return jax.jvp(gradient, (flat,), (direction,))[1][i]

    return gauss_newton, jnp.sum(jax.lax.map(diagonal, jnp.arange(flat.size)))


def sample_terms(model, params, state, pool, rows, labels) -> SampleTerms:
    """The curvature sample by sample: means over samples are the traces of `split_trace`."""
    flat, unravel = ravel_pytree(params)
    rows = jnp.asarray(rows)

    def logits(p, chosen=rows):
        return model.logits(unravel(p), state, pool, chosen)[0]

    slope, curvature = _slopes(logits(flat), labels)
    zero = jnp.zeros_like(slope)

    def add_sample(diagonal, i):
        second = curvature[i] * jax.grad(lambda p: logits(p, rows[i][None])[0])(flat) ** 2
        return diagonal + second / len(rows), (jnp.sum(second), jnp.max(second))

    def add_parameter(sums, i):
        direction = jnp.zeros_like(flat).at[i].set(1)
        first, second = jax.jvp(lambda p: jax.jvp(logits, (p,), (direction,))[1], (flat,), (direction,))
        terms = curvature * first**2, slope * second
        both = terms[0] + terms[1]
        return (sums[0] + terms[0], sums[1] + terms[1], jnp.maximum(sums[2], jnp.abs(both))), jnp.mean(both)

    if model.piecewise_linear:
        diagonal, (gauss_newton, largest) = jax.lax.scan(add_sample, jnp.zeros_like(flat), jnp.arange(len(rows)))
        return SampleTerms(gauss_newton, zero, largest, diagonal)
    sums, diagonal = jax.lax.scan(add_parameter, (zero, zero, zero), jnp.arange(flat.size))
    return SampleTerms(*sums, diagonal)


def mean_loss(model, params, state, pool, rows, labels):
    return jnp.mean(cross_entropy(model.logits(params, state, pool, rows)[0], labels))


def hessian_product(model, params, state, pool, rows, labels, vector):
    """H v for a flat vector (P,)."""
    flat, unravel = ravel_pytree(params)
    gradient = jax.grad(lambda p: mean_loss(model, unravel(p), state, pool, rows, labels))
    return jax.jvp(gradient, (flat,), (vector,))[1]


class Analyser:
    """Compiled curvature of one model on one pool of features, for any number of trained replicas."""

    def __init__(self, model, pool: np.ndarray):
        self.pool = jnp.asarray(pool)
        self._dense = jax.jit(partial(dense_terms, model))
        self._split = jax.jit(partial(split_trace, model))
        self._product = jax.jit(partial(hessian_product, model))

    def _top_eigenvalue(self, params, state, rows, labels) -> float:
        flat, _ = ravel_pytree(params)

        def product(vector):
            vector = jnp.asarray(np.ravel(vector), flat.dtype)
            return np.asarray(self._product(params, state, self.pool, rows, labels, vector))

        start = product(np.ones(flat.size))
        if not np.any(start):
            return 0.0
        operator = LinearOperator((flat.size,) * 2, matvec=product, dtype=start.dtype)
        return float(eigsh(operator, k=1, which="LA", v0=start, tol=1e-6, return_eigenvectors=False)[0])

    def __call__(self, params, state, rows, labels) -> Curvature:
        """Curvature of the mean loss over `rows` of the pool with `labels`; NaN where parameters are not finite."""
        flat, _ = ravel_pytree(params)
        if not np.all(np.isfinite(flat)):
            return Curvature(*[float("nan")] * 4)
        if flat.size <= DENSE:
            terms = self._dense(params, state, self.pool, rows, labels)
            gauss_newton, residual = (float(jnp.trace(term)) for term in terms)
            top = float(np.linalg.eigvalsh(np.asarray(terms[0] + terms[1]))[-1])
        else:
            gauss_newton, residual = (float(t) for t in self._split(params, state, self.pool, rows, labels))
            top = self._top_eigenvalue(params, state, rows, labels)
        return Curvature(gauss_newton + residual, gauss_newton, residual, top)
