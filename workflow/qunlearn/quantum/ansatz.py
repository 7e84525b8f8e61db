"""The variational circuit (paper, Fig. 4a and Methods: Model architectures), as one list of gates.

D layers, each: three rotations on every qubit (`xyx`: RX, RY, RX; `xyz`: RX, RY, RZ), then RZZ on every bond of a
`chain` (L - 1 bonds) or a `ring` (L bonds). Conventions are TensorCircuit's: R_P(t) = exp(-i t P / 2),
RZZ(t) = exp(-i t Z Z / 2). Parameters run layer by layer, rotations (qubit-major) before bonds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import jax


class Gate(NamedTuple):
    """One gate: its name ('rx', 'ry', 'rz' or 'rzz'), its qubits, its layer, the index of its parameter."""

    name: str
    qubits: tuple[int, ...]
    layer: int
    parameter: int


@dataclass(frozen=True)
class Ansatz:
    """The circuit's shape. `measure` is the qubit whose Z is read out."""

    qubits: int
    depth: int
    entangler: str
    rotations: str
    measure: int

    @property
    def bonds(self) -> list[tuple[int, int]]:
        chain = [(q, q + 1) for q in range(self.qubits - 1)]
        closes = self.entangler == "ring" and self.qubits > 2
        return chain + [(self.qubits - 1, 0)] if closes else chain

    @property
    def parameters(self) -> int:
        """Number of parameters: D (3 L + bonds)."""
        return self.depth * (3 * self.qubits + len(self.bonds))

    def gates(self) -> list[Gate]:
        """All gates in the order in which they act."""
        gates = []
        for layer in range(self.depth):
            for qubit in range(self.qubits):
                for axis in self.rotations:
                    gates.append(Gate(f"r{axis}", (qubit,), layer, len(gates)))
            for bond in self.bonds:
                gates.append(Gate("rzz", bond, layer, len(gates)))
        return gates


@contextmanager
def tensorcircuit(backend: str = "jax") -> Iterator:
    """TensorCircuit on a backend, in JAX's current precision: the one place that sets either.

    Its import and its dtype contexts change JAX's precision as a side effect, so that is put back.
    """
    double = jax.config.jax_enable_x64
    import tensorcircuit as tc

    try:
        with tc.runtime_backend(backend), tc.runtime_dtype("complex128" if double else "complex64"):
            yield tc
    finally:
        jax.config.update("jax_enable_x64", double)


def circuit(tc, ansatz: Ansatz, parameters, state=None):
    """The circuit of TensorCircuit (`tc`, from the context above) with these parameters (P,), acting on |0...0> or on
    `state` (2^L,)."""
    c = tc.Circuit(ansatz.qubits, inputs=state)
    for gate in ansatz.gates():
        getattr(c, gate.name)(*gate.qubits, theta=parameters[gate.parameter])
    return c


def readout(tc, ansatz: Ansatz, parameters, state=None):
    """<Z> on the measured qubit, by TensorCircuit: the definition that every faster path must reproduce."""
    return circuit(tc, ansatz, parameters, state).expectation_ps(z=[ansatz.measure]).real
