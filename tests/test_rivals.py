"""A second reference for the light cone: what other implementations of Pauli propagation give."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from circuits import irregular, layered, random_states
from qunlearn.quantum import foreign, lightcone
from qunlearn.quantum.features import pauli_features
from qunlearn.studies.benchmark import cones, pauli

pytestmark = pytest.mark.usefixtures("compiled_quickly")
CIRCUITS = [
    (layered, (5, 2, "chain", "xyx", 4)),
    (irregular, (2, 4, 3, 1)),
    pytest.param(layered, (6, 3, "ring", "xyz", 2), marks=pytest.mark.long),
]


@pytest.mark.parametrize(("make", "shape"), CIRCUITS)
def test_tensorcircuits_pauli_propagation_gives_the_same_logits_and_gradients(make, shape, rng):
    """TensorCircuit-NG keeps coefficients in single precision."""
    jax.config.update("jax_enable_x64", False)
    circuit = make(*shape)
    cone, kept = cones.narrowed(circuit)
    theta = jnp.asarray(rng.uniform(-np.pi, np.pi, circuit.parameters), jnp.float32)
    states = random_states(rng, circuit.qubits, 3)
    features = jnp.asarray(pauli_features(circuit, states), jnp.float32)
    columns = np.arange(features.shape[1])
    weights = jnp.asarray(rng.normal(size=3), jnp.float32)

    def theirs(theta):
        return features @ pauli.propagated(cone, theta[kept])

    def ours(theta):
        return features @ foreign.coefficients(circuit, columns, theta)

    def both(logits):
        found, pull = jax.vjp(logits, theta)
        return found, pull(weights)[0]

    for found, expected in zip(jax.jit(lambda: both(ours))(), jax.jit(lambda: both(theirs))()):
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(("make", "shape"), CIRCUITS)
def test_tencirpauli_gives_the_same_value_and_gradient(make, shape, rng):
    pytest.importorskip("tencirpauli", reason="an optional rival: envs/rivals.txt")
    circuit, _ = cones.narrowed(make(*shape))
    theta = rng.uniform(-np.pi, np.pi, circuit.parameters)
    seen = pauli_features(circuit, cones.zero_state(circuit))[0]
    ours = jax.value_and_grad(lambda theta: lightcone.observable(circuit, theta) @ seen)
    for found, expected in zip(pauli.tencirpauli(circuit)(theta), ours(jnp.asarray(theta))):
        np.testing.assert_allclose(found, expected, atol=1e-10)


def test_the_narrowed_circuit_is_the_cone_alone_and_its_states_are_what_it_sees(rng):
    """With the live gates on the cone's qubits, and purifications of what these hold, nothing that
    is read out changes."""
    circuit = layered(7, 2, "chain", "xyx", 6)
    cone, kept = cones.narrowed(circuit)
    assert (cone.qubits, cone.parameters) == (2, len(lightcone.live_gates(circuit)))
    assert lightcone.support(cone) == [0, 1]
    theta = rng.normal(size=circuit.parameters)
    x = random_states(rng, 7, 4)
    smaller = cones.purified(circuit, x)
    assert smaller.shape == (4, 2 ** (2 + 2))
    widened = cones.with_idle(cone, smaller)
    ours = pauli_features(circuit, x) @ lightcone.observable(circuit, jnp.asarray(theta))
    theirs = pauli_features(widened, smaller) @ lightcone.observable(widened, theta[kept])
    np.testing.assert_allclose(theirs, ours, atol=1e-12)
