"""A circuit as a picture, gate by gate, and what of it can change the readout.

It is drawn from the object that training differentiates (`quantum.circuit.Circuit`); what can
change the readout is what training computes (`quantum.lightcone.live_gates`).
"""

from __future__ import annotations

from typing import NamedTuple

from matplotlib.patches import Rectangle

from qunlearn.quantum.circuit import Circuit, Gate
from qunlearn.quantum.lightcone import live_gates

COLOURS = {
    "rx": "#56B4E9",
    "ry": "#009E73",
    "rz": "#CC79A7",
    "rzz": "#E69F00",
    "cnot": "#F0E442",
    "cz": "#F0E442",
}
#: What a gate commutes with others about, where it is one axis.
AXES = {"rx": "x", "ry": "y", "rz": "z", "rzz": "z", "cz": "z"}
#: Fill, line and letter of a gate that cannot change the readout.
PALE, PALE_LINE, PALE_LETTER = "#EDEDED", "0.8", "0.7"


class Placed(NamedTuple):
    """A gate, the column it is drawn in, and whether it can change the readout."""

    gate: Gate
    column: int
    live: bool

    @property
    def wires(self) -> range:
        """Every wire from the gate's first qubit to its last."""
        qubits = self.gate.qubits
        return range(min(qubits), max(qubits) + 1)

    @property
    def is_bond(self) -> bool:
        return len(self.gate.qubits) > 1


# -- which column --------------------------------------------------------------------------------
def arranged(circuit: Circuit) -> list[Placed]:
    """Every gate in the first column of its layer, behind the gates before it on its qubits that it
    does not commute with, in which all wires that it spans are free."""
    live = set(live_gates(circuit))
    placed: list[Placed] = []
    for number in range(circuit.depth):
        start = 1 + max((other.column for other in placed), default=-1)
        layer: list[Placed] = []
        for gate in circuit.layer(number):
            layer.append(_first_free(Placed(gate, start, gate in live), layer))
        placed += layer
    return placed


def _first_free(new: Placed, layer: list[Placed]) -> Placed:
    """A gate moved right to where it may stand behind those of its layer so far."""
    column = new.column
    taken = set()
    for other in layer:
        if not commute(new.gate, other.gate):
            column = max(column, other.column + 1)
        taken.update((other.column, wire) for wire in other.wires)
    while any((column, wire) in taken for wire in new.wires):
        column += 1
    return new._replace(column=column)


def commute(a: Gate, b: Gate) -> bool:
    """Whether gates act on different qubits or about the same axis, z of bonds; a CNOT has none."""
    shared = set(a.qubits) & set(b.qubits)
    axes = {AXES.get(gate.name) for gate in (a, b)}
    return not shared or (len(axes) == 1 and None not in axes)


# -- the picture ---------------------------------------------------------------------------------
def draw_circuit(axis, circuit: Circuit) -> list[Placed]:
    """The circuit, qubit 0 on top, the input state on the left; returns what was drawn."""
    placed = arranged(circuit)
    end = 1 + max(gate.column for gate in placed)
    axis.hlines(range(circuit.qubits), -0.9, end, color="0.6", lw=0.5, zorder=1)
    for column in range(end):
        _shade(axis, column, placed, circuit.measure)
    for gate in placed:
        draw = _bond if gate.is_bond else _box
        draw(axis, gate)
    for number in range(circuit.depth):
        _layer(axis, number, [one.column for one in placed if one.gate.layer == number])
    middle = (circuit.qubits - 1) / 2
    axis.text(-1.1, middle, r"$|x\rangle$", ha="right", va="center", size=8)
    axis.text(end + 0.15, circuit.measure, r"$\langle Z\rangle$", ha="left", va="center", size=7)
    axis.set(xlim=(-3, end + 2.2), ylim=(circuit.qubits - 0.4, -1.4))
    axis.axis("off")
    return placed


def _shade(axis, column: int, placed: list[Placed], measure: int) -> None:
    """The light cone: what lies between live gates of this column or later ones."""
    wires = [measure]
    for one in placed:
        if one.live and one.column >= column:
            wires += one.gate.qubits
    low, high = min(wires), max(wires)
    corner = (column - 0.5, low - 0.5)
    axis.add_patch(Rectangle(corner, 1, high - low + 1, fc="#FFF3C9", lw=0, zorder=0))


def _box(axis, one: Placed) -> None:
    """A rotation, with the letter of its axis."""
    name, wire = one.gate.name, one.gate.qubits[0]
    fill, line, letter = PALE, PALE_LINE, PALE_LETTER
    if one.live:
        fill, line, letter = COLOURS[name], "0.25", "k"
    corner = (one.column - 0.4, wire - 0.38)
    axis.add_patch(Rectangle(corner, 0.8, 0.76, fc=fill, ec=line, lw=0.4, zorder=3))
    centred = {"ha": "center", "va": "center", "size": 4.8, "zorder": 4}
    axis.text(one.column, wire, name[1].upper(), color=letter, **centred)


def _bond(axis, one: Placed) -> None:
    """Two joined dots, where a gate acts alike on both; the target of a CNOT is a ring."""
    fill, line = "0.85", PALE_LINE
    if one.live:
        fill, line = COLOURS[one.gate.name], "0.25"
    x = [one.column, one.column]
    axis.plot(x, one.gate.qubits, color=fill, lw=1.6, zorder=3, solid_capstyle="butt")
    axis.plot(x, one.gate.qubits, "o", ms=3, mfc=fill, mec=line, mew=0.4, zorder=4)
    if one.gate.name == "cnot":
        axis.plot(one.column, one.gate.qubits[1], "o", ms=4.5, mfc="w", mec=line, mew=0.8, zorder=5)


def _layer(axis, number: int, columns: list[int]) -> None:
    """The number of a layer above its gates, and a line behind them."""
    middle = sum(columns) / len(columns)
    axis.text(middle, -0.85, f"layer {number + 1}", ha="center", size=6, color="0.3")
    axis.axvline(max(columns) + 0.5, color="0.8", lw=0.5, ls=":", zorder=1)
