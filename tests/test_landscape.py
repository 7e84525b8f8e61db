"""Curvature: closed forms against jax.hessian, the split of the trace, and known limits."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from project import QNN
from qunlearn.landscape import curvature
from qunlearn.landscape.hessian import (
    Point,
    flattened,
    hessian,
    leading_eigenpairs,
    logits,
    mean_loss,
    top_eigenpair,
)
from qunlearn.parts import models
from qunlearn.statistics.collapse import flag_collapsed
from qunlearn.statistics.roughening import geometric_mean, lrr

pytestmark = pytest.mark.usefixtures("compiled_quickly")

MLP = {"family": "mlp", "hidden": [6, 4]}


@pytest.fixture(params=["mlp", "qnn"])
def case(request, rng):
    x = rng.normal(size=(15, 8))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    model = models.build({"mlp": MLP, "qnn": QNN}[request.param], [x, x])
    params, state = model.init(jax.random.key(3))
    params = jax.tree.map(lambda a: a + 0.4 * jnp.asarray(rng.normal(size=a.shape)), params)
    labels = jnp.asarray(rng.integers(0, 2, 15), float)
    return model, Point(params, state, jnp.asarray(model.encode(x)), jnp.arange(15), labels)


def full_hessian(model, point):
    return np.asarray(jax.jit(partial(hessian, model))(point))


@pytest.mark.parametrize("dense", [True, False])
def test_trace_split_and_top_eigenvalue(case, dense, monkeypatch):
    model, point = case
    monkeypatch.setattr(curvature, "DENSE", 10_000 if dense else 0)
    found = curvature.Analyser(model)(point)
    exact = full_hessian(*case)
    assert found.trace == pytest.approx(np.trace(exact), rel=1e-9)
    assert found.gauss_newton + found.residual == pytest.approx(found.trace, rel=1e-12)
    assert found.gauss_newton > 0
    assert found.top_eigenvalue == pytest.approx(np.linalg.eigvalsh(exact)[-1], rel=1e-5)
    if model.piecewise_linear:
        assert abs(found.residual) < 1e-9


def test_the_trace_alone_is_that_of_both_terms(case):
    model, point = case
    both = sum(jax.jit(partial(curvature.split_trace, model))(point))
    assert jax.jit(partial(curvature.trace, model))(point) == pytest.approx(float(both), rel=1e-9)


def test_gauss_newton_is_the_curvature_times_the_gradient_norm(case):
    model, point = case
    start, at = flattened(point)
    jacobian = jax.jit(jax.jacrev(lambda vector: logits(model, at(vector))))(start)
    p = 1 / (1 + np.exp(-np.asarray(logits(model, point))))
    expected = np.mean(p * (1 - p) * np.sum(np.asarray(jacobian) ** 2, axis=1))
    gauss_newton, _ = jax.jit(partial(curvature.split_trace, model))(point)
    assert float(gauss_newton) == pytest.approx(expected)


def test_residual_changes_sign_with_the_labels_at_half_probability(rng):
    """l'(z) = p - y: where p is nearly 1/2, exchanging the labels turns the residual round."""
    x = rng.normal(size=(12, 8))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    model = models.build({**QNN, "readout_scale": 1e-3}, [x, x])
    params = {"theta": jnp.asarray(rng.uniform(-1, 1, model.circuit.parameters))}
    y = jnp.asarray(rng.integers(0, 2, 12), float)
    point = Point(params, {}, jnp.asarray(model.encode(x)), jnp.arange(12), y)
    split = jax.jit(partial(curvature.split_trace, model))
    residuals = [float(split(point._replace(labels=labels))[1]) for labels in (y, 1 - y)]
    assert residuals[0] == pytest.approx(-residuals[1], rel=1e-2)
    assert abs(residuals[0]) > 1e-6


