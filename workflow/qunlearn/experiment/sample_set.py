"""A set of samples whole, with the derivatives of a model's loss on it: what transformations of parameters read."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from qunlearn.landscape.hessian import Point, hessian, logits, mean_loss
from qunlearn.training.classifier import Classifier


class SampleSet:
    """N samples of one cell: `rows` (N,) of the `pool` of features with `labels` (N,), asked of a model whose `state`
    stays as it is.

    Parameters are nested dictionaries of arrays, and so is what is given back, but for numbers. `passes` counts samples
    that were sent through the model and back, by whatever was asked so far.
    """

    def __init__(self, model: Classifier, state: dict, pool, rows, labels):
        self.model = model
        self.state = state
        self.pool, self.rows, self.labels = pool, rows, labels
        self.passes = 0

    @property
    def count(self) -> int:
        """N."""
        return len(self.rows)

    def _read(self, times: int = 1) -> None:
        """So many passes over all samples."""
        self.passes += times * self.count

    def _at(self, params: dict) -> Point:
        return Point(params, self.state, self.pool, self.rows, self.labels)

    # -- first derivatives -------------------------------------------------------------------------
    def cross_entropy(self, params: dict):
        """Mean loss, nats."""
        self._read()
        return mean_loss(self.model, self._at(params))

    def gradient(self, params: dict) -> dict:
        """Gradient of the mean loss."""
        self._read()
        return self._gradient(params)

    def _gradient(self, params: dict) -> dict:
        return jax.grad(lambda params: mean_loss(self.model, self._at(params)))(params)

    def squared_gradients(self, params: dict) -> dict:
        """Mean over samples of the square of each one's gradient of the loss."""

        def slope(logit, label):
            return jax.nn.sigmoid(logit) - label

        return self._mean_squares(params, slope)

    def fisher(self, params: dict) -> dict:
        """Diagonal of the Fisher information: as `squared_gradients`, in the mean over labels that the model itself
        draws."""

        def slope(logit, label):
            p = jax.nn.sigmoid(logit)
            return jnp.sqrt(p * (1 - p))

        return self._mean_squares(params, slope)

    def _mean_squares(self, params: dict, slope: Callable) -> dict:
        """Mean over samples of (slope(z, y) dz/dtheta)^2, one sample after the other: all gradients at once would be N
        times the parameters."""
        self._read()

        def logit(params, row):
            return self.model.logits(params, self.state, self.pool[row][None])[0][0]

        def add(total, sample):
            row, label = sample
            z, gradient = jax.value_and_grad(logit)(params, row)
            factor = slope(z, label) ** 2
            total = jax.tree.map(lambda sum, g: sum + factor * g**2, total, gradient)
            return total, None

        nothing = jax.tree.map(jnp.zeros_like, params)
        total, _ = jax.lax.scan(add, nothing, (self.rows, self.labels))
        return jax.tree.map(lambda sum: sum / self.count, total)

    # -- second derivatives ------------------------------------------------------------------------
    def newton_step(self, params: dict, gradient: dict, damping) -> dict:
        """(|H| + damping)^-1 gradient, H the exact Hessian of the mean loss, |H| with the absolute values of its
        eigenvalues."""
        vector, unravel = ravel_pytree(gradient)
        self._read(2 * vector.size)
        values, vectors = jnp.linalg.eigh(hessian(self.model, self._at(params)))
        along = vectors.T @ vector
        return unravel(vectors @ (along / (jnp.abs(values) + damping)))

    def gauss_newton_step(self, params: dict, gradient: dict, damping, iterations: int) -> dict:
        """(G + damping)^-1 gradient by so many conjugate gradients, G = mean over samples of p (1 - p) dz dz^T, the
        part of the Hessian that is never negative."""
        self._read(2 * iterations)

        def answers(params):
            return logits(self.model, self._at(params))

        z, back = jax.vjp(answers, params)
        p = jax.nn.sigmoid(z)
        weight = p * (1 - p) / self.count

        def product(direction):
            _, slopes = jax.jvp(answers, (params,), (direction,))
            (image,) = back(weight * slopes)
            return jax.tree.map(lambda a, b: a + damping * b, image, direction)

        step, _ = jax.scipy.sparse.linalg.cg(product, gradient, tol=1e-10, maxiter=iterations)
        return step
