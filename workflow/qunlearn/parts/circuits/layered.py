"""The paper's circuit: rotations on every qubit, then bonds between neighbours."""

from typing import Literal

from qunlearn.parts.circuits import Circuit
from qunlearn.parts.part import option

Entangler = Literal["chain", "ring"]
Rotations = Literal["xyx", "xyz"]


class Layered(Circuit):
    """Three rotations on every qubit, then RZZ on every bond of a chain or a ring (Fig. 4a;
    Methods: Model architectures)."""

    label = "layered"

    entangler: Entangler = option(
        "chain", says="bonds: chain (the text) or ring (the authors' code)"
    )
    rotations: Rotations = option(
        "xyx", says="RX, RY, RX (Fig. 4 and the authors' code), or xyz (the text of Methods)"
    )

    def layer(self, qubits, number):
        for qubit in range(qubits):
            for axis in self.rotations:
                yield f"r{axis}", qubit
        for qubit in range(qubits - 1):
            yield "rzz", qubit, qubit + 1
        if self.entangler == "ring" and qubits > 2:
            yield "rzz", qubits - 1, 0
