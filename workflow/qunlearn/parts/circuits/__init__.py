"""Circuits: one file per family of circuits, of the gates that the engine knows (`quantum.circuit`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from qunlearn.parts.part import Part


class Circuit(Part):
    """Base class. A subclass says which gates a layer has; every rotation has an angle of its own.

    `layer(qubits, number)` yields gates in the order in which they act: ("rx", q), ("ry", q), ("rz", q) are rotations
    exp(-i t P / 2) on qubit q, ("rzz", a, b) is exp(-i t Z Z / 2); ("cnot", control, target) and ("cz", a, b) have no
    angle. Layers are numbered from 0.
    """

    kind: ClassVar[str] = "circuit"
    must_define: ClassVar = (("layer",),)

    def layer(self, qubits: int, number: int) -> Iterator[tuple]:
        raise NotImplementedError
