"""The compiled loops of the QNN: the same numbers, and what serves where they do not run."""

import sys
import warnings
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from circuits import EVERY_ROTATING, layered, qnn, random_states
from qunlearn.quantum import foreign, lightcone, program


@pytest.mark.parametrize(("make", "shape"), EVERY_ROTATING)
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


# -- where the compiled loops do not run ------------------------------------------------------------------------------
def forget_kernel(monkeypatch):
    for name in ("qunlearn.quantum.kernel", "qunlearn.quantum.vectors"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.delattr(name, raising=False)


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
    from numba import cfunc

    from qunlearn.quantum import kernel

    is_call = kernel._is_call

    @cfunc(kernel.HANDLER)
    def handler(frame):
        is_call(frame, (0, 99))
        return 0

    monkeypatch.setattr(kernel, "HANDLERS", {"of_another_version": handler})


def other_words(monkeypatch):
    monkeypatch.setattr("struct.calcsize", lambda kind: 4)


@pytest.mark.parametrize(
    ("obstacle", "reason"),
    [
        (no_numba, "numba"),
        pytest.param(no_llvm, "llvmlite", marks=pytest.mark.long),
        (does_not_compile, "no such instruction"),
        (no_interface, "register_ffi_target"),
        pytest.param(
            another_version, r"API version \(0.99\) is incompatible", marks=pytest.mark.long
        ),
        pytest.param(other_words, "8-byte pointers", marks=pytest.mark.long),
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
