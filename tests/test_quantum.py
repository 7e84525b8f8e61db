"""The circuit's three evaluations agree; its light cone counts what the paper's circuits count."""

import re
import sys
import warnings
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from circuits import full_circuit, irregular, layered, random_states
from qunlearn.parts import registry
from qunlearn.parts.datasets.digits import Digits
from qunlearn.parts.models.qnn import Qnn
from qunlearn.quantum import classifier, foreign, lightcone, program, statevector
from qunlearn.quantum.circuit import assemble
from qunlearn.quantum.features import amplitudes, pauli_features, span
from qunlearn.quantum.simulator import readout, tensorcircuit
from qunlearn.runtime.errors import UserError

CIRCUITS = [
    (4, 1, "chain", "xyx", 3),
    (4, 2, "chain", "xyz", 1),
    (5, 3, "chain", "xyx", 4),
    (6, 2, "ring", "xyz", 2),
    (4, 4, "ring", "xyx", 0),
]
#: Seed, qubits, layers, measured qubit.
IRREGULAR = [(0, 3, 2, 0), (2, 4, 5, 1), (7, 5, 2, 3)]
#: More of the same kinds, slower to compile.
MORE = [
    *((layered, shape) for shape in [(5, 3, "ring", "xyx", 4), (6, 4, "chain", "xyx", 5)]),
    (layered, (3, 5, "chain", "xyz", 2)),
    *((irregular, shape) for shape in [(4, 4, 3, 2), (3, 5, 4, 4), (5, 2, 6, 0)]),
]
EVERY = [
    *((layered, shape) for shape in CIRCUITS),
    *((irregular, shape) for shape in IRREGULAR),
    *(pytest.param(*case, marks=pytest.mark.long) for case in MORE),
]
OPTIONS = {
    "entangler": "chain",
    "rotations": "xyx",
    "readout_scale": 5.0,
    "measure": "last",
}


def qnn(**options):
    return Qnn(**OPTIONS | options)


@pytest.mark.parametrize(("make", "shape"), EVERY)
def test_light_cone_and_state_vector_agree_with_the_full_circuit(make, shape, rng):
    """Values and derivatives; one program each, and compiled quickly, as it runs once."""
    a = make(*shape)
    states = random_states(rng, a.qubits, 2)
    theta = jnp.asarray(rng.uniform(-np.pi, np.pi, a.parameters))
    values, gradients = full_circuit(a, theta, states)
    features = jnp.asarray(pauli_features(a, states))
    arranged = jnp.asarray(statevector.parts(statevector.arranged(a, states)))
    quickly = {"xla_backend_optimization_level": 0}

    def cone(t):
        z, pull = jax.vjp(lambda t: features @ lightcone.observable(a, t), t)
        return z, jax.vmap(pull)(jnp.eye(2))[0]

    z, slopes = jax.jit(cone, compiler_options=quickly)(theta)
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

    z, slopes = jax.jit(evolved, compiler_options=quickly)(theta)
    np.testing.assert_allclose(z, values, atol=1e-12)
    np.testing.assert_allclose(slopes, weights @ gradients, atol=1e-12)


