"""A set of samples whole, with the derivatives of a model's loss on it: what transformations of parameters read."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from qunlearn.training.classifier import Classifier
from qunlearn.training.losses import cross_entropy


class SampleSet:
    """Those of the N samples of one cell that are `members` (N,): `rows` (N,) of the `pool` of features with `labels`
    (N,), asked of a model whose `state` stays as it is. Sets of any size share a program: all samples are read, and
    means are over members.

    Parameters are nested dictionaries of arrays, and so is what is given back, but for numbers. `count`: of members;
    `passes`: how often these were sent through the model and back, by whatever was asked so far.
    """

    def __init__(self, model: Classifier, state: dict, pool, rows, labels, members):
        self.model = model
        self.state = state
        self.pool, self.rows, self.labels = pool, rows, labels
        self.count = jnp.sum(members)
        self.weights = members / self.count  # (N,) of a mean over members
        self.passes = 0

    def _logits(self, params: dict):
        """(N,) logits of all samples."""
        return self.model.logits(params, self.state, self.pool, self.rows)[0]

    def _mean_loss(self, params: dict):
        return self.weights @ cross_entropy(self._logits(params), self.labels)

    # -- first derivatives -------------------------------------------------------------------------
    def cross_entropy(self, params: dict):
        """Mean loss, nats."""
        self.passes += 1
        return self._mean_loss(params)

    def gradient(self, params: dict) -> dict:
        """Gradient of the mean loss."""
        self.passes += 1
        return jax.grad(self._mean_loss)(params)

    def squared_gradients(self, params: dict) -> dict:
        """Mean over members of the square of each one's gradient of the loss."""

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
        """Mean over members of (slope(z, y) dz/dtheta)^2, one sample after the other: all gradients at once would be N
        times the parameters."""
        self.passes += 1

        def logit(params, row):
            return self.model.logits(params, self.state, self.pool[row][None])[0][0]

        def add(total, sample):
            row, label, weight = sample
            z, gradient = jax.value_and_grad(logit)(params, row)
            factor = weight * slope(z, label) ** 2
            total = jax.tree.map(lambda sum, g: sum + factor * g**2, total, gradient)
            return total, None

        nothing = jax.tree.map(jnp.zeros_like, params)
        total, _ = jax.lax.scan(add, nothing, (self.rows, self.labels, self.weights))
        return total

    # -- second derivatives ------------------------------------------------------------------------
    def newton_step(self, params: dict, gradient: dict, damping) -> dict:
        """(|H| + damping)^-1 gradient, H the exact Hessian of the mean loss, |H| with the absolute values of its
        eigenvalues."""
        start, unravel = ravel_pytree(params)
        vector, _ = ravel_pytree(gradient)
        self.passes += 2 * vector.size
        hessian = jax.hessian(lambda other: self._mean_loss(unravel(other)))(start)
        values, vectors = jnp.linalg.eigh(hessian)
        along = vectors.T @ vector
        return unravel(vectors @ (along / (jnp.abs(values) + damping)))

    def gauss_newton_step(self, params: dict, gradient: dict, damping, iterations: int) -> dict:
        """(G + damping)^-1 gradient by so many conjugate gradients, G = mean over members of p (1 - p) dz dz^T, the
        part of the Hessian that is never negative."""
        self.passes += 2 * iterations
        z, back = jax.vjp(self._logits, params)
        p = jax.nn.sigmoid(z)
        curvature = self.weights * p * (1 - p)

        def product(direction):
            _, slopes = jax.jvp(self._logits, (params,), (direction,))
            (image,) = back(curvature * slopes)
            return jax.tree.map(lambda a, b: a + damping * b, image, direction)

        step, _ = jax.scipy.sparse.linalg.cg(product, gradient, tol=1e-10, maxiter=iterations)
        return step
