"""Other implementations of Pauli propagation, on the light cone alone."""

from __future__ import annotations

import numpy as np

from qunlearn.parts import models
from qunlearn.quantum.circuit import Circuit
from qunlearn.quantum.simulator import tensorcircuit
from qunlearn.studies.benchmark.cones import narrowed, zero_state
from qunlearn.studies.benchmark.engine import Engine, Inputs, orders, plain, start
from qunlearn.studies.benchmark.tasks import Qnn
from qunlearn.training.losses import real_dtype

I, Z = 0, 3  # letters of a string  # noqa: E741


def propagated(circuit: Circuit, theta):
    """(4^k,) coefficients of the circuit's readout, in the order of `lightcone.observable`, by
    TensorCircuit-NG's Pauli propagation with all strings kept."""
    with tensorcircuit() as tc:
        from tensorcircuit.pauliprop import PauliPropagationEngine

        engine = PauliPropagationEngine(circuit.qubits, circuit.qubits)
        readout = [Z if qubit == circuit.measure else I for qubit in range(circuit.qubits)]
        state = engine.get_initial_state([readout], [1.0])
        for gate in reversed(circuit.gates):
            angle = {"theta": theta[gate.parameter]}
            state = engine.apply_gate(state, gate.name, list(gate.qubits), angle)
        return tc.backend.real(state)[_places(engine)]


def _places(engine) -> np.ndarray:
    """(4^k,) where TensorCircuit-NG keeps each string, by its number with qubit 0 leading."""
    places = np.empty(4**engine.N, int)
    for place, (qubits, letters) in enumerate(engine.basis):
        strides = 4 ** (engine.N - 1 - np.array(qubits, int))
        places[int(strides @ np.array(letters, int))] = place
    return places


def pauliprop(spec: Qnn, inputs: Inputs, replicas: int, updates: int) -> Engine:
    """TensorCircuit-NG's Pauli propagation in place of this project's, with the same features; all
    replicas together, which costs less than one by one."""
    import jax.numpy as jnp

    model = models.build(spec.options, [inputs.x, inputs.x[:1]])
    cone, kept = narrowed(model.circuit)
    params, _ = start(model, replicas)
    features = jnp.asarray(model.encode(inputs.x), real_dtype())
    labels = jnp.asarray(inputs.y, real_dtype())

    def logits(params, features):
        observable = propagated(cone, params["theta"][kept])
        return model.scale * (features @ observable[model.columns])

    return plain(logits, params, (features, labels), orders(spec, replicas, updates), replicas)


def pauliprop_value(circuit: Circuit, theta):
    """<0|O|0>: the sum of the coefficients of strings of I and Z."""
    seen = np.ones(1)
    for _ in range(circuit.qubits):
        seen = np.kron(seen, [1, 0, 0, 1])
    return propagated(circuit, theta) @ seen.astype(real_dtype())


def tencirpauli(circuit: Circuit):
    """TenCirPauli's engine, in double precision."""
    import tencirpauli
    from tencirpauli.propagation import GateTape, PropagationEngine

    tape = GateTape(circuit.qubits)
    for gate in circuit.gates:
        getattr(tape, gate.name)(*gate.qubits, parameter=gate.parameter)
    readout = tencirpauli.PauliOperator.from_terms(circuit.qubits, ((_letters(circuit), 1.0),))
    engine = PropagationEngine(tape, readout)

    def both(theta):
        found = engine.value_and_grad(theta)
        return found.value, found.gradient

    return both


def pauli_prop(circuit: Circuit):
    """Qiskit's pauli-prop, in double precision; it has no derivatives, so they come by the shift
    rule, exact for these gates."""
    from pauli_prop import propagation
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp

    drawn = QuantumCircuit(circuit.qubits)
    for gate in circuit.gates:
        getattr(drawn, gate.name)(1.0, *gate.qubits)
    rotations = propagation.circuit_to_rotation_gates(drawn)
    letters = _letters(circuit)[::-1]  # Qiskit writes qubit 0 last
    readout = SparsePauliOp.from_list([(letters, 1.0)])

    def value(theta):
        turned = rotations._replace(thetas=list(theta))
        found, _ = propagation.propagate_through_rotation_gates(
            readout, turned, max_terms=4**circuit.qubits, atol=0.0, frame="h"
        )
        diagonal = ~found.paulis.x.any(axis=1)
        return found.coeffs[diagonal].real.sum()

    def both(theta):
        shifts = np.pi / 2 * np.eye(len(theta))
        slopes = [(value(theta + shift) - value(theta - shift)) / 2 for shift in shifts]
        return value(theta), np.array(slopes)

    return both


def _letters(circuit: Circuit) -> str:
    """'IIIZ': the readout, qubit 0 first."""
    return "".join("Z" if qubit == circuit.measure else "I" for qubit in range(circuit.qubits))


def reference(circuit: Circuit, theta) -> tuple[np.ndarray, np.ndarray]:
    """<0|O|0> (1,) and its derivatives (P,) in double precision: the cone's state vector by
    TensorCircuit on NumPy, and the shift rule."""
    from qunlearn.quantum.simulator import readout

    [state] = zero_state(circuit)
    shifts = np.pi / 2 * np.eye(len(theta))
    with tensorcircuit("numpy") as tc:

        def value(theta):
            return float(readout(tc, circuit, theta, state))

        slopes = [(value(theta + shift) - value(theta - shift)) / 2 for shift in shifts]
        return np.array([value(theta)]), np.array(slopes)