@pytest.mark.parametrize(("make", "shape"), EVERY)
def test_compiled_loops_agree_with_the_evolution_in_double_precision(make, shape, rng):
    """Coefficients of some strings and their derivatives, for 40 replicas: more than a vector register, and a rest."""
    a = make(*shape)
    columns = rng.permutation(4 ** len(lightcone.support(a)))[:10]
    theta = jnp.asarray(rng.uniform(-np.pi, np.pi, (40, a.parameters)).astype(np.float32), float)
    theta = theta.at[0].mul(64)  # many turns, the same numbers in either precision
    weights = jnp.asarray(rng.normal(size=(40, len(columns))))
    reference = jax.jit(
        jax.vmap(jax.value_and_grad(lambda t, w: lightcone.observable(a, t)[columns] @ w)),
        compiler_options={"xla_backend_optimization_level": 0},
    )
    value, gradient = map(np.asarray, reference(theta, weights))
    jax.config.update("jax_enable_x64", False)
    single = jnp.asarray(theta, jnp.float32), jnp.asarray(weights, jnp.float32)
    loops = jax.value_and_grad(lambda t, w: foreign.coefficients(a, columns, t) @ w)
    every = jax.jit(jax.vmap(loops))
    together = every(*single)
    np.testing.assert_allclose(together[0], value, atol=3e-6)
    np.testing.assert_allclose(together[1], gradient, atol=3e-6)
    # to the last bit, a replica does not depend on those beside it, and may be on its own
    backwards = every(*(array[::-1] for array in single))
    np.testing.assert_array_equal(backwards[1][::-1], together[1])
    one_weight = jax.vmap(loops, (0, None))(single[0], single[1][0])
    np.testing.assert_array_equal(one_weight[1][0], together[1][0])
    np.testing.assert_allclose(loops(single[0][7], single[1][7])[1], gradient[7], atol=3e-6)
    # a replica that has diverged says so, and no other does
    broken = every(single[0].at[3].set(jnp.nan), single[1])[0]
    assert np.flatnonzero(np.isnan(broken)).tolist() == [3]


def test_gates_are_exchanged_so_that_the_register_grows_late():
    """Only gates that share no qubit change places, and the paper's circuit on images needs half the pairs."""
    a = layered(10, 6, "chain", "xyx", 9)
    live = lightcone.live_gates(a)
    circuit = program.program(a)
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
        values, pull = jax.vjp(lambda o: foreign.read(pool, row, o), observable)
        return values, pull(weight)[0]

    found = jax.jit(jax.vmap(read, (0, 0, None, 0)))(*single, rows)
    np.testing.assert_allclose(found[0], expected, atol=1e-5)
    np.testing.assert_allclose(found[1], slopes, atol=1e-5)
    with pytest.raises(ValueError, match="share"):
        jax.vmap(foreign.read, (0, 0, 0))(jnp.stack([single[2]] * 3), jnp.asarray(rows), single[0])
    with pytest.raises(ValueError, match="20 columns are no multiple of 16"):
        foreign.read(single[2][:, :20], jnp.asarray(rows[0]), single[0][0, :20])


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
    quickly = jax.jit(slope, compiler_options={"xla_backend_optimization_level": 0})
    gradient = quickly(jnp.asarray(rng.normal(size=a.parameters)))
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
        return np.asarray(operator(loss)(jnp.asarray(theta, real)))

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


# -- circuits ---------------------------------------------------------------------------------------------------------
def test_a_layer_of_the_paper_is_one_moment():
    a = layered(6, 4, "chain", "xyx", 5)
    assert [len(m.bonds) for m in lightcone.moments(a)] == [0, 1, 2, 3]
    assert all(m.begins_layer for m in lightcone.moments(a))


def test_a_bond_that_acts_before_a_rotation_of_its_qubits_begins_another_moment():
    def layer(qubits, number):
        yield "rx", 0
        yield "rzz", 0, 2
        yield "ry", 2
        yield "rzz", 1, 2
        yield "rx", 1
        yield "rz", 0

    found = lightcone.moments(assemble(layer, 3, 2, 1))
    assert [moment.begins_layer for moment in found] == 2 * [False, False, True]
    names = [[gate.name for gate in m.bonds] for m in found]
    assert names == 2 * [[], ["rzz"], ["rzz"]]
    rotated = [{q: g[0].name for q, g in m.rotations.items() if g} for m in found]
    assert rotated == [{1: "rx"}, {2: "ry"}, {0: "rx"}, {0: "rz", 1: "rx"}, {2: "ry"}, {0: "rx"}]


