"""The circuit's three evaluations agree; its light cone counts what the paper's circuits count."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from circuits import (
    EVERY,
    full_circuit,
    layered,
    qnn,
    random_states,
)
from qunlearn.quantum import classifier, lightcone, statevector
from qunlearn.quantum.features import amplitudes, pauli_features, span
from qunlearn.quantum.simulator import readout, tensorcircuit
from qunlearn.runtime.errors import UserError

pytestmark = pytest.mark.usefixtures("compiled_quickly")


@pytest.mark.parametrize(("make", "shape"), EVERY)
def test_light_cone_and_state_vector_agree_with_the_full_circuit(make, shape, rng):
    a = make(*shape)
    states = random_states(rng, a.qubits, 2)
    theta = jnp.asarray(rng.uniform(-np.pi, np.pi, a.parameters))
    values, gradients = full_circuit(a, theta, states)
    features = jnp.asarray(pauli_features(a, states))
    arranged = jnp.asarray(statevector.parts(statevector.arranged(a, states)))

    def cone(t):
        z, pull = jax.vjp(lambda t: features @ lightcone.observable(a, t), t)
        return z, jax.vmap(pull)(jnp.eye(2))[0]

    z, slopes = jax.jit(cone)(theta)
    np.testing.assert_allclose(z, values, atol=1e-12)
    np.testing.assert_allclose(slopes, gradients, atol=1e-12)
    # the parameters that move the output are those of the causal cone
    moving = set(np.flatnonzero(np.abs(gradients).max(axis=0) > 1e-10).tolist())
    live = {gate.parameter for gate in lightcone.live_gates(a)}
    assert moving == live if make is layered else moving <= live
    weights = jnp.asarray(rng.normal(size=2))

    def evolved(t):
        z, pull = jax.vjp(lambda t: statevector.expectation(a, t, arranged), t)
        return z, pull(weights)[0]

    z, slopes = jax.jit(evolved)(theta)
    np.testing.assert_allclose(z, values, atol=1e-12)
    np.testing.assert_allclose(slopes, weights @ gradients, atol=1e-12)


def test_paper_sized_circuit_in_single_precision(rng):
    a = layered(12, 4, "chain", "xyx", 11)
    states = random_states(rng, 12, 2)
    theta = rng.uniform(-np.pi, np.pi, a.parameters)
    features = pauli_features(a, states).astype(np.float32)
    fast = features @ np.asarray(lightcone.observable(a, jnp.asarray(theta, jnp.float32)))
    with tensorcircuit("numpy") as tc:
        full = [float(readout(tc, a, theta, s)) for s in states]
    np.testing.assert_allclose(fast, full, atol=2e-6)


@pytest.mark.parametrize(
    ("shape", "parameters", "live", "cone"),
    [
        ((12, 4, "chain", "xyx", 11), 188, 36, 4),
        ((12, 4, "ring", "xyx", 11), 192, 60, 7),
        ((10, 6, "chain", "xyx", 9), 234, 78, 6),
        ((10, 6, "ring", "xyx", 9), 240, 135, 10),
    ],
)
def test_parameter_counts(shape, parameters, live, cone, rng):
    a = layered(*shape)
    assert a.parameters == parameters
    assert len(lightcone.live_gates(a)) == live
    assert len(lightcone.support(a)) == cone
    # by gradients: which parameters move the output for random angles and states
    states = jnp.asarray(
        statevector.parts(statevector.arranged(a, random_states(rng, a.qubits, 2)))
    )
    slope = jax.grad(lambda t: statevector.expectation(a, t, states) @ jnp.array([1.0, 0.3]))
    gradient = jax.jit(slope)(jnp.asarray(rng.normal(size=a.parameters)))
    assert np.sum(np.abs(gradient) > 1e-12) == live


@pytest.mark.parametrize("double", [True, False])
def test_tensorcircuit_leaves_jax_precision_alone(double):
    jax.config.update("jax_enable_x64", double)
    with tensorcircuit() as tc:
        assert tc.dtypestr == ("complex128" if double else "complex64")
    assert jax.config.jax_enable_x64 == double


def test_observable_is_unitary_image_of_z(rng):
    a = layered(4, 3, "chain", "xyx", 3)
    theta = jnp.asarray(rng.uniform(-np.pi, np.pi, a.parameters))
    o = np.asarray(lightcone.observable(a, theta))
    assert np.sum(o**2) == pytest.approx(1)  # O^2 = 1
    assert o[0] == pytest.approx(0)  # traceless
    k = len(lightcone.support(a))
    matrix = sum(c * _string(i, k) for i, c in enumerate(o))
    np.testing.assert_allclose(
        np.linalg.eigvalsh(matrix), np.repeat([-1, 1], 2 ** (k - 1)), atol=1e-12
    )


def _string(index, k):
    matrix = np.eye(1)
    for digit in np.unravel_index(index, (4,) * k):
        matrix = np.kron(matrix, lightcone.PAULIS[digit])
    return matrix


def test_features_do_not_see_the_global_phase(rng):
    a = layered(5, 2, "chain", "xyx", 4)
    states = random_states(rng, 5, 3)
    phases = np.exp(1j * rng.uniform(0, 2 * np.pi, (3, 1)))
    before, after = pauli_features(a, states), pauli_features(a, states * phases)
    np.testing.assert_allclose(before, after, atol=1e-14)


def test_model_gives_the_same_logits_by_every_engine(rng, monkeypatch):
    x = random_states(rng, 4, 5)
    logits = {}
    for name, widest, most in (("cone", 7, 0), ("span", 0, 5), ("states", 0, 4)):
        monkeypatch.setattr(classifier, "MAX_CONE", widest)
        monkeypatch.setattr(classifier, "MAX_SPAN", most)
        model = qnn(depth=2, entangler="ring").build([x, x])
        assert model.engine == name
        params = {"theta": jnp.linspace(-2, 2, model.circuit.parameters)}
        pool, rows = jnp.asarray(model.encode(x)), np.array([4, 1, 2])
        logits[name] = jax.jit(partial(model.logits, state={}, pool=pool, rows=rows))(params)[0]
    np.testing.assert_allclose(logits["cone"], logits["states"], atol=1e-12)
    np.testing.assert_allclose(logits["span"], logits["states"], atol=1e-12)
    assert np.all(np.abs(logits["states"]) <= 5)


def test_single_and_double_precision_train_alike(rng):
    """The compiled loops of a single-precision training against a double-precision gradient; and who has derivatives of
    which kind."""
    x = random_states(rng, 4, 6)
    model = qnn(depth=3).build([x, x])
    theta, pool = rng.normal(size=model.circuit.parameters), model.encode(x)

    def slope(double, operator):
        jax.config.update("jax_enable_x64", double)
        real = jnp.float64 if double else jnp.float32
        loss = lambda t: jnp.mean(model.logits({"theta": t}, {}, jnp.asarray(pool, real))[0] ** 2)  # noqa: E731
        return np.asarray(jax.jit(operator(loss))(jnp.asarray(theta, real)))

    np.testing.assert_allclose(slope(False, jax.grad), slope(True, jax.grad), atol=1e-5)
    assert slope(True, jax.hessian).shape == (len(theta),) * 2
    with pytest.raises(TypeError, match="forward-mode"):
        slope(False, jax.jacfwd)


def test_ground_states_along_the_xxz_line_span_few_dimensions(small_xxz, rng):
    """All 396 of them, whatever their phases: a wide circuit is evolved for these alone. Exact to the tolerance."""
    x = np.concatenate([small_xxz.x_train, small_xxz.x_validation])
    basis = span(x)
    assert len(basis) < 20
    np.testing.assert_allclose(basis @ basis.conj().T, np.eye(len(basis)), atol=1e-12)
    np.testing.assert_allclose((x @ basis.conj().T) @ basis, x, atol=1e-7)
    # two states, however often and with whatever phase they occur
    pair = random_states(rng, 5, 2)
    copies = np.exp(1j * rng.uniform(0, 7, (9, 1))) * pair[rng.integers(2, size=9)]
    assert len(span(np.concatenate([pair, copies]))) == 2


def test_images_are_padded_to_a_register():
    assert amplitudes(np.ones((2, 784))).shape == (2, 1024)
    assert amplitudes(np.ones((2, 64))).shape == (2, 64)


# -- density matrices -------------------------------------------------------------------------------------------------
def test_density_matrices_are_read_as_the_states_that_they_are(rng):
    """Pure ones give the logits of their vectors, mixtures the mixture of logits."""
    x = random_states(rng, 4, 6)
    rho = x[:, :, None] * x[:, None, :].conj()
    mixed = np.einsum("nm,mij->nij", weights := rng.dirichlet(np.ones(6), 5), rho)
    pure, model = (qnn(depth=3).build([rows, rows]) for rows in (x, rho))
    assert model.engine == "cone" and model.circuit == pure.circuit
    theta = jnp.asarray(rng.normal(size=pure.circuit.parameters))
    z = pure.expectation(theta, jnp.asarray(pure.encode(x)))
    np.testing.assert_allclose(
        model.expectation(theta, jnp.asarray(model.encode(rho))), z, atol=1e-12
    )
    found = model.expectation(theta, jnp.asarray(model.encode(mixed)))
    np.testing.assert_allclose(found, weights @ z, atol=1e-12)


def test_density_matrices_that_do_not_fit_are_refused_in_one_sentence(monkeypatch):
    with pytest.raises(UserError, match=r"must be 2\^k x 2\^k, for k qubits, not 3 x 3"):
        qnn(depth=1).build([np.eye(3)[None]])
    monkeypatch.setattr(classifier, "MAX_CONE", 2)
    with pytest.raises(
        UserError,
        match="density matrices are read on light cones of at most 2 qubits, and this one",
    ):
        qnn(depth=3).build([np.eye(16)[None] / 16])
