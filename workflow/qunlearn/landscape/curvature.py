"""Curvature of the loss at given parameters (paper, Results: Mechanism of resilience, and Eq. 1).

H is the Hessian of the mean binary cross-entropy over a set of samples. With l the loss of one
sample as a function of its logit z,
    H = < l''(z) grad z grad z^T >  +  < l'(z) Hess z >:
the Gauss-Newton term, positive semidefinite, and the residual term, the paper's error-phase
interaction. For a logit that is piecewise linear in every parameter (ReLU networks) the residual
has zero trace, so Tr H = < l''(z) |grad z|^2 > exactly; else the exact Hessian is taken.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.landscape.hessian import (
    DENSE,
    Point,
    finite,
    flattened,
    hessian,
    hessian_product,
    logits,
    size,
    top_eigenpair,
)


class Curvature(NamedTuple):
    """Traces and the largest eigenvalue, in nats per squared parameter; trace = gauss_newton +
    residual."""

    trace: float
    gauss_newton: float
    residual: float
    top_eigenvalue: float


class SampleTerms(NamedTuple):
    """What each sample adds to the curvature, (N,): traces of the two terms of its own loss's
    Hessian, the largest |second derivative| of its loss in a single parameter; and the diagonal
    (P,) of the mean loss's Hessian."""

    gauss_newton: jnp.ndarray
    residual: jnp.ndarray
    largest: jnp.ndarray
    diagonal: jnp.ndarray


def loss_derivatives(z: jnp.ndarray, labels: jnp.ndarray) -> tuple[jnp.ndarray, jnp.ndarray]:
    """l'(z) = p - y and l''(z) = p (1 - p) of the binary cross-entropy; the second does not depend
    on the label."""
    return jax.nn.sigmoid(z) - labels, jax.nn.sigmoid(z) * jax.nn.sigmoid(-z)


#: For arrays, on which every operation by itself would be a program of its own.
compiled_derivatives = jax.jit(loss_derivatives)


def axis_of(vector: jnp.ndarray, i) -> jnp.ndarray:
    """Unit vector of the shape of `vector` along parameter i."""
    return jnp.zeros_like(vector).at[i].set(1)


def own_terms(model, point: Point) -> tuple[np.ndarray, np.ndarray] | None:
    """What `dense_terms` finds, from the model's own second derivatives; None where it has none."""
    samples = len(point.rows)
    labels = np.asarray(point.labels)

    def weigh(z):
        error, _ = compiled_derivatives(z, labels)
        return np.asarray(error) / samples

    found = model.second_derivatives(point.params, point.pool, point.rows, weigh)
    if found is None:
        return None
    z, jacobian, residual = found
    _, curvature = compiled_derivatives(z, labels)  # (N,)
    gauss_newton = (jacobian.T * np.asarray(curvature)) @ jacobian / samples
    return gauss_newton, residual


def dense_terms(model, point: Point) -> tuple[jnp.ndarray, jnp.ndarray]:
    """Gauss-Newton and residual Hessians, both (P, P), by forward differentiation in every
    parameter."""
    start, at = flattened(point)
    samples = len(point.rows)

    def logits_at(vector):
        return logits(model, at(vector))

    error, curvature = loss_derivatives(logits_at(start), point.labels)  # both (N,)
    jacobian = jax.jacfwd(logits_at)(start)  # (N, P)
    gauss_newton = (jacobian.T * curvature) @ jacobian / samples
    if model.piecewise_linear:
        return gauss_newton, hessian(model, point) - gauss_newton
    residual = jax.hessian(lambda vector: error @ logits_at(vector) / samples)(start)
    return gauss_newton, residual


def split_trace(model, point: Point) -> tuple[jnp.ndarray, jnp.ndarray]:
    """Traces of the Gauss-Newton and the residual term without forming either: for many
    parameters."""
    params, state, pool, rows, labels = point
    error, curvature = loss_derivatives(logits(model, point), labels)  # both (N,)
    norms = model.squared_gradient_norms(params, state, pool, rows)  # (N,)
    gauss_newton = jnp.mean(curvature * norms)
    if model.piecewise_linear:
        return gauss_newton, jnp.zeros_like(gauss_newton)
    start, at = flattened(point)

    def weighted_logits(vector):
        return error @ logits(model, at(vector)) / len(rows)

    gradient = jax.grad(weighted_logits)

    def diagonal_element(i):
        column = jax.jvp(gradient, (start,), (axis_of(start, i),))[1]
        return column[i]

    diagonal = jax.lax.map(diagonal_element, jnp.arange(start.size))
    return gauss_newton, jnp.sum(diagonal)


