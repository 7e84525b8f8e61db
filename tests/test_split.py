"""States that enter a circuit as [Re x, Im x] on one more qubit."""

import jax.numpy as jnp
import numpy as np
import pytest

from circuits import layered, qnn, random_states
from project import plan
from qunlearn.parts import models
from qunlearn.quantum.features import encoded, pauli_features
from qunlearn.quantum.simulator import readout, tensorcircuit
from qunlearn.runtime.errors import UserError

pytestmark = pytest.mark.usefixtures("compiled_quickly")


@pytest.mark.parametrize("entangler", ["chain", "ring"])
def test_the_full_circuit_on_one_more_qubit(entangler, rng):
    x = random_states(rng, 12, 2)
    model = qnn(depth=2, entangler=entangler, split=True).build([x, x])
    assert model.circuit.qubits == 13 and model.circuit.measure == 12
    theta = rng.uniform(-np.pi, np.pi, model.circuit.parameters)
    logits, _ = model.logits({"theta": jnp.asarray(theta)}, {}, jnp.asarray(model.encode(x)))
    states = np.concatenate([x.real, x.imag], axis=1)  # (2, 2^13)
    with tensorcircuit("numpy") as tc:
        full = [5 * float(readout(tc, model.circuit, theta, state)) for state in states]
    np.testing.assert_allclose(logits, full, atol=1e-12)


def test_what_is_seen_of_the_phase(rng):
    """Nothing where the light cone leaves out qubit 0: then the real part of the reduced state is all there is."""
    x = random_states(rng, 5, 3)
    turned = x * np.exp(1j * rng.uniform(0, 2 * np.pi, (3, 1)))
    chain, ring = (layered(6, 2, entangler, "xyx", 5) for entangler in ("chain", "ring"))
    before, after = (
        pauli_features(chain, encoded(x, True)),
        pauli_features(chain, encoded(turned, True)),
    )
    np.testing.assert_allclose(before, after, atol=1e-13)
    whole = pauli_features(layered(5, 2, "chain", "xyx", 4), x)
    strings = np.array(np.unravel_index(np.arange(16), (4, 4))).T  # letters I, X, Y, Z as 0 to 3
    has_odd_y = (strings == 2).sum(axis=1) % 2 == 1
    np.testing.assert_allclose(before, np.where(has_odd_y, 0, whole), atol=1e-13)
    before, after = (
        pauli_features(ring, encoded(x, True)),
        pauli_features(ring, encoded(turned, True)),
    )
    assert np.abs(before - after).max() > 0.1


def test_amplitudes_that_fill_no_register(rng):
    """Both parts are padded, so that qubit 0 still tells them apart."""
    x = rng.normal(size=(1, 3)) + 1j * rng.normal(size=(1, 3))
    found = encoded(x, True)
    assert found.shape == (1, 8) and not np.any(found[:, [3, 7]])
    np.testing.assert_array_equal(found[:, 4:7], x.imag)


@pytest.mark.parametrize("family", ["qnn", "observable"])
def test_what_cannot_be_split_is_refused(family, rng):
    options = {"depth": 2, "entangler": "chain", "rotations": "xyx", "readout_scale": 5.0}
    block = {"family": family, "measure": "last", "split": True, **options}
    for x in (rng.normal(size=(4, 8)), np.full((4, 2, 2), 0.5 + 0j)):
        with pytest.raises(UserError, match="split: only complex vectors"):
            models.build(block, [x, x])


def test_what_a_configuration_asks_for():
    study = plan()
    assert study.problems("xxz", "qnn~split=true") == []
    (sentence,) = study.problems("digits", "qnn~split=true")
    assert sentence == (
        "architectures.qnn.split: digits holds no complex state vectors; set it to false there"
    )
    assert study.problems("xxz", "qnn~split=true,measure=12") == []
    (sentence,) = study.problems("xxz", "qnn~split=true,measure=13")
    assert "measure: 13 is not a qubit of xxz (0 to 12)" in sentence
