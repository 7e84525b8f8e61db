"""The benchmark's figure: seconds per update and replica, by engine, task and size."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import pandas as pd

from qunlearn.plots import style
from qunlearn.plots.looks import Looks
from qunlearn.studies.benchmark.table import COST

OWN_LOOK = ("this project", "#0072B2")
ENGINES = {
    "light_cone": OWN_LOOK,
    "project": OWN_LOOK,
    "statevector": ("TensorCircuit-NG, state vector", "#D55E00"),
    "pennylane": ("PennyLane, state vector", "#CC79A7"),
    "contractor": ("TensorCircuit-NG, contractor", "#E69F00"),
    "one_by_one": ("plain JAX, one by one", "#009E73"),
    "scikit_learn": ("scikit-learn", "#999999"),
}
TASKS = {
    "qnn_xxz": "QNN, XXZ (12 qubits, D = 4, batch 32)",
    "qnn_mnist": "QNN, MNIST (10 qubits, D = 6, batch 256)",
    "mlp_digits": "MLP, 64 inputs, batch 32",
    "mlp_mnist": "MLP, 784 inputs, batch 256",
    "mlp_xxz": "MLP, 8192 inputs, batch 32",
}
SCANS = {"qubits": "qubits L", "depth": "layers D", "samples": "training samples N"}
#: Circuits by what precedes the scan in a task's name.
CIRCUITS = {"": ("o-", "chain"), "ring_": ("s--", "ring")}
#: (row, columns of six) of the panels of tasks.
PLACES = [(0, 0, 3), (0, 3, 6), (1, 0, 2), (1, 2, 4), (1, 4, 6)]
YLABEL = "s / update / replica"


def draw(*, speed: pd.DataFrame, growth: pd.DataFrame, looks: Looks):
    """A panel per task, cost against replicas; below, cost against L, D and N."""
    figure = plt.figure(figsize=(style.WIDTH, 5.4))
    grid = figure.add_gridspec(3, 6)
    letters = style.letters()
    tasks = [task for task in TASKS if task in set(speed["task"])]
    handles = {}
    for (row, first, end), task in zip(PLACES, tasks):
        axis = figure.add_subplot(grid[row, first:end])
        handles |= _task(axis, speed[speed["task"] == task])
        axis.set_title(TASKS[task])
        style.panel_letter(axis, next(letters))
        if first == 0:
            axis.set_ylabel(YLABEL)
    for column, name in enumerate(SCANS):
        first = 2 * column
        axis = figure.add_subplot(grid[2, first : first + 2])
        _scan(axis, growth, name)
        style.panel_letter(axis, next(letters))
        if first == 0:
            axis.set_ylabel(YLABEL)
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=4)
    return figure


def _task(axis, rows: pd.DataFrame) -> dict:
    """Cost against replicas; returns a line of each engine by its name, and of the floor."""
    handles = {}
    for engine, part in rows.groupby("engine", sort=False):
        label, colour = ENGINES[engine]
        (handles[label],) = axis.plot(part["replicas"], part[COST], "o-", ms=3, color=colour)
        if part["floor_s"].notna().any():
            floor = axis.plot(part["replicas"], part["floor_s"], ":", color="black", lw=1)
            (handles["floor"],) = floor
    replicas = sorted(rows["replicas"].unique())
    axis.set(xscale="log", yscale="log", xlabel="replicas")
    axis.set_xticks(replicas, replicas)
    axis.minorticks_off()
    return handles


def _scan(axis, growth: pd.DataFrame, name: str) -> None:
    """Cost against the number at the end of the task's name."""
    ticks = set()
    for prefix, (marker, label) in CIRCUITS.items():
        rows = growth[growth["task"].str.fullmatch(rf"{prefix}{name}\d+")]
        if rows.empty:
            continue
        sizes = [int(re.search(r"\d+$", task)[0]) for task in rows["task"]]
        look = {"color": OWN_LOOK[1], "ms": 3, "label": label}
        axis.plot(sizes, rows[COST], marker, **look)
        axis.plot(sizes, rows["floor_s"], ":", color="black", lw=0.8)
        ticks |= set(sizes)
    axis.set(yscale="log", xlabel=SCANS[name])
    axis.set_xscale("log" if name == "samples" else "linear")
    axis.set_xticks(sorted(ticks), sorted(ticks))
    axis.minorticks_off()
    _, labels = axis.get_legend_handles_labels()
    if labels != ["chain"]:
        axis.legend()
