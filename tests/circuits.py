"""Circuits and states for tests, and TensorCircuit's simulation of them as the reference."""

import numpy as np
import pytest

from qunlearn.parts.circuits.cnot_ring import CnotRing
from qunlearn.parts.circuits.layered import Layered
from qunlearn.parts.models.qnn import Qnn
from qunlearn.quantum.circuit import GATES, ROTATIONS, assemble
from qunlearn.quantum.simulator import readout, tensorcircuit


def layered(qubits, depth, entangler, rotations, measure):
    """The paper's circuit."""
    part = Layered(entangler=entangler, rotations=rotations)
    return assemble(part.layer, qubits, depth, measure)


def cnot_ring(qubits, depth, measure):
    """The circuit of the authors' notebook."""
    return assemble(CnotRing().layer, qubits, depth, measure)


def irregular(seed, qubits, depth, measure, gates=tuple(ROTATIONS)):
    """Layers of random gates: no two alike, bonds on any pair, anything in any order."""
    rng = np.random.default_rng(seed)
    shares = [0.2 * GATES[name] for name in gates]
    shares = np.array(shares) / sum(shares)

    def layer(qubits, number):
        for name in rng.choice(gates, rng.integers(1, 9), p=shares):
            yield str(name), *rng.permutation(qubits)[: GATES[name]].tolist()

    return assemble(layer, qubits, depth, measure)


def with_cliffords(seed, qubits, depth, measure):
    """The same, with gates that have no angle among them."""
    return irregular(seed, qubits, depth, measure, tuple(GATES))


def random_states(rng, qubits, number):
    states = rng.normal(size=(number, 2**qubits)) + 1j * rng.normal(size=(number, 2**qubits))
    return states / np.linalg.norm(states, axis=1, keepdims=True)


def full_circuit(circuit, theta, states):
    """<Z> of every state by TensorCircuit's full circuit on its numpy backend, and d<Z>/dtheta by the shift rule,
    exact for gates exp(-i t P / 2) with P^2 = 1: values (N,), gradients (N, P)."""

    def values(t):
        with tensorcircuit("numpy") as tc:
            return np.array([readout(tc, circuit, t, state) for state in states])

    theta = np.asarray(theta)
    shifts = np.pi / 2 * np.eye(len(theta))
    gradients = [(values(theta + shift) - values(theta - shift)) / 2 for shift in shifts]
    return values(theta), np.stack(gradients, axis=1)


def noisy_circuit(circuit, theta, state, p):
    """<Z> by TensorCircuit's density matrix, with its depolarising channel on every qubit after every layer."""
    with tensorcircuit("numpy") as tc:
        simulation = tc.DMCircuit(circuit.qubits, inputs=state)
        for number in range(circuit.depth):
            for gate in circuit.layer(number):
                angle = {} if gate.parameter is None else {"theta": theta[gate.parameter]}
                getattr(simulation, gate.name)(*gate.qubits, **angle)
            for qubit in range(circuit.qubits):
                simulation.depolarizing(qubit, px=p / 4, py=p / 4, pz=p / 4)
        return float(np.real(simulation.expectation_ps(z=[circuit.measure])))


CIRCUITS = [
    (4, 1, "chain", "xyx", 3),
    (4, 2, "chain", "xyz", 1),
    (6, 2, "ring", "xyz", 2),
]
#: Seed, qubits, layers, measured qubit.
IRREGULAR = [(0, 3, 2, 0), (2, 4, 5, 1), (7, 5, 2, 3)]
#: The same, of circuits with gates that have no angle.
CLIFFORD = [(1, 3, 3, 2), (4, 4, 4, 0)]
#: More of the same kinds, slower to compile.
WIDER = [
    (5, 3, "chain", "xyx", 4),
    (4, 4, "ring", "xyx", 0),
    (5, 3, "ring", "xyx", 4),
    (6, 4, "chain", "xyx", 5),
]
ROTATING = [
    *((layered, shape) for shape in CIRCUITS),
    *((irregular, shape) for shape in IRREGULAR),
]
CLIFFORDS = [
    *((with_cliffords, shape) for shape in CLIFFORD),
    (cnot_ring, (4, 2, 1)),
]
MORE_ROTATING = [
    *((layered, shape) for shape in WIDER),
    (layered, (3, 5, "chain", "xyz", 2)),
    *((irregular, shape) for shape in [(4, 4, 3, 2), (3, 5, 4, 4), (5, 2, 6, 0)]),
]
MORE_CLIFFORDS = [
    *((with_cliffords, shape) for shape in [(2, 5, 4, 3), (6, 4, 6, 1), (8, 6, 3, 5)]),
    (cnot_ring, (5, 3, 4)),
]


def with_longer(cases, more):
    """The cases, and those that take longer to compile."""
    return [*cases, *(pytest.param(*case, marks=pytest.mark.long) for case in more)]


#: Circuits of gates that each have an angle, and those with others among them.
EVERY_ROTATING = with_longer(ROTATING, MORE_ROTATING)
EVERY = [*EVERY_ROTATING, *with_longer(CLIFFORDS, MORE_CLIFFORDS)]
OPTIONS = {
    "entangler": "chain",
    "rotations": "xyx",
    "readout_scale": 5.0,
    "measure": "last",
}


def qnn(**options):
    return Qnn(**OPTIONS | options)
