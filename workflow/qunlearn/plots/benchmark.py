"""The benchmark's figure: seconds per update and replica, by engine, task and size."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt

from . import style

ENGINES = {
    "light_cone": ("this project", "#0072B2"),
    "project": ("this project", "#0072B2"),
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
COST = "seconds_per_update_per_replica"


def _scan(axis, growth, name: str) -> None:
    """Cost against the number at the end of the task's name."""
    all_sizes = sorted({int(size) for size in growth["task"].str.extract(rf"{name}(\d+)$")[0].dropna()})
    for prefix, marker, label in (("", "o-", "chain"), ("ring_", "s--", "ring")):
        rows = growth[growth["task"].str.fullmatch(rf"{prefix}{name}\d+")]
        if rows.empty:
            continue
        sizes = [int(re.search(r"\d+$", task)[0]) for task in rows["task"]]
        axis.plot(sizes, rows[COST], marker, color=ENGINES["light_cone"][1], ms=3, label=label)
        axis.plot(sizes, rows["floor_s"], ":", color="black", lw=0.8)
    axis.set(yscale="log", xlabel=SCANS[name], xscale="log" if name == "samples" else "linear")
    axis.set_xticks(all_sizes, all_sizes)
    axis.minorticks_off()
    if axis.get_legend_handles_labels()[1] != ["chain"]:
        axis.legend()


def draw(speed, growth):
    """A panel per task, cost against replicas; below, cost against L, D and N."""
    tasks = [task for task in TASKS if task in set(speed["task"])]
    figure = plt.figure(figsize=(style.WIDTH, 5.4))
    grid = figure.add_gridspec(3, 6)
    places = [(0, slice(0, 3)), (0, slice(3, 6)), (1, slice(0, 2)), (1, slice(2, 4)), (1, slice(4, 6))]
    handles = {}
    for place, task, letter in zip(places, tasks, "abcde"):
        axis = figure.add_subplot(grid[place])
        for engine, rows in speed[speed["task"] == task].groupby("engine", sort=False):
            label, colour = ENGINES[engine]
            (handles[label],) = axis.plot(rows["replicas"], rows[COST], "o-", ms=3, color=colour)
            if rows["floor_s"].notna().any():
                (handles["floor"],) = axis.plot(rows["replicas"], rows["floor_s"], ":", color="black", lw=1)
        axis.set(xscale="log", yscale="log", title=TASKS[task], xlabel="replicas")
        axis.set_xticks(sorted(speed["replicas"].unique()), sorted(speed["replicas"].unique()))
        axis.minorticks_off()
        style.panel_letter(axis, letter)
        if place[1].start == 0:
            axis.set_ylabel("s / update / replica")
    for column, (name, letter) in enumerate(zip(SCANS, "fgh")):
        axis = figure.add_subplot(grid[2, slice(2 * column, 2 * column + 2)])
        _scan(axis, growth, name)
        style.panel_letter(axis, letter)
        if column == 0:
            axis.set_ylabel("s / update / replica")
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=4)
    return figure
