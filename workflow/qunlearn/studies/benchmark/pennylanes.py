"""PennyLane's state vectors, as its documentation and its makers' own benchmark use them."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax

from qunlearn.parts import models
from qunlearn.quantum.circuit import Circuit
from qunlearn.quantum.features import amplitudes
from qunlearn.studies.benchmark.engine import (
    MAX_CHECKED,
    Engine,
    Inputs,
    checks,
    direction,
    first,
    forward_slope,
    orders,
    start,
)
from qunlearn.studies.benchmark.tasks import LEARNING_RATE, Qnn
from qunlearn.training.losses import real_dtype


def node(circuit: Circuit, device: str, **how) -> Callable:
    """The circuit as a QNode, a function of (theta, state) that gives <Z>; None for |0...0>."""
    import pennylane as qml

    gates = {"rx": qml.RX, "ry": qml.RY, "rz": qml.RZ, "rzz": qml.IsingZZ}
    wires = range(circuit.qubits)

    @qml.qnode(qml.device(device, wires=circuit.qubits), **how)
    def z(theta, state=None):
        if state is not None:
            qml.StatePrep(state, wires=wires, validate_norm=False)
        for gate in circuit.gates:
            gates[gate.name](theta[gate.parameter], wires=gate.qubits)
        return qml.expval(qml.PauliZ(circuit.measure))

    return z


def default_qubit(circuit: Circuit, theta, states):
    """(B,) values of <Z> by `default.qubit` in JAX, differentiated by backpropagation."""
    z = node(circuit, "default.qubit", interface="jax", diff_method="backprop")
    return jax.vmap(lambda state: z(theta, state))(states)


def lightning_value(circuit: Circuit) -> Callable:
    """Value and derivatives by `lightning.qubit`, in C++ and double precision, by the adjoint
    method."""
    import pennylane as qml

    z = node(circuit, "lightning.qubit", interface="autograd", diff_method="adjoint")
    slope = qml.grad(z, argnums=0)

    def both(theta):
        slopes = slope(qml.numpy.array(theta, requires_grad=True))
        return slope.forward, slopes

    return both


def lightning(spec: Qnn, inputs: Inputs, replicas: int, updates: int) -> Engine:
    """Training with `lightning.qubit` and the adjoint method: per update the minibatch's values and
    derivatives in one batch of circuits, then Adam. One replica after the other."""
    import pennylane as qml

    one = inputs.x[:1]
    model = models.build(spec.options, [one, one])
    theta = np.asarray(first(start(model, 1))[0]["theta"], float)
    [order] = orders(spec, 1, updates)
    states = amplitudes(inputs.x).astype(complex)
    z = node(model.circuit, "lightning.qubit", interface="autograd", diff_method="adjoint")

    def logits(theta, rows):
        return model.scale * qml.numpy.stack([z(theta, states[row]) for row in rows])

    def loss(theta, rows):
        found, labels = logits(theta, rows), inputs.y[rows]
        return qml.numpy.mean(qml.numpy.logaddexp(0, found) - labels * found)

    def train():
        trained = qml.numpy.array(theta, requires_grad=True)
        optimiser = qml.AdamOptimizer(LEARNING_RATE)
        for rows in order:
            slope = qml.grad(loss, argnums=0)(trained, rows)
            trained = optimiser.apply_grad([slope], [trained])[0]
        return trained

    few = np.arange(min(MAX_CHECKED, spec.samples))

    def slope():
        def mean_logit(theta):
            return qml.numpy.mean(logits(theta, few))

        slopes = qml.grad(mean_logit)(qml.numpy.array(theta, requires_grad=True))
        return float(slopes @ direction(len(theta)))

    def run():
        return [train() for _ in range(replicas)]

    return Engine(lambda: run, lambda: np.asarray(logits(theta, few)), slope)


def qml_benchmarks(spec: Qnn, inputs: Inputs, replicas: int, updates: int) -> Engine:
    """The way of training of Bowles, Ahmed and Schuld's benchmark (arXiv:2403.07059; their
    repository qml-benchmarks): the circuit and the gradient of the loss are compiled, minibatches
    are drawn, the loss is looked at and Adam is called in a Python loop. One replica after the
    other."""
    one = inputs.x[:1]
    model = models.build(spec.options, [one, one])
    params, _ = first(start(model, 1))
    states = jnp.asarray(amplitudes(inputs.x), jnp.result_type(real_dtype(), jnp.complex64))
    labels = jnp.asarray(inputs.y, real_dtype())
    batch = min(spec.batch, spec.samples)
    optimiser = optax.adam(LEARNING_RATE)
    z = jax.jit(node(model.circuit, "default.qubit", interface="jax", diff_method="backprop"))

    def logits(params, states):
        return model.scale * jax.vmap(lambda state: z(params["theta"], state))(states)

    def loss(params, states, labels):
        return jnp.mean(optax.sigmoid_binary_cross_entropy(logits(params, states), labels))

    gradient = jax.jit(jax.grad(loss))

    def train(replica, updates=updates):
        trained, kept = params, optimiser.init(params)
        keys = jax.random.split(jax.random.key(replica), updates)
        for key in keys:
            rows = jax.random.choice(key, spec.samples, (batch,))
            slope = gradient(trained, states[rows], labels[rows])
            seen = loss(trained, states[rows], labels[rows])
            step, kept = optimiser.update(slope, kept)
            trained = optax.apply_updates(trained, step)
            if np.isnan(seen):
                break
        return trained

    def run():
        return [jax.block_until_ready(train(replica)) for replica in range(replicas)]

    def compile():
        jax.block_until_ready(train(0, updates=1))
        return run

    return Engine(compile, **checks(logits, params, states[:MAX_CHECKED], forward_slope))
