"""The circuit's three evaluations agree; its light cone counts what the paper's circuits count."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qunlearn import models
from qunlearn.models import qnn
from qunlearn.quantum import ansatz, kernel, lightcone, statevector
from qunlearn.quantum.ansatz import Ansatz

CIRCUITS = [
    (4, 1, "chain", "xyx", 3),
    (4, 2, "chain", "xyz", 1),
    (5, 3, "chain", "xyx", 4),
    (5, 3, "ring", "xyx", 4),
    (6, 2, "ring", "xyz", 2),
    (6, 4, "chain", "xyx", 5),
    (4, 4, "ring", "xyx", 0),
    (3, 5, "chain", "xyz", 2),
]


def random_states(rng, qubits, number):
    states = rng.normal(size=(number, 2**qubits)) + 1j * rng.normal(size=(number, 2**qubits))
    return states / np.linalg.norm(states, axis=1, keepdims=True)


def full_circuit(a, theta, states):
    """<Z> of every state by TensorCircuit's full circuit on its numpy backend, and d<Z>/dtheta by the shift rule,
    exact for gates exp(-i t P / 2) with P^2 = 1: values (N,), gradients (N, P)."""

    def values(t):
        with ansatz.tensorcircuit("numpy") as tc:
            return np.array([ansatz.readout(tc, a, t, s) for s in states])

    theta = np.asarray(theta)
    shifts = np.pi / 2 * np.eye(len(theta))
    return values(theta), np.stack([(values(theta + s) - values(theta - s)) / 2 for s in shifts], axis=1)


@pytest.mark.parametrize("shape", CIRCUITS)
def test_light_cone_agrees_with_the_full_circuit(shape, rng):
    a = Ansatz(*shape)
    states = random_states(rng, a.qubits, 2)
    theta = jnp.asarray(rng.uniform(-np.pi, np.pi, a.parameters))
    features = jnp.asarray(lightcone.pauli_features(a, states))
    values, gradients = full_circuit(a, theta, states)
    cone = jax.jit(lambda t: features @ lightcone.observable(a, t))
    np.testing.assert_allclose(cone(theta), values, atol=1e-12)
    np.testing.assert_allclose(jax.jit(jax.jacrev(cone))(theta), gradients, atol=1e-12)
    # the parameters that move the output are those of the causal cone
    moving = set(np.flatnonzero(np.abs(gradients).max(axis=0) > 1e-10).tolist())
    assert moving == {gate.parameter for gate in lightcone.live_gates(a)}


@pytest.mark.parametrize("shape", CIRCUITS)
def test_compiled_loops_agree_with_the_evolution_in_double_precision(shape, rng):
    """Coefficients of some strings and their derivatives, for 40 replicas: more than a vector register, and a rest."""
    a = Ansatz(*shape)
    columns = rng.permutation(4 ** len(lightcone.support(a)))[:10]
    theta = jnp.asarray(rng.uniform(-np.pi, np.pi, (40, a.parameters)).astype(np.float32), float)
    theta = theta.at[0].mul(64)  # many turns, the same numbers in either precision
    weights = jnp.asarray(rng.normal(size=(40, len(columns))))
    reference = jax.jit(jax.vmap(jax.value_and_grad(lambda t, w: lightcone.observable(a, t)[columns] @ w)))
    value, gradient = map(np.asarray, reference(theta, weights))
    jax.config.update("jax_enable_x64", False)
    single = jnp.asarray(theta, jnp.float32), jnp.asarray(weights, jnp.float32)
    loops = jax.value_and_grad(lambda t, w: kernel.coefficients(a, columns, t) @ w)
    together = jax.jit(jax.vmap(loops))(*single)
    np.testing.assert_allclose(together[0], value, atol=3e-6)
    np.testing.assert_allclose(together[1], gradient, atol=3e-6)
    # to the last bit, a replica does not depend on those beside it, and may be on its own
    backwards = jax.jit(jax.vmap(loops))(*(array[::-1] for array in single))
    np.testing.assert_array_equal(backwards[1][::-1], together[1])
    one_weight = jax.vmap(loops, (0, None))(single[0], single[1][0])
    np.testing.assert_array_equal(one_weight[1][0], together[1][0])
    np.testing.assert_allclose(loops(single[0][7], single[1][7])[1], gradient[7], atol=3e-6)
    # a replica that has diverged says so, and no other does
    broken = jax.jit(jax.vmap(loops))(single[0].at[3].set(jnp.nan), single[1])[0]
    assert np.flatnonzero(np.isnan(broken)).tolist() == [3]


def test_gates_are_exchanged_so_that_the_register_grows_late():
    """Only gates that share no qubit change places, and the paper's circuit on images needs half the pairs."""
    a = Ansatz(10, 6, "chain", "xyx", 9)
    live = lightcone.live_gates(a)
    circuit = kernel.program(a)
    place = {parameter: n for n, parameter in enumerate(circuit.parameters.tolist())}
    assert sorted(place) == sorted(gate.parameter for gate in live)
    for number, gate in enumerate(live):
        after = [other for other in live[number + 1 :] if set(other.qubits) & set(gate.qubits)]
        assert all(place[gate.parameter] < place[other.parameter] for other in after)
    size, in_turn, seen = 1, 0, set()
    for gate in live:
        seen |= {a.measure, *gate.qubits}
        size = 4 ** len(seen)
        in_turn += size // 4
    assert size == circuit.size
    assert len(circuit.pairs) < 0.5 * in_turn