def trace(model, point: Point) -> jnp.ndarray:
    """Trace of the Hessian of the mean loss, in the way that is compiled soonest."""
    params, _, pool, rows, labels = point
    derivatives = model.shifted_derivatives(params, pool, rows)
    if derivatives is None:
        return sum(split_trace(model, point))
    first, second = derivatives  # both (P, N)
    error, curvature = loss_derivatives(logits(model, point), labels)  # both (N,)
    return jnp.sum(jnp.mean(curvature * first**2 + error * second, axis=1))


def sample_terms(model, point: Point) -> SampleTerms:
    """The curvature sample by sample: means over samples are the traces of `split_trace`."""
    point = point._replace(rows=jnp.asarray(point.rows))
    if model.piecewise_linear:
        return _terms_by_sample(model, point)
    return _terms_by_parameter(model, point)


def _terms_by_sample(model, point: Point) -> SampleTerms:
    """One sample after the other, where only the Gauss-Newton term has a diagonal."""
    start, at = flattened(point)
    samples = len(point.rows)
    _, curvature = loss_derivatives(logits(model, point), point.labels)

    def add_sample(diagonal, i):
        def logit(vector):
            alone = at(vector)._replace(rows=point.rows[i][None])
            return logits(model, alone)[0]

        gradient = jax.grad(logit)(start)
        second = curvature[i] * gradient**2  # (P,)
        return diagonal + second / samples, (jnp.sum(second), jnp.max(second))

    nothing = jnp.zeros_like(start)
    diagonal, by_sample = jax.lax.scan(add_sample, nothing, jnp.arange(samples))
    gauss_newton, largest = by_sample
    residual = jnp.zeros_like(gauss_newton)
    return SampleTerms(gauss_newton, residual, largest, diagonal)


def _terms_by_parameter(model, point: Point) -> SampleTerms:
    """One parameter after the other, for all samples at once."""
    start, at = flattened(point)
    error, curvature = loss_derivatives(logits(model, point), point.labels)

    def logit_derivatives(axis):
        """First and second derivatives of the logits (N,) along a direction (P,)."""

        def first(vector):
            return jax.jvp(lambda other: logits(model, at(other)), (vector,), (axis,))[1]

        return jax.jvp(first, (start,), (axis,))

    def add_parameter(sums, i):
        gauss_newton, residual, largest = sums
        first, second = logit_derivatives(axis_of(start, i))
        convex = curvature * first**2
        rest = error * second
        both = convex + rest  # (N,)
        sums = (gauss_newton + convex, residual + rest, jnp.maximum(largest, jnp.abs(both)))
        return sums, jnp.mean(both)

    nothing = jnp.zeros_like(error)
    parameters = jnp.arange(start.size)
    sums, diagonal = jax.lax.scan(add_parameter, (nothing, nothing, nothing), parameters)
    return SampleTerms(*sums, diagonal)


class Hessians:
    """Hessians (P, P) of one model's mean loss at any number of points."""

    def __init__(self, model):
        self.model = model
        self._differentiated = jax.jit(partial(hessian, model))

    def __call__(self, point: Point) -> np.ndarray:
        terms = own_terms(self.model, point)
        return np.asarray(self._differentiated(point) if terms is None else sum(terms))


class Analyser:
    """Compiled curvature of one model, at any number of points."""

    def __init__(self, model):
        self.model = model
        self._dense = jax.jit(partial(dense_terms, model))
        self._split = jax.jit(partial(split_trace, model))
        self._product = jax.jit(partial(hessian_product, model))

    def __call__(self, point: Point) -> Curvature:
        """Curvature of the mean loss at a point; NaN where parameters are not finite."""
        if not finite(point.params):
            return Curvature(*[float("nan")] * 4)
        parameters = size(point.params)
        if parameters <= DENSE:
            gauss_newton, residual, top = self._by_diagonalisation(point)
        else:
            gauss_newton, residual, top = self._by_products(point, parameters)
        return Curvature(gauss_newton + residual, gauss_newton, residual, top)

    def _by_diagonalisation(self, point: Point) -> tuple[float, float, float]:
        terms = own_terms(self.model, point) or self._dense(point)
        gauss_newton, residual = map(np.asarray, terms)
        eigenvalues = np.linalg.eigvalsh(gauss_newton + residual)
        return float(np.trace(gauss_newton)), float(np.trace(residual)), float(eigenvalues[-1])

    def _by_products(self, point: Point, parameters: int) -> tuple[float, float, float]:
        gauss_newton, residual = self._split(point)
        product = partial(self._product, point)
        top, _ = top_eigenpair(product, parameters, tolerance=1e-6)
        return float(gauss_newton), float(residual), top
