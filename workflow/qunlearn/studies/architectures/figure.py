"""Fig. 4: the models as they are trained: circuits gate by gate with their light cones, multi-layer
perceptrons layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import matplotlib.pyplot as plt
import pandas as pd

from qunlearn.parts import models
from qunlearn.parts.datasets import Dataset
from qunlearn.plots import style
from qunlearn.plots.looks import Looks
from qunlearn.quantum.circuit import Circuit
from qunlearn.quantum.lightcone import live_gates, support
from qunlearn.studies.architectures.circuit import draw_circuit
from qunlearn.studies.architectures.network import draw_network

COLUMNS = ["dataset", "model", "part", "count"]
#: Most networks side by side.
MOST = 2


class Shown(NamedTuple):
    """A classifier that can be drawn, of a dataset and a model, with the counts that are stated."""

    dataset: str
    name: str
    classifier: object
    counts: dict[str, int]

    def title(self, looks: Looks) -> str:
        return f"{looks.model(self.name).title} for {looks.dataset(self.dataset)}"


def describe_circuit(circuit: Circuit) -> dict[str, int]:
    return {
        "qubits": circuit.qubits,
        "layers": circuit.depth,
        "gates": len(circuit.gates),
        "parameters": circuit.parameters,
        "live parameters": len(
            [gate for gate in live_gates(circuit) if gate.parameter is not None]
        ),
        "light-cone qubits": len(support(circuit)),
    }


def describe_network(widths: list[int], in_use: int) -> dict[str, int]:
    """`in_use`: inputs that are not zero in every clean sample."""
    counts = {"inputs": widths[0], "inputs in use": in_use}
    for number, width in enumerate(widths[1:-1], start=1):
        counts[f"hidden layer {number}"] = width
    weights = [(fan_in + 1) * fan_out for fan_in, fan_out in pairwise(widths)]
    return {**counts, "parameters": sum(weights)}


def is_circuit(classifier) -> bool:
    return hasattr(classifier, "circuit")


def describe(classifier) -> dict[str, int]:
    """Counts of one that has a `circuit`, or `widths` of layers; none of others."""
    if is_circuit(classifier):
        return describe_circuit(classifier.circuit)
    if hasattr(classifier, "widths"):
        return describe_network(classifier.widths, classifier.clean)
    return {}


def described(data: list[Dataset], architectures: dict[str, dict[str, dict]]) -> Iterator[Shown]:
    """Every model that can be drawn; `architectures` holds the models' blocks by dataset and
    name."""
    for dataset in data:
        rows = [dataset.x_train, dataset.x_validation]
        for name, block in architectures[dataset.name].items():
            classifier = models.build(block, rows)
            counts = describe(classifier)
            if counts:
                yield Shown(dataset.name, name, classifier, counts)


def table_of(shown: list[Shown]) -> pd.DataFrame:
    """One row per count."""
    rows = []
    for dataset, name, _, counts in shown:
        rows += [(dataset, name, part, count) for part, count in counts.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def write_circuit(figure, one: Shown) -> None:
    """A circuit, and its counts in the upper right corner."""
    counts = one.counts
    draw_circuit(figure.subplots(), one.classifier.circuit)
    size = f"{counts['qubits']} qubits, {counts['layers']} layers"
    live = f"{counts['live parameters']} of {counts['parameters']} parameters have a gradient"
    figure.text(0.99, 0.99, f"{size}; {live}", ha="right", va="top", size=7)


def write_network(figure, one: Shown, colour: str) -> None:
    """A network, and its counts below."""
    counts = one.counts
    axis = figure.subplots()
    draw_network(axis, one.classifier.widths, colour)
    used = f"{counts['inputs in use']} of {counts['inputs']} inputs in use"
    words = f"{used}, the others always zero; {counts['parameters']} parameters"
    axis.text(0.5, 0, words, transform=axis.transAxes, ha="center", va="top", size=7)


def draw(
    *, data: list[Dataset], architectures: dict[str, dict[str, dict]], looks: Looks
) -> tuple[plt.Figure, dict[str, pd.DataFrame]]:
    """One circuit per dataset and quantum model, below them one network per dataset and perceptron;
    every count drawn is in the table."""
    shown = list(described(data, architectures))
    circuits = [one for one in shown if is_circuit(one.classifier)]
    networks = [one for one in shown if not is_circuit(one.classifier)]
    figure, wide, narrow = _parts(circuits, networks)
    letters = style.letters()
    for part, one in zip(wide, circuits):
        write_circuit(part, one)
        style.headline(part, next(letters), one.title(looks))
    for part, one in zip(narrow, networks):
        write_network(part, one, looks.model(one.name).colour)
        style.headline(part, next(letters), one.title(looks))
    return figure, {"architectures": table_of(shown)}


def _parts(circuits: list[Shown], networks: list[Shown]) -> tuple[plt.Figure, list, list]:
    """A figure, its parts for circuits, below each other, and those for networks, side by side
    below; where there are none, the figure says so."""
    heights = [0.19 * (one.counts["qubits"] + 1.8) + 0.2 for one in circuits]
    if networks:
        heights += [1.75] * style.rows_of_panels(len(networks), MOST)
    figure = plt.figure(figsize=(style.WIDTH, max(1.0, sum(heights))))
    if not heights:
        words = "none of the models is a circuit or a multi-layer perceptron"
        figure.text(0.5, 0.5, words, ha="center")
        return figure, [], []
    grid = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)
    parts = list(grid[:, 0])
    narrow = []
    for part in parts[len(circuits) :]:
        columns = min(len(networks), MOST)
        narrow += list(part.subfigures(1, columns, squeeze=False)[0])
    return figure, parts[: len(circuits)], narrow