@pytest.mark.parametrize("batch", [1, 4, 7])
def test_rows_that_are_read_one_by_one_agree_with_a_matrix_product(batch, rng):
    jax.config.update("jax_enable_x64", False)
    pool, observables = rng.normal(size=(9, 32)), rng.normal(size=(3, 32))
    rows, weights = rng.integers(0, 9, (3, batch)), rng.normal(size=(3, batch))
    expected = np.einsum("rbc,rc->rb", pool[rows], observables)
    slopes = np.einsum("rb,rbc->rc", weights, pool[rows])
    single = [jnp.asarray(array, jnp.float32) for array in (observables, weights, pool)]

    def read(observable, weight, pool, row):
        values, pull = jax.vjp(lambda o: kernel.read(pool, row, o), observable)
        return values, pull(weight)[0]

    found = jax.jit(jax.vmap(read, (0, 0, None, 0)))(*single, rows)
    np.testing.assert_allclose(found[0], expected, atol=1e-5)
    np.testing.assert_allclose(found[1], slopes, atol=1e-5)
    with pytest.raises(ValueError, match="share"):
        jax.vmap(kernel.read, (0, 0, 0))(jnp.stack([single[2]] * 3), jnp.asarray(rows), single[0])
    with pytest.raises(ValueError, match="20 columns are no multiple of 16"):
        kernel.read(single[2][:, :20], jnp.asarray(rows[0]), single[0][0, :20])


@pytest.mark.parametrize("shape", CIRCUITS)
def test_state_vector_agrees_with_the_full_circuit(shape, rng):
    a = Ansatz(*shape)
    states = random_states(rng, a.qubits, 2)
    theta = jnp.asarray(rng.uniform(-np.pi, np.pi, a.parameters))
    values, gradients = full_circuit(a, theta, states)
    weights = jnp.asarray(rng.normal(size=2))
    arranged = jnp.asarray(statevector.parts(statevector.arranged(a, states)))

    def both(t):
        value, pull = jax.vjp(lambda t: statevector.expectation(a, t, arranged), t)
        return value, pull(weights)[0]

    value, gradient = jax.jit(both)(theta)
    np.testing.assert_allclose(value, values, atol=1e-12)
    np.testing.assert_allclose(gradient, weights @ gradients, atol=1e-12)


def test_paper_sized_circuit_in_single_precision(rng):
    a = Ansatz(12, 4, "chain", "xyx", 11)
    states = random_states(rng, 12, 2)
    theta = rng.uniform(-np.pi, np.pi, a.parameters)
    features = lightcone.pauli_features(a, states).astype(np.float32)
    fast = features @ np.asarray(lightcone.observable(a, jnp.asarray(theta, jnp.float32)))
    with ansatz.tensorcircuit("numpy") as tc:
        full = [float(ansatz.readout(tc, a, theta, s)) for s in states]
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
    a = Ansatz(*shape)
    assert a.parameters == parameters
    assert len(lightcone.live_gates(a)) == live
    assert len(lightcone.support(a)) == cone
    # by gradients: which parameters move the output for random angles and states
    states = jnp.asarray(statevector.parts(statevector.arranged(a, random_states(rng, a.qubits, 2))))
    z, pull = jax.vjp(lambda t: statevector.expectation(a, t, states), jnp.asarray(rng.normal(size=a.parameters)))
    gradients = jax.vmap(pull)(jnp.eye(len(z)))[0]
    assert np.sum(np.abs(gradients).max(axis=0) > 1e-12) == live


@pytest.mark.parametrize("double", [True, False])
def test_tensorcircuit_leaves_jax_precision_alone(double):
    jax.config.update("jax_enable_x64", double)
    with ansatz.tensorcircuit() as tc:
        assert tc.dtypestr == ("complex128" if double else "complex64")
    assert jax.config.jax_enable_x64 == double


