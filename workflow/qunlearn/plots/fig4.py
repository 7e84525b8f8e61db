"""Fig. 4: the models as they are trained: the QNN's circuit gate by gate with its light cone, the MLP layer by layer.

The circuit is drawn from the object that training differentiates (`quantum.ansatz.Ansatz`), and so is what of it can
change the readout (`quantum.lightcone.live_gates`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from .. import models
from ..data import Dataset
from ..quantum.ansatz import Ansatz, Gate
from ..quantum.lightcone import live_gates, support
from . import style

COLOURS = {"rx": "#56B4E9", "ry": "#009E73", "rz": "#CC79A7", "rzz": "#E69F00"}
PALE = "#EDEDED"
LABELS = {"rx": "X", "ry": "Y", "rz": "Z"}


class Placed(NamedTuple):
    """A gate, the column it is drawn in, and whether it can change the readout."""

    gate: Gate
    column: int
    live: bool


def schedule(ansatz: Ansatz) -> list[Placed]:
    """Every gate in the first column of its layer, behind the gates before it that it does not commute with, in which
    all wires that it spans are free. The bonds of a layer commute."""
    live = set(live_gates(ansatz))
    placed, taken, start = [], set(), 0
    for gate in ansatz.gates():
        if placed and gate.layer != placed[-1].gate.layer:
            start = 1 + max(p.column for p in placed)
        wires = range(min(gate.qubits), max(gate.qubits) + 1)
        column = start + (len(ansatz.rotations) if gate.name == "rzz" else 0)
        while any((column, wire) in taken for wire in wires):
            column += 1
        taken.update((column, wire) for wire in wires)
        placed.append(Placed(gate, column, gate in live))
    return placed


def _box(axis, x, wire, name: str, live: bool) -> None:
    axis.add_patch(Rectangle((x - 0.4, wire - 0.38), 0.8, 0.76, fc=COLOURS[name] if live else PALE, zorder=3,
                             ec="0.25" if live else "0.8", lw=0.4))  # fmt: skip
    axis.text(x, wire, LABELS[name], ha="center", va="center", size=4.8, color="k" if live else "0.7", zorder=4)


def _bond(axis, x, gate: Gate, live: bool) -> None:
    """Two joined dots: RZZ acts alike on both."""
    colour = COLOURS[gate.name] if live else "0.85"
    axis.plot([x, x], gate.qubits, color=colour, lw=1.6, zorder=3, solid_capstyle="butt")
    axis.plot([x, x], gate.qubits, "o", ms=3, mfc=colour, mec="0.25" if live else "0.8", mew=0.4, zorder=4)


def draw_circuit(axis, ansatz: Ansatz) -> list[Placed]:
    """The circuit, qubit 0 on top, the input state on the left; returns what was drawn."""
    placed = schedule(ansatz)
    end = max(p.column for p in placed) + 1
    axis.hlines(range(ansatz.qubits), -0.9, end, color="0.6", lw=0.5, zorder=1)
    for column in range(end):  # the light cone: what lies between live gates of this column or later ones
        wires = [q for p in placed if p.live and p.column >= column for q in p.gate.qubits]
        low, high = min([*wires, ansatz.measure]), max([*wires, ansatz.measure])
        axis.add_patch(Rectangle((column - 0.5, low - 0.5), 1, high - low + 1, fc="#FFF3C9", lw=0, zorder=0))
    for p in placed:
        if p.gate.name == "rzz":
            _bond(axis, p.column, p.gate, p.live)
        else:
            _box(axis, p.column, p.gate.qubits[0], p.gate.name, p.live)
    for layer in range(ansatz.depth):
        columns = [p.column for p in placed if p.gate.layer == layer]
        axis.text(sum(columns) / len(columns), -0.85, f"layer {layer + 1}", ha="center", size=6, color="0.3")
        axis.axvline(max(columns) + 0.5, color="0.8", lw=0.5, ls=":", zorder=1)
    axis.text(-1.1, (ansatz.qubits - 1) / 2, r"$|x\rangle$", ha="right", va="center", size=8)
    axis.text(end + 0.15, ansatz.measure, r"$\langle Z\rangle$", ha="left", va="center", size=7)
    axis.set(xlim=(-3, end + 2.2), ylim=(ansatz.qubits - 0.4, -1.4))
    axis.axis("off")
    return placed


def draw_network(axis, widths: list[int]) -> None:
    """Layers as columns of nodes, those beyond five abbreviated by dots; every node joined to every node."""
    places = []
    for width in widths:
        shown = min(width, 5)
        heights = [(shown - 1) / 2 - i for i in range(shown)]
        places.append([(h, width <= 5 or i != 3) for i, h in enumerate(heights)])
    for x, (left, right) in enumerate(pairwise(places)):
        for a, seen in left:
            for b, also in right:
                if seen and also:
                    axis.plot([x, x + 1], [a, b], color="0.75", lw=0.35, zorder=1)
    for x, (width, nodes) in enumerate(zip(widths, places)):
        colour = style.MODELS["mlp"] if 0 < x < len(widths) - 1 else "0.4"
        for height, seen in nodes:
            if seen:
                axis.plot(x, height, "o", ms=5, mfc=colour, mec="0.2", mew=0.4, zorder=2)
            else:
                axis.text(x, height, "⋮", ha="center", va="center", size=8)
        kind = "input" if x == 0 else "logit" if x == len(widths) - 1 else "ReLU"
        axis.text(x, -2.75, f"{width}\n{kind}", ha="center", va="top", size=6.5, linespacing=1.1)
    axis.set(xlim=(-0.5, len(widths) - 0.5), ylim=(-3.9, 2.5))
    axis.axis("off")


def describe(model, family: str) -> dict[str, int]:
    """The counts that the figure states of a model."""
    if family == "qnn":
        a = model.ansatz
        return {"qubits": a.qubits, "layers": a.depth, "gates": len(a.gates()), "parameters": a.parameters,
                "live parameters": len(live_gates(a)), "light-cone qubits": len(support(a))}  # fmt: skip
    widths = model.widths
    hidden = {f"hidden layer {i}": width for i, width in enumerate(widths[1:-1], start=1)}
    weights = sum((a + 1) * b for a, b in pairwise(widths))
    return {"inputs": widths[0], "inputs in use": model.clean, **hidden, "parameters": weights}


def draw(datasets: list[Dataset], architectures: dict[str, dict[str, dict]]):
    """(figure, table): one circuit per dataset and QNN, below them one network per dataset and MLP; every count drawn
    is in the table. `architectures` holds the blocks of the models by dataset and name; other families are not drawn.
    """
    found = {"qnn": [], "mlp": []}
    rows = []
    for dataset in datasets:
        for name, options in architectures[dataset.name].items():
            family = options["family"]
            if family in found:
                model = models.build(options, [dataset.x_train, dataset.x_validation])
                counts = describe(model, family)
                rows += [{"dataset": dataset.name, "model": name, "part": k, "count": n} for k, n in counts.items()]
                title = style.DATASETS.get(dataset.name, dataset.name)
                found[family].append((title, style.model_label(name, options), model, counts))
    heights = [0.19 * (model.ansatz.qubits + 1.8) + 0.2 for _, _, model, _ in found["qnn"]]
    heights += [1.75] * bool(found["mlp"])
    figure = plt.figure(figsize=(style.WIDTH, max(1.0, sum(heights))))
    parts = iter(np.atleast_1d(figure.subfigures(max(1, len(heights)), 1, height_ratios=heights or [1])))
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    for title, label, model, n in found["qnn"]:
        part = next(parts)
        draw_circuit(part.subplots(), model.ansatz)
        text = f"{n['live parameters']} of {n['parameters']} parameters have a gradient"
        _headline(part, next(letters), f"{label} for {title}")
        part.text(0.99, 0.99, f"{n['qubits']} qubits, {n['layers']} layers; {text}", ha="right", va="top", size=7)
    if found["mlp"]:
        for (title, label, model, n), part in zip(
            found["mlp"], next(parts).subfigures(1, len(found["mlp"]), squeeze=False)[0]
        ):
            axis = part.subplots()
            draw_network(axis, model.widths)
            inputs = f"{n['inputs in use']} of {n['inputs']} inputs in use, the others always zero"
            text = f"{inputs}; {n['parameters']} parameters"
            axis.text(0.5, 0, text, transform=axis.transAxes, ha="center", va="top", size=7)
            _headline(part, next(letters), f"{label} for {title}")
    return figure, pd.DataFrame(rows, columns=["dataset", "model", "part", "count"])


def _headline(figure, letter: str, text: str) -> None:
    figure.suptitle(f"{letter}   {text}", x=0.01, ha="left", weight="bold", size=8)
