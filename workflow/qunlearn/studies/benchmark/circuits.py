"""Engines that simulate states, of the whole circuit or of its light cone alone.

A vmap over the samples. Of the whole circuit replicas take turns, because the states of one (kept
for every gate by reverse-mode differentiation) already exceed the cache, and those of fifty the
memory.
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
from qunlearn.studies.benchmark.cones import narrowed, purified, with_idle, zero_state
from qunlearn.studies.benchmark.engine import (
    MAX_CHECKED,
    Engine,
    Inputs,
    first,
    forward_slope,
    orders,
    plain,
    start,
)
from qunlearn.studies.benchmark.tasks import Qnn
from qunlearn.training.losses import real_dtype


def circuit_engine(expectation: Callable) -> Callable:
    """An engine from `expectation(circuit, theta, states)` -> (B,) values of <Z>: the whole
    circuit on all amplitudes, one replica after the other."""

    def engine(spec: Qnn, inputs: Inputs, replicas: int, updates: int) -> Engine:
        one = inputs.x[:1]
        model = models.build(spec.options, [one, one])
        params, _ = start(model, 1)

        def logits(params, states):
            return model.scale * expectation(model.circuit, params["theta"], states)

        arrays = _in_precision(amplitudes(inputs.x), inputs.y)
        return plain(logits, params, arrays, orders(spec, 1, updates), replicas, forward_slope)

    return engine


def cone_engine(expectation: Callable) -> Callable:
    """The same of the live gates alone, on states that hold no more than the light cone sees, all
    replicas together: the best that can be done for a state vector here."""

    def engine(spec: Qnn, inputs: Inputs, replicas: int, updates: int) -> Engine:
        one = inputs.x[:1]
        model = models.build(spec.options, [one, one])
        params, _ = start(model, replicas)
        cone, kept = narrowed(model.circuit)
        states = purified(model.circuit, inputs.x)
        widened = with_idle(cone, states)

        def logits(params, states):
            return model.scale * expectation(widened, params["theta"][kept], states)

        arrays = _in_precision(states, inputs.y)
        return plain(logits, params, arrays, orders(spec, replicas, updates), replicas)

    return engine


def value_from_zero(expectation: Callable) -> Callable:
    """<0|O|0> of a circuit at angles, by the same."""

    def value(circuit: Circuit, theta):
        zero, _ = _in_precision(zero_state(circuit), np.zeros(1))
        return expectation(circuit, theta, zero)[0]

    return value


def _in_precision(states: np.ndarray, labels: np.ndarray) -> tuple[jnp.ndarray, jnp.ndarray]:
    labels = jnp.asarray(labels, real_dtype())
    return jnp.asarray(states, jnp.result_type(real_dtype(), jnp.complex64)), labels


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