def test_curvature_of_a_parameter_is_bounded(rng):
    """Every diagonal element of a QNN's Hessian obeys |d2L| <= s^2/4 + s for unit-norm input."""
    scale = 5.0
    x = rng.normal(size=(20, 16))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    model = models.build({**QNN, "depth": 3}, [x, x])
    pool, rows = jnp.asarray(model.encode(x)), jnp.arange(20)
    compute = jax.jit(partial(hessian, model))
    for seed in range(20):
        draw = np.random.default_rng(seed)
        theta = jnp.asarray(draw.uniform(-np.pi, np.pi, model.circuit.parameters))
        labels = jnp.asarray(draw.integers(0, 2, 20), float)
        diagonal = np.diag(compute(Point({"theta": theta}, {}, pool, rows, labels)))
        assert np.abs(diagonal).max() <= scale**2 / 4 + scale


def test_a_run_that_diverged_has_no_curvature(case):
    model, point = case
    broken = point._replace(params=jax.tree.map(lambda a: a * jnp.nan, point.params))
    assert all(np.isnan(v) for v in curvature.Analyser(model)(broken))


# -- products and eigenpairs -----------------------------------------------------------------------
def test_leading_eigenpairs_are_those_of_the_matrix(rng):
    matrix = rng.normal(size=(40, 40))
    matrix = matrix + matrix.T
    values, vectors = leading_eigenpairs(lambda v: matrix @ v, rng.normal(size=40), count=3)
    np.testing.assert_allclose(values, np.linalg.eigvalsh(matrix)[:-4:-1])
    np.testing.assert_allclose(matrix @ vectors.T, vectors.T * values, atol=1e-6)
    value, vector = top_eigenpair(lambda v: matrix @ v, 40)
    assert value == pytest.approx(values[0]) and abs(vector @ vectors[0]) == pytest.approx(1)


@pytest.mark.parametrize("element, expected", [(0.0, 0.0), (np.nan, np.nan), (np.inf, np.nan)])
def test_a_matrix_that_vanishes_or_is_not_finite_has_axes_for_eigenvectors(element, expected):
    matrix = np.zeros((5, 5))
    matrix[3, 3] = element
    values, vectors = leading_eigenpairs(lambda v: matrix @ v, np.ones(5), count=2)
    np.testing.assert_array_equal(values, [expected, expected])
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(2))


def test_the_hessian_is_a_finite_difference_of_gradients(case):
    model, point = case
    start, at = flattened(point)
    gradient = jax.jit(jax.grad(lambda vector: mean_loss(model, at(vector))))
    exact = full_hessian(*case)
    for i in (0, start.size - 1):
        step = 1e-6 * np.eye(start.size)[i]
        column = (gradient(start + step) - gradient(start - step)) / 2e-6
        np.testing.assert_allclose(column, exact[:, i], atol=1e-7)


# -- ratios and failed runs ------------------------------------------------------------------------
def test_the_roughening_ratio_is_paired_by_seed():
    table = pd.DataFrame(
        {
            "seed": [0, 1, 0, 1, 2],
            "alpha": [0.0, 0.0, 0.3, 0.3, 0.3],
            "trace": [2.0, 5.0, 8.0, 5.0, 1.0],
        }
    )
    shuffled = table.sample(frac=1, random_state=0)
    for frame in (table, shuffled):
        ratios = pd.Series(lrr(frame, ["seed"]), frame.index).sort_index()
        np.testing.assert_array_equal(ratios, [1, 1, 4, 1, np.nan])
    assert geometric_mean(np.array([4.0, 0.25])) == pytest.approx(1)


def test_all_runs_of_a_seed_fail_with_its_clean_one():
    table = pd.DataFrame(
        {
            "dataset": "digits",
            "model": "mlp",
            "corruption": "label_flipping",
            "seed": [0, 0, 1, 1],
            "alpha": [0.0, 0.3, 0.0, 0.3],
            "val_accuracy": [0.53, 0.9, 0.97, 0.5],
        }
    )
    broken = pd.Series([False, False, False, False])
    flagged = flag_collapsed(table, broken, {"digits": 0.5}, 0.05)
    assert flagged.tolist() == [True, True, False, False]
    broken[3] = True
    assert flag_collapsed(table, broken, {"digits": 0.4}, 0.05).tolist() == [False] * 3 + [True]
