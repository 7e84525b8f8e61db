"""All second derivatives of a circuit from one evolution: the same as by differentiation, and where not."""

import itertools
import sys
import warnings
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from circuits import CIRCUITS, IRREGULAR, irregular, layered, qnn, random_states
from qunlearn.landscape.curvature import own_terms
from qunlearn.landscape.hessian import Point, flattened, logits
from qunlearn.quantum import lightcone, second_order

pytestmark = pytest.mark.usefixtures("compiled_quickly")

SHAPES = [(layered, CIRCUITS[0]), (layered, CIRCUITS[2]), (irregular, IRREGULAR[1])]


def by_shifts(values, angles):
    """Values (N,) at the angles (P,), their Jacobian (N, P) and second derivatives (P, P, N) by the parameter-shift
    rule, which for gates exp(-i t P / 2) is exact."""
    every = jax.jit(jax.vmap(values))
    steps = np.pi / 2 * np.eye(len(angles))
    ahead, behind = every(angles + steps), every(angles - steps)  # both (P, N)
    second = 0
    for a, b in itertools.product([1, -1], repeat=2):
        rows = [every(angles + a * step + b * steps) for step in steps]
        second += a * b * np.stack(rows) / 4
    return every(angles[None])[0], (ahead - behind).T / 2, second


@pytest.mark.parametrize(("make", "shape"), SHAPES)
def test_derivatives_are_those_by_shifts_of_the_evolution(make, shape, rng):
    circuit = make(*shape)
    size = 4 ** len(lightcone.support(circuit))
    columns = rng.permutation(size)[: size // 2]
    features, weights = rng.normal(size=(5, len(columns))), rng.normal(size=5)
    angles = rng.uniform(-4, 4, circuit.parameters)

    def values(theta):
        return features @ lightcone.observable(circuit, theta)[columns]

    found = second_order.derivatives(circuit, angles, features, columns, lambda z: weights * z)
    z, jacobian, second = by_shifts(values, angles)
    np.testing.assert_allclose(found.values, z, atol=1e-12)
    np.testing.assert_allclose(found.jacobian, jacobian, atol=1e-12)
    np.testing.assert_allclose(found.hessian, second @ (weights * z), atol=1e-12)
    assert np.any(found.hessian != 0)


def point_of(model, states, rng):
    """A model at random variables, on some rows of a pool, in an order of their own."""
    params, state = model.init(jax.random.key(3))
    params = jax.tree.map(lambda leaf: leaf + rng.normal(size=leaf.shape), params)
    rows = jnp.asarray([4, 1, 2, 6])
    labels = jnp.asarray([1.0, 0.0, 0.0, 1.0])
    return Point(params, state, jnp.asarray(model.encode(states)), rows, labels)


def test_a_models_terms_are_those_of_its_logits(rng):
    """Of real states, some of whose strings are idle, read with errors."""
    states = random_states(rng, 4, 8).real
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    model = qnn(depth=3, readout_error=0.1).build([states, states])
    assert len(model.columns) < 4 ** len(lightcone.support(model.circuit))
    point = point_of(model, states, rng)
    angles, at = flattened(point)
    z, jacobian, second = by_shifts(lambda theta: logits(model, at(theta)), np.asarray(angles))
    p = jax.nn.sigmoid(z)
    gauss_newton, residual = own_terms(model, point)
    np.testing.assert_allclose(gauss_newton, (jacobian.T * p * (1 - p)) @ jacobian / 4, atol=1e-12)
    np.testing.assert_allclose(residual, second @ (p - point.labels) / 4, atol=1e-12)


@pytest.mark.parametrize(
    "options",
    [{"depolarizing": 0.1}, {"shots": 100}, {"free_scale": True}, {"circuit": "cnot_ring"}],
)
def test_what_the_loops_do_not_know_is_differentiated(options, rng):
    states = random_states(rng, 3, 7)
    model = qnn(depth=1, **options).build([states, states])
    assert own_terms(model, point_of(model, states, rng)) is None


def test_without_numba_there_is_one_warning_and_differentiation(rng, monkeypatch):
    states = random_states(rng, 3, 7)
    model = qnn(depth=1).build([states, states])
    point = point_of(model, states, rng)
    assert own_terms(model, point) is not None
    monkeypatch.setattr(second_order, "loops", cache(second_order.loops.__wrapped__))
    monkeypatch.delitem(sys.modules, "qunlearn.quantum.tangents")
    monkeypatch.delattr("qunlearn.quantum.tangents")
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.warns(UserWarning, match="curvature takes longer.*numba"):
        assert own_terms(model, point) is None
    with warnings.catch_warnings(action="error"):
        assert own_terms(model, point) is None
