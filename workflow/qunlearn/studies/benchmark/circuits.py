"""Engines that simulate the full circuit.

A vmap over the samples; replicas take turns, because the states of one (kept for every gate by
reverse-mode differentiation) already exceed the cache, and those of fifty the memory.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.parts import models
from qunlearn.quantum.circuit import Circuit
from qunlearn.quantum.features import amplitudes
from qunlearn.quantum.simulator import readout, simulated, tensorcircuit
from qunlearn.studies.benchmark.engine import (
    MAX_CHECKED,
    Engine,
    Inputs,
    first,
    orders,
    plain,
    start,
)
from qunlearn.studies.benchmark.tasks import Qnn
from qunlearn.training.losses import real_dtype


def circuit_engine(expectation: Callable) -> Callable:
    """An engine from `expectation(circuit, theta, states)` -> (B,) values of <Z>."""

    def engine(spec: Qnn, inputs: Inputs, replicas: int, updates: int) -> Engine:
        one = inputs.x[:1]
        model = models.build(spec.options, [one, one])
        params, _ = start(model, 1)
        labels = jnp.asarray(inputs.y, real_dtype())
        states = amplitudes(inputs.x)
        states = jnp.asarray(states, jnp.result_type(real_dtype(), jnp.complex64))

        def logits(params, states):
            return model.scale * expectation(model.circuit, params["theta"], states)

        order = orders(spec, 1, updates)
        return plain(logits, params, (states, labels), order, replicas)

    return engine


def state_vector(circuit: Circuit, theta, states):
    """TensorCircuit-NG's state vector."""
    with tensorcircuit() as tc:
        return jax.vmap(lambda state: readout(tc, circuit, theta, state))(states)


def contraction(circuit: Circuit, theta, states):
    """The network of state, gates, observable and their conjugates, handed to TensorCircuit's
    contractor whole."""
    with tensorcircuit() as tc:
        observable = tc.gates.z(), [circuit.measure]

        def one(state):
            network = simulated(tc, circuit, theta, state)
            return network.expectation(observable, reuse=False).real

        return jax.vmap(one)(states)


def pennylane(circuit: Circuit, theta, states):
    """PennyLane's state vector."""
    import pennylane as qml

    gates = {"rx": qml.RX, "ry": qml.RY, "rz": qml.RZ, "rzz": qml.IsingZZ}
    device = qml.device("default.qubit", wires=circuit.qubits)

    @qml.qnode(device, interface="jax", diff_method="backprop")
    def z(theta, state):
        qml.StatePrep(state, wires=range(circuit.qubits), validate_norm=False)
        for gate in circuit.gates:
            gates[gate.name](theta[gate.parameter], wires=gate.qubits)
        return qml.expval(qml.PauliZ(circuit.measure))

    return jax.vmap(lambda state: z(theta, state))(states)


def reference_logits(spec: Qnn, inputs: Inputs) -> np.ndarray:
    """Logits of the first samples at the first replica's parameters, in double precision: the full
    circuit by TensorCircuit on NumPy."""
    x = inputs.x[:MAX_CHECKED]
    model = models.build(spec.options, [x, x])
    params, _ = first(start(model, 1))
    theta = np.asarray(params["theta"], float)
    z = []
    with tensorcircuit("numpy") as tc:
        for state in amplitudes(x):
            z.append(readout(tc, model.circuit, theta, state))
    return model.scale * np.array(z)
