"""TensorCircuit's simulation of the full circuit: the definition that every faster evaluation must
reproduce."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import jax

from qunlearn.quantum.circuit import Circuit


@contextmanager
def tensorcircuit(backend: str = "jax") -> Iterator:
    """TensorCircuit on a backend, in JAX's current precision: the one place that sets either.

    Its import and its dtype contexts change JAX's precision as a side effect, so that is put back.
    """
    double = jax.config.jax_enable_x64
    import tensorcircuit as tc

    dtype = "complex128" if double else "complex64"
    try:
        with tc.runtime_backend(backend), tc.runtime_dtype(dtype):
            yield tc
    finally:
        jax.config.update("jax_enable_x64", double)


def simulated(tc, circuit: Circuit, parameters, state=None):
    """The circuit of TensorCircuit (`tc`, from the context above) with these parameters (P,),
    acting on |0...0> or on `state` (2^L,)."""
    simulation = tc.Circuit(circuit.qubits, inputs=state)
    for gate in circuit.gates:
        act = getattr(simulation, gate.name)
        angle = {} if gate.parameter is None else {"theta": parameters[gate.parameter]}
        act(*gate.qubits, **angle)
    return simulation


def readout(tc, circuit: Circuit, parameters, state=None):
    """<Z> on the measured qubit, a real number."""
    simulation = simulated(tc, circuit, parameters, state)
    return simulation.expectation_ps(z=[circuit.measure]).real
