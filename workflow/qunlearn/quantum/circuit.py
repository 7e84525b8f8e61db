"""A variational circuit as data: one list of gates, which every other module of this package reads.

Gates are rotations about Pauli strings, exp(-i t P / 2), the convention of TensorCircuit: RX, RY
and RZ on one qubit, and RZZ(t) = exp(-i t Z Z / 2) on any pair; and Clifford gates without an
angle, CNOT (control, target) and CZ, which turn every Pauli string into one, perhaps with the other
sign. The paper's circuits (Fig. 4a; Methods: Model architectures) are layers of such gates; what a
layer holds is declared by a part (`qunlearn.parts.circuits`) and numbered here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from qunlearn.runtime.errors import UserError

#: Rotations, and how many qubits each acts on.
ROTATIONS = {"rx": 1, "ry": 1, "rz": 1, "rzz": 2}
#: Clifford gates, which have no parameter.
CLIFFORDS = {"cnot": 2, "cz": 2}
#: The gates there are.
GATES = ROTATIONS | CLIFFORDS
#: Gates that are diagonal in the basis in which Z is read out.
DIAGONAL = ("rz", "rzz", "cz")


class Gate(NamedTuple):
    """One gate: a name of `GATES`, its qubits, the number of its layer, its `place` among the
    circuit's gates, the index of its parameter (None for a Clifford gate)."""

    name: str
    qubits: tuple[int, ...]
    layer: int
    place: int
    parameter: int | None

    @property
    def paulis(self) -> str:
        """Letters of the Pauli string that generates a rotation, 'x' or 'zz'."""
        return self.name[1:]


@dataclass(frozen=True)
class Circuit:
    """`gates` in the order in which they act on so many `qubits`; then Z is read out on the qubit
    `measure`.

    Every layer has gates, and every rotation a parameter of its own: rotation n the parameter n.
    """

    qubits: int
    gates: tuple[Gate, ...]
    measure: int

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return len(self.rotations)

    @property
    def rotations(self) -> tuple[Gate, ...]:
        """Gates with a parameter, in the order of their parameters."""
        return tuple(gate for gate in self.gates if gate.parameter is not None)

    @property
    def has_cliffords(self) -> bool:
        """Whether there are gates without a parameter."""
        return self.parameters < len(self.gates)

    @property
    def depth(self) -> int:
        """Number of layers."""
        return self.gates[-1].layer + 1

    def layer(self, number: int) -> tuple[Gate, ...]:
        """Gates of one layer, in the order in which they act."""
        return tuple(gate for gate in self.gates if gate.layer == number)

    def last_layers(self, depth: int) -> Circuit:
        """The circuit of the last `depth` layers, its layers, gates and parameters numbered from
        0."""
        first = self.depth - depth
        kept = [gate for gate in self.gates if gate.layer >= first]
        gates = [gate._replace(layer=gate.layer - first) for gate in kept]
        return replace(self, gates=_numbered(gates))


def assemble(
    layer: Callable[[int, int], Iterable[tuple]], qubits: int, depth: int, measure: int
) -> Circuit:
    """The circuit of `depth` layers; `layer(qubits, number)` yields their gates, ("rx", q), ("rzz",
    a, b) or ("cnot", control, target).

    Raises UserError for a gate that does not exist, or not on this register, and for a layer
    without gates.
    """
    gates: list[Gate] = []
    for number in range(depth):
        before = len(gates)
        for name, *acted in layer(qubits, number):
            gate = Gate(name, tuple(acted), number, 0, None)
            _check(gate, qubits)
            gates.append(gate)
        if len(gates) == before:
            raise UserError(f"layer {number} has no gates on {qubits} qubits; give it one.")
    return Circuit(qubits, _numbered(gates), measure)


def _numbered(gates: list[Gate]) -> tuple[Gate, ...]:
    """The gates with their places, and the rotations with their parameters, numbered from 0."""
    found, parameters = [], 0
    for place, gate in enumerate(gates):
        parameter = None
        if gate.name in ROTATIONS:
            parameter = parameters
            parameters += 1
        found.append(gate._replace(place=place, parameter=parameter))
    return tuple(found)


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
