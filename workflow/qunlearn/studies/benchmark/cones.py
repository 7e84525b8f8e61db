"""The light cone as a circuit of its own, states as it sees them, and how values and derivatives on
it are timed: what Pauli propagators and state vectors are given in place of the whole circuit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.parts.models import declared
from qunlearn.quantum import lightcone
from qunlearn.quantum.circuit import Circuit
from qunlearn.quantum.classifier import QuantumClassifier
from qunlearn.quantum.features import amplitudes, bipartite, qubits
from qunlearn.runtime.keys import generator
from qunlearn.studies.benchmark.engine import Engine, compiled, direction
from qunlearn.studies.benchmark.tasks import Cone, Qnn
from qunlearn.training.losses import real_dtype


def circuit_of(spec: Qnn | Cone) -> Circuit:
    """The whole circuit."""
    width = spec.of.width if isinstance(spec, Cone) else spec.width
    return declared(spec.options).circuit_on((width - 1).bit_length())


def narrowed(circuit: Circuit) -> tuple[Circuit, np.ndarray]:
    """The live gates of a circuit of rotations on the cone's qubits alone, those of
    `lightcone.support` numbered from 0; and (P',) the numbers of their parameters in the whole."""
    place = {qubit: n for n, qubit in enumerate(lightcone.support(circuit))}
    live = lightcone.live_gates(circuit)[::-1]
    gates = []
    for number, gate in enumerate(live):
        acted = tuple(place[qubit] for qubit in gate.qubits)
        gates.append(gate._replace(qubits=acted, place=number, parameter=number))
    kept = np.array([gate.parameter for gate in live])
    return replace(
        circuit, qubits=len(place), gates=tuple(gates), measure=place[circuit.measure]
    ), kept


def purified(circuit: Circuit, x: np.ndarray) -> np.ndarray:
    """(N, 2^(k + m)) states that look to the cone as samples x (N, d) do: on its k qubits, which
    come first, and on as few others as that takes, m = min(k, L - k)."""
    psi = bipartite(circuit, amplitudes(x))  # (N, 2^k, 2^(L - k))
    if psi.shape[2] > psi.shape[1]:
        vectors, values, _ = np.linalg.svd(psi, full_matrices=False)
        psi = vectors * values[:, None, :]  # (N, 2^k, 2^k)
    return psi.reshape(len(x), -1)


def with_idle(circuit: Circuit, states: np.ndarray) -> Circuit:
    """The circuit on as many qubits as the states have, the last ones idle."""
    return replace(circuit, qubits=qubits(states))


# -- values and derivatives ------------------------------------------------------------------------
def angles(circuit: Circuit, evaluations: int, replicas: int) -> np.ndarray:
    """(evaluations, replicas, P) random angles, the same for every engine."""
    rng = generator("benchmark", "angles")
    return rng.normal(size=(evaluations, replicas, circuit.parameters))


def in_jax(value: Callable) -> Callable:
    """The engine of `value(circuit, theta)`, one number: all replicas together, evaluations one
    after the other in one program."""

    def engine(spec: Cone, inputs, replicas: int, updates: int) -> Engine:
        circuit, _ = narrowed(circuit_of(spec))
        theta = jnp.asarray(angles(circuit, updates, replicas), real_dtype())
        both = jax.value_and_grad(partial(value, circuit))

        def every(theta):
            return jax.lax.map(jax.vmap(both), theta)

        def once():
            found, slopes = jax.jit(both)(theta[0, 0])
            return np.asarray(found), np.asarray(slopes)

        return Engine(compiled(every, (theta,), 1), *_checked(once))

    return engine


def one_by_one(prepare: Callable) -> Callable:
    """The engine of `prepare(circuit)`, a function of angles (P,) that gives value and derivatives
    (P,): one replica and evaluation after the other."""

    def engine(spec: Cone, inputs, replicas: int, updates: int) -> Engine:
        circuit, _ = narrowed(circuit_of(spec))
        both = prepare(circuit)
        theta = angles(circuit, updates, replicas).reshape(-1, circuit.parameters)

        def run():
            return [both(each) for each in theta]

        return Engine(lambda: run, *_checked(lambda: both(theta[0])))

    return engine


def _checked(once: Callable) -> tuple[Callable, Callable]:
    """`logits` and `slope` of an engine, from the first value and its derivatives (P,)."""

    def slope():
        slopes = np.asarray(once()[1])
        return float(slopes @ direction(len(slopes)))

    return lambda: np.atleast_1d(once()[0]), slope


def zero_state(circuit: Circuit) -> np.ndarray:
    """(1, 2^k): |0...0>."""
    return np.eye(1, 2**circuit.qubits)


def own(circuit: Circuit, theta):
    """This project's way."""
    zero = zero_state(circuit)
    model = QuantumClassifier([zero, zero], lambda qubits: circuit, 1.0)
    pool = jnp.asarray(model.encode(zero), theta.dtype)
    return model.expectation(theta, pool)[0]
