"""What a circuit is made of: layers, moments, gates of a user's own."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from circuits import (
    full_circuit,
    irregular,
    layered,
    qnn,
    random_states,
)
from qunlearn.parts import registry
from qunlearn.parts.datasets.digits import Digits
from qunlearn.quantum import classifier, lightcone, statevector
from qunlearn.quantum.circuit import assemble
from qunlearn.runtime.errors import UserError

pytestmark = pytest.mark.usefixtures("compiled_quickly")


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


@pytest.mark.long
def test_layers_that_are_alike_take_the_fast_path_to_the_same_numbers(rng, monkeypatch):
    a = layered(5, 3, "ring", "xyz", 2)
    states = jnp.asarray(statevector.parts(statevector.arranged(a, random_states(rng, 5, 3))))
    theta = jnp.asarray(rng.normal(size=a.parameters))
    fast = [f(a, theta, states) for f in (statevector.expectation, statevector.observable)]
    bonds = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 0))
    assert statevector.uniform_layers(a) == ("xyz", bonds, ())
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
