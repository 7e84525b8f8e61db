"""A variational circuit as data: one list of gates, which every other module of this package reads.

Gates are rotations about Pauli strings, exp(-i t P / 2), the convention of TensorCircuit: RX, RY
and RZ on one qubit, and RZZ(t) = exp(-i t Z Z / 2) on any pair. The paper's circuits (Fig. 4a;
Methods: Model architectures) are layers of such gates; what a layer holds is declared by a part
(`qunlearn.parts.circuits`) and numbered here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from qunlearn.runtime.errors import UserError

#: The gates there are, and how many qubits each acts on.
GATES = {"rx": 1, "ry": 1, "rz": 1, "rzz": 2}


class Gate(NamedTuple):
    """One gate: a name of `GATES`, its qubits, the number of its layer, the index of its
    parameter."""

    name: str
    qubits: tuple[int, ...]
    layer: int
    parameter: int

    @property
    def paulis(self) -> str:
        """Letters of the Pauli string that generates it, 'x' or 'zz'."""
        return self.name[1:]


@dataclass(frozen=True)
class Circuit:
    """`gates` in the order in which they act on so many `qubits`; then Z is read out on the qubit
    `measure`.

    Every layer has gates, and every gate a parameter of its own: gate n the parameter n.
    """

    qubits: int
    gates: tuple[Gate, ...]
    measure: int

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return len(self.gates)

    @property
    def depth(self) -> int:
        """Number of layers."""
        return self.gates[-1].layer + 1

    def layer(self, number: int) -> tuple[Gate, ...]:
        """Gates of one layer, in the order in which they act."""
        return tuple(gate for gate in self.gates if gate.layer == number)

    def last_layers(self, depth: int) -> Circuit:
        """The circuit of the last `depth` layers, its layers and parameters numbered from 0."""
        first = self.depth - depth
        kept = [gate for gate in self.gates if gate.layer >= first]
        gates = tuple(
            gate._replace(layer=gate.layer - first, parameter=number)
            for number, gate in enumerate(kept)
        )
        return replace(self, gates=gates)


def assemble(
    layer: Callable[[int, int], Iterable[tuple]], qubits: int, depth: int, measure: int
) -> Circuit:
    """The circuit of `depth` layers; `layer(qubits, number)` yields their gates, ("rx", q) or
    ("rzz", a, b).

    Raises UserError for a gate that does not exist, or not on this register, and for a layer
    without gates.
    """
    gates: list[Gate] = []
    for number in range(depth):
        before = len(gates)
        for name, *acted in layer(qubits, number):
            gate = Gate(name, tuple(acted), number, len(gates))
            _check(gate, qubits)
            gates.append(gate)
        if len(gates) == before:
            raise UserError(f"layer {number} has no gates on {qubits} qubits; give it one.")
    return Circuit(qubits, tuple(gates), measure)


def _check(gate: Gate, qubits: int) -> None:
    """Raises UserError unless the gate exists and acts on as many different qubits as it needs."""
    acted = set(gate.qubits)
    found = f"layer {gate.layer} has a gate {(gate.name, *gate.qubits)}"
    if gate.name not in GATES:
        raise UserError(f"{found}, which is none of {', '.join(GATES)}.")
    needed = GATES[gate.name]
    if not len(acted) == len(gate.qubits) == needed:
        raise UserError(f"{found}; {gate.name} acts on {needed} different qubits.")
    if not acted <= set(range(qubits)):
        raise UserError(f"{found}, but the qubits are 0 to {qubits - 1}.")