def test_observable_is_unitary_image_of_z(rng):
    a = Ansatz(4, 3, "chain", "xyx", 3)
    theta = jnp.asarray(rng.uniform(-np.pi, np.pi, a.parameters))
    o = np.asarray(lightcone.observable(a, theta))
    assert np.sum(o**2) == pytest.approx(1)  # O^2 = 1
    assert o[0] == pytest.approx(0)  # traceless
    k = len(lightcone.support(a))
    matrix = sum(c * _string(i, k) for i, c in enumerate(o))
    np.testing.assert_allclose(np.linalg.eigvalsh(matrix), np.repeat([-1, 1], 2 ** (k - 1)), atol=1e-12)


def _string(index, k):
    matrix = np.eye(1)
    for digit in np.unravel_index(index, (4,) * k):
        matrix = np.kron(matrix, lightcone.PAULIS[digit])
    return matrix


def test_features_do_not_see_the_global_phase(rng):
    a = Ansatz(5, 2, "chain", "xyx", 4)
    states = random_states(rng, 5, 3)
    phases = np.exp(1j * rng.uniform(0, 2 * np.pi, (3, 1)))
    before, after = lightcone.pauli_features(a, states), lightcone.pauli_features(a, states * phases)
    np.testing.assert_allclose(before, after, atol=1e-14)


def test_model_gives_the_same_logits_by_every_engine(rng, monkeypatch):
    x = random_states(rng, 4, 5)
    options = {"depth": 2, "entangler": "ring", "rotations": "xyx", "readout_scale": 5.0, "measure": "last"}
    logits = {}
    for name, widest, most in (("cone", 7, 0), ("span", 0, 5), ("states", 0, 4)):
        monkeypatch.setattr(qnn, "MAX_CONE", widest)
        monkeypatch.setattr(qnn, "MAX_SPAN", most)
        model = models.build({"family": "qnn", **options}, [x, x])
        assert model.engine == name
        params = {"theta": jnp.linspace(-2, 2, model.ansatz.parameters)}
        pool, rows = jnp.asarray(model.encode(x)), np.array([4, 1, 2])
        logits[name] = jax.jit(partial(model.logits, state={}, pool=pool, rows=rows))(params)[0]
    np.testing.assert_allclose(logits["cone"], logits["states"], atol=1e-12)
    np.testing.assert_allclose(logits["span"], logits["states"], atol=1e-12)
    assert np.all(np.abs(logits["states"]) <= 5)


def test_single_and_double_precision_train_alike(rng):
    """The compiled loops of a single-precision training against a double-precision gradient; and who has derivatives of
    which kind."""
    x = random_states(rng, 4, 6)
    options = {"depth": 3, "entangler": "chain", "rotations": "xyx", "readout_scale": 5.0, "measure": "last"}
    model = models.build({"family": "qnn", **options}, [x, x])
    theta, pool = rng.normal(size=model.ansatz.parameters), model.encode(x)

    def slope(double, operator):
        jax.config.update("jax_enable_x64", double)
        real = jnp.float64 if double else jnp.float32
        loss = lambda t: jnp.mean(model.logits({"theta": t}, {}, jnp.asarray(pool, real))[0] ** 2)  # noqa: E731
        return np.asarray(operator(loss)(jnp.asarray(theta, real)))

    np.testing.assert_allclose(slope(False, jax.grad), slope(True, jax.grad), atol=1e-5)
    assert slope(True, jax.hessian).shape == (len(theta),) * 2
    with pytest.raises(TypeError, match="forward-mode"):
        slope(False, jax.jacfwd)


def test_ground_states_along_the_xxz_line_span_few_dimensions(small_xxz, rng):
    """All 396 of them, whatever their phases: a wide circuit is evolved for these alone. Exact to the tolerance."""
    x = np.concatenate([small_xxz.x_train, small_xxz.x_validation])
    basis = qnn.span(x)
    assert len(basis) < 20
    np.testing.assert_allclose(basis @ basis.conj().T, np.eye(len(basis)), atol=1e-12)
    np.testing.assert_allclose((x @ basis.conj().T) @ basis, x, atol=1e-7)
    # two states, however often and with whatever phase they occur
    pair = random_states(rng, 5, 2)
    copies = np.exp(1j * rng.uniform(0, 7, (9, 1))) * pair[rng.integers(2, size=9)]
    assert len(qnn.span(np.concatenate([pair, copies]))) == 2


def test_images_are_padded_to_a_register():
    assert qnn.amplitudes(np.ones((2, 784))).shape == (2, 1024)
    assert qnn.amplitudes(np.ones((2, 64))).shape == (2, 64)