def test_a_circuit_that_cannot_move_its_output_still_has_one(rng):
    """Bonds alone leave Z as it is, in either precision."""
    x = random_states(rng, 3, 5)

    def bonds(qubits):
        return assemble(lambda qubits, number: [("rzz", 0, 1), ("rz", 2)], qubits, 2, 1)

    z = np.sum(np.abs(x) ** 2 * np.tile([1, 1, -1, -1], 2), axis=1)
    for double in (True, False):
        jax.config.update("jax_enable_x64", double)
        model = classifier.QuantumClassifier([x, x], bonds, 2.0)
        params, state = model.init(jax.random.key(0))
        found = model.logits(params, state, jnp.asarray(model.encode(x)), np.arange(5))[0]
        np.testing.assert_allclose(found, 2 * z, atol=1e-6)
        assert model.parameters() == {"all": 4, "live": 0}


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        (("cx", 0, 1), "none of rx, ry, rz, rzz"),
        (("rzz", 1, 1), "rzz acts on 2 different qubits"),
        (("rx", 0, 1), "rx acts on 1 different qubits"),
        (("ry", 3), "the qubits are 0 to 2"),
        (None, "layer 0 has no gates on 3 qubits"),
    ],
)
def test_gates_that_do_not_exist_are_refused_in_one_sentence(gate, message):
    with pytest.raises(UserError, match=message):
        assemble(lambda qubits, number: [gate] if gate else [], 3, 1, 0)


def test_layers_that_are_alike_take_the_fast_path_to_the_same_numbers(rng, monkeypatch):
    a = layered(5, 3, "ring", "xyz", 2)
    states = jnp.asarray(statevector.parts(statevector.arranged(a, random_states(rng, 5, 3))))
    theta = jnp.asarray(rng.normal(size=a.parameters))
    fast = [f(a, theta, states) for f in (statevector.expectation, statevector.observable)]
    assert statevector.uniform_layers(a) == ("xyz", ((0, 1), (1, 2), (2, 3), (3, 4), (4, 0)))
    assert statevector.uniform_layers(irregular(1, 4, 3, 2)) is None
    monkeypatch.setattr(statevector, "uniform_layers", lambda circuit: None)
    slow = [f(a, theta, states) for f in (statevector.expectation, statevector.observable)]
    for one, other in zip(fast, slow):
        np.testing.assert_allclose(one, other, atol=1e-12)


BRICKWORK = """
from qunlearn.parts.circuits import Circuit
from qunlearn.parts.part import option


class Brickwork(Circuit):
    step: int = option(2, ge=1, says="distance of two bricks")
    first: str = option("rx", says="gate on qubit 0")

    def layer(self, qubits, number):
        yield self.first, 0
        for qubit in range(number % 2, qubits - 1, self.step):
            yield "rzz", qubit, qubit + 1
            yield "ry", qubit + 1
"""


def test_a_circuit_of_a_users_own(tmp_path, rng, request):
    """It is named, perhaps with changes, and what is wrong with it is said before a job starts."""
    tmp_path.joinpath("brickwork.py").write_text(BRICKWORK)
    request.addfinalizer(lambda: registry.load([]))
    registry.load([str(tmp_path)])
    model = qnn(depth=2, circuit="brickwork~step=3")
    found = [(gate.name, gate.qubits) for gate in model.circuit_on(6).layer(1)]
    assert found == [("rx", (0,)), ("rzz", (1, 2)), ("ry", (2,)), ("rzz", (4, 5)), ("ry", (5,))]
    assert model.size() == "D = 2, brickwork~step=3"
    digits = Digits(train_fraction=0.6, seed=0)
    assert model.problems(digits, "digits") == []
    [problem] = qnn(depth=2, circuit="brickwork~first=cx").problems(digits, "digits")
    assert re.fullmatch(
        r"circuit: .*brickwork.py, line 6: layer 0 has a gate \('cx', 0\), which .*", problem
    )
    [problem] = qnn(depth=2, circuit="brickwork~stpe=3").problems(digits, "digits")
    assert "did you mean 'step'?" in problem
    x = random_states(rng, 6, 2)
    classified = model.build([x, x])
    theta = rng.normal(size=classified.circuit.parameters)
    z, _ = full_circuit(classified.circuit, theta, x)
    logits = classified.logits(
        {"theta": jnp.asarray(theta)}, {}, jnp.asarray(classified.encode(x))
    )[0]
    np.testing.assert_allclose(logits, 5 * z, atol=1e-12)


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


