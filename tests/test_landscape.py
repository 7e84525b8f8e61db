"""Curvature: closed forms against jax.hessian, the split of the trace, and known limits."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from qunlearn import landscape, models

MLP = {"family": "mlp", "hidden": [6, 4]}
QNN = {
    "family": "qnn", "depth": 2, "entangler": "chain", "rotations": "xyx", "readout_scale": 5.0, "measure": "last",
}  # fmt: skip


@pytest.fixture(params=["mlp", "qnn"])
def case(request, rng):
    x = rng.normal(size=(15, 8))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    model = models.build({"mlp": MLP, "qnn": QNN}[request.param], [x, x])
    params, state = model.init(jax.random.key(3))
    params = jax.tree.map(lambda a: a + 0.4 * jnp.asarray(rng.normal(size=a.shape)), params)
    return model, params, state, jnp.asarray(model.encode(x)), np.arange(15), jnp.asarray(rng.integers(0, 2, 15), float)


def full_hessian(model, params, state, pool, rows, labels):
    flat, unravel = ravel_pytree(params)
    hessian = jax.jit(jax.hessian(lambda p, y: landscape.mean_loss(model, unravel(p), state, pool, rows, y)))
    return np.asarray(hessian(flat, labels))


@pytest.mark.parametrize("dense", [True, False])
def test_trace_split_and_top_eigenvalue(case, dense, monkeypatch):
    model, params, state, pool, rows, labels = case
    monkeypatch.setattr(landscape, "DENSE", 10_000 if dense else 0)
    found = landscape.Analyser(model, pool)(params, state, rows, labels)
    exact = full_hessian(*case)
    assert found.trace == pytest.approx(np.trace(exact), rel=1e-9)
    assert found.gauss_newton + found.residual == pytest.approx(found.trace, rel=1e-12)
    assert found.gauss_newton > 0
    assert found.top_eigenvalue == pytest.approx(np.linalg.eigvalsh(exact)[-1], rel=1e-5)
    if model.piecewise_linear:
        assert abs(found.residual) < 1e-9


def test_gauss_newton_is_the_curvature_times_the_gradient_norm(case):
    model, params, state, pool, rows, labels = case
    flat, unravel = ravel_pytree(params)
    jacobian = jax.jit(jax.jacrev(lambda p: model.logits(unravel(p), state, pool, rows)[0]))(flat)
    z, _ = model.logits(params, state, pool, rows)
    p = 1 / (1 + np.exp(-np.asarray(z)))
    expected = np.mean(p * (1 - p) * np.sum(np.asarray(jacobian) ** 2, axis=1))
    gauss_newton, _ = jax.jit(partial(landscape.split_trace, model))(params, state, pool, rows, labels)
    assert float(gauss_newton) == pytest.approx(expected)


def test_residual_changes_sign_with_the_labels_at_half_probability(rng):
    """l'(z) = p - y: where p is nearly 1/2 everywhere, exchanging the labels turns the residual round."""
    x = rng.normal(size=(12, 8))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    model = models.build({**QNN, "readout_scale": 1e-3}, [x, x])
    params = {"theta": jnp.asarray(rng.uniform(-1, 1, model.ansatz.parameters))}
    pool, rows = jnp.asarray(model.encode(x)), np.arange(12)
    y = jnp.asarray(rng.integers(0, 2, 12), float)
    split = jax.jit(partial(landscape.split_trace, model))
    residuals = [float(split(params, {}, pool, rows, labels)[1]) for labels in (y, 1 - y)]
    assert residuals[0] == pytest.approx(-residuals[1], rel=1e-2)
    assert abs(residuals[0]) > 1e-6


def test_curvature_of_a_parameter_is_bounded(rng):
    """Every diagonal element of a QNN's Hessian obeys |d2L| <= s^2/4 + s for rotations of unit-norm input."""
    scale = 5.0
    x = rng.normal(size=(20, 16))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    model = models.build({**QNN, "depth": 3}, [x, x])
    pool, rows = jnp.asarray(model.encode(x)), np.arange(20)
    hessian = jax.jit(jax.hessian(lambda t, y: landscape.mean_loss(model, {"theta": t}, {}, pool, rows, y)))
    for seed in range(20):
        draw = np.random.default_rng(seed)
        theta = jnp.asarray(draw.uniform(-np.pi, np.pi, model.ansatz.parameters))
        diagonal = np.diag(hessian(theta, jnp.asarray(draw.integers(0, 2, 20), float)))
        assert np.abs(diagonal).max() <= scale**2 / 4 + scale


def test_a_run_that_diverged_has_no_curvature(case):
    model, params, state, pool, rows, labels = case
    broken = jax.tree.map(lambda a: a * jnp.nan, params)
    assert all(np.isnan(v) for v in landscape.Analyser(model, pool)(broken, state, rows, labels))