# -- where the compiled loops do not run ------------------------------------------------------------------------------
def forget_kernel(monkeypatch):
    monkeypatch.delitem(sys.modules, "qunlearn.quantum.kernel", raising=False)
    monkeypatch.delattr("qunlearn.quantum.kernel", raising=False)


def no_numba(monkeypatch):
    forget_kernel(monkeypatch)
    monkeypatch.setitem(sys.modules, "numba", None)


def no_llvm(monkeypatch):
    forget_kernel(monkeypatch)
    monkeypatch.setitem(sys.modules, "llvmlite", None)


def does_not_compile(monkeypatch):
    from numba.core.errors import LoweringError

    def cfunc(*_, **__):
        raise LoweringError("no such instruction")

    forget_kernel(monkeypatch)
    monkeypatch.setattr("numba.cfunc", cfunc)


def no_interface(monkeypatch):
    monkeypatch.delattr(jax.ffi, "register_ffi_target")


def another_version(monkeypatch):
    """A handler that answers a version of the interface which XLA does not have."""
    from numba import carray, cfunc, types

    from qunlearn.quantum import kernel

    words, pointer, offset = kernel._words, kernel._pointer, kernel.VERSION_BYTE

    @cfunc(types.int64(types.int64))
    def handler(frame):
        extension = words(frame, 2)[1]
        if extension != 0:
            version = carray(pointer(words(extension, 4)[3] + offset), (2,), np.int32)
            version[0], version[1] = 0, 99
        return 0

    monkeypatch.setattr(kernel, "HANDLERS", {"of_another_version": handler})


def other_words(monkeypatch):
    monkeypatch.setattr("struct.calcsize", lambda kind: 4)


@pytest.mark.parametrize(
    ("obstacle", "reason"),
    [
        (no_numba, "numba"),
        (no_llvm, "llvmlite"),
        (does_not_compile, "no such instruction"),
        (no_interface, "register_ffi_target"),
        (another_version, r"API version \(0.99\) is incompatible"),
        (other_words, "8-byte pointers"),
    ],
)
def test_where_the_loops_do_not_run_the_light_cone_serves_with_one_warning(
    obstacle, reason, rng, monkeypatch
):
    x = random_states(rng, 4, 6)
    jax.config.update("jax_enable_x64", False)
    model = qnn(depth=3).build([x, x])
    params = {"theta": jnp.asarray(rng.normal(size=model.circuit.parameters), jnp.float32)}
    pool, rows = jnp.asarray(model.encode(x), jnp.float32), np.array([4, 1, 2])

    def loss(params):
        return jnp.sum(model.logits(params, {}, pool, rows)[0] ** 2)

    expected = jax.value_and_grad(loss)(params)
    with monkeypatch.context() as patch:
        for function in ("_register", "available"):  # as in a process that has not asked yet
            patch.setattr(foreign, function, cache(getattr(foreign, function).__wrapped__))
        obstacle(patch)
        with pytest.warns(UserWarning, match=rf"compiled loops of the QNN are not used.*{reason}"):
            found = jax.jit(jax.value_and_grad(loss))(params)
        with warnings.catch_warnings(action="error"):
            assert model.logits(params, {}, pool)[0].shape == (6,)
        assert jax.jit(jax.jacfwd(loss))(params)["theta"].shape == params["theta"].shape
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5)
    np.testing.assert_allclose(found[1]["theta"], expected[1]["theta"], atol=1e-4)
    assert foreign.available()


def test_both_know_how_many_strings_a_vector_holds():
    from qunlearn.quantum import kernel

    assert kernel.WIDTH == program.WIDTH
