"""The benchmark's figure: what other engines take over this project's time, and how its time and
memory grow, beside the laws that they should follow."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import style
from qunlearn.plots.looks import Looks
from qunlearn.studies.benchmark.entrants import BLUE, ENTRANTS
from qunlearn.studies.benchmark.growth import SCANS
from qunlearn.studies.benchmark.laws import MEMORY, expected, scanned
from qunlearn.studies.benchmark.table import COST, compared

#: Tasks by panel: its title, and label and marker of each task.
RIVALS = {
    "an update of a QNN": {"qnn_xxz": ("XXZ", "o"), "qnn_mnist": ("MNIST", "s")},
    "value and derivatives of one expectation value": {
        "cone_xxz": ("XXZ", "o"),
        "cone_mnist": ("MNIST", "s"),
    },
    "an update of an MLP": {
        "mlp_digits": ("64 inputs", "o"),
        "mlp_mnist": ("784 inputs", "s"),
        "mlp_xxz": ("8192 inputs", "^"),
    },
}
#: Panels of growth: scans and their markers, and the quantity.
GROWTH = [
    ({"chain": "o", "ring": "s"}, COST),
    ({"qubits": "o"}, COST),
    ({"samples": "o"}, COST),
    ({"replicas": "o"}, COST),
    ({"cores": "o"}, COST),
    ({"samples": "o", "replicas": "s"}, MEMORY),
]
YLABELS = {COST: "s / update / replica", MEMORY: "peak memory, MB"}
COLUMNS = 3
LAW = {"color": "black", "lw": 0.8, "ls": "--", "label": "law"}
FLOOR = {"color": "black", "lw": 0.8, "ls": ":", "label": "floor of the machine"}


def draw(*, speed: pd.DataFrame, growth: pd.DataFrame, laws: pd.DataFrame, looks: Looks):
    """Top: a panel per kind of task, engines from the nearest rival on; below: growth."""
    letters = style.letters()
    table = compared(speed)
    shown = {title: tasks for title, tasks in RIVALS.items() if table["task"].isin(tasks).any()}
    engines = [table[table["task"].isin(tasks)]["engine"].nunique() for tasks in shown.values()]
    heights = [0.5 + 0.17 * count for count in engines]
    rows = -(-len(GROWTH) // COLUMNS)
    halves = [sum(heights) + 0.3, 1.7 * rows]
    figure = plt.figure(figsize=(style.WIDTH, sum(halves)))
    top, bottom = figure.subfigures(2, 1, height_ratios=halves)
    grid = top.add_gridspec(len(heights), 1, height_ratios=heights)
    axes = []
    for place, (title, tasks) in enumerate(shown.items()):
        axis = top.add_subplot(grid[place], sharex=axes[0] if axes else None)
        _rivals(axis, table[table["task"].isin(tasks)], tasks)
        axis.set_title(title)
        style.panel_letter(axis, next(letters))
        axes.append(axis)
    axes[-1].set_xlabel("time over this project's")
    grid = bottom.add_gridspec(rows, COLUMNS)
    for place, (scans, quantity) in enumerate(GROWTH):
        axis = bottom.add_subplot(grid[divmod(place, COLUMNS)])
        _growth(axis, growth, laws, scans, quantity)
        axis.set_ylabel(YLABELS[quantity])
        style.panel_letter(axis, next(letters))
    return figure


def _rivals(axis, table: pd.DataFrame, tasks: dict) -> None:
    """A line per engine, a marker per task at its time over this project's."""
    nearest = table.groupby("engine")["ratio"].min().sort_values()
    lines = {engine: number for number, engine in enumerate(nearest.index)}
    for task, (label, marker) in tasks.items():
        part = table[table["task"] == task]
        colours = [ENTRANTS[engine].colour for engine in part["engine"]]
        where = [lines[engine] for engine in part["engine"]]
        axis.scatter(part["ratio"], where, marker=marker, s=18, c=colours, zorder=3)
        axis.scatter([], [], marker=marker, s=18, c="grey", label=label)
    axis.axvline(1, color=BLUE, lw=1)
    axis.set_yticks(range(len(lines)), [ENTRANTS[engine].label for engine in lines])
    axis.set_ylim(len(lines) - 0.5, -0.5)
    axis.set_xscale("log")
    axis.grid(axis="y", lw=0.3)
    axis.legend(loc="upper right", ncols=3, columnspacing=1, handletextpad=0.2)


def _growth(axis, growth: pd.DataFrame, laws: pd.DataFrame, scans: dict, quantity: str) -> None:
    """Cost or memory against a size, filled where it follows its law; the law, and the floor."""
    labels = []
    for name, marker in scans.items():
        rows = scanned(growth, name)
        if rows.empty:
            continue
        sizes = rows["size"].to_numpy()
        labels.append(SCANS[name].label)
        law = laws[(laws["scan"] == name) & (laws["quantity"] == quantity)]
        follows = np.ones(len(sizes), bool)
        for one in law.itertuples():
            follows = (sizes >= one.holds_from) & (sizes <= one.holds_to)
            if one.law != "linear":  # which is above the smallest size
                axis.plot(sizes, one.constant * expected(rows, one.law), **LAW)
        look = {"color": BLUE, "ms": 4, "mew": 0.8}
        axis.plot(sizes, rows[quantity], "-", color=BLUE, lw=0.8)
        axis.plot(sizes, rows[quantity], marker, mfc="white", **look)
        axis.plot(sizes[follows], rows[quantity][follows], marker, label=name, **look)
        if quantity == COST and rows["floor_s"].notna().any() and name != "cores":
            axis.plot(sizes, rows["floor_s"], **FLOOR)
    axis.set(xlabel=" or ".join(dict.fromkeys(labels)), xscale="log", yscale="log")
    ticks = sorted({size for name in scans for size in scanned(growth, name)["size"]})
    if ticks and ticks[-1] < 100:
        axis.set_xticks(ticks, ticks)
        axis.xaxis.minorticks_off()
    if len(labels) > 1:
        handles, names = axis.get_legend_handles_labels()
        named = {name: handle for handle, name in zip(handles, names) if name in scans}
        axis.legend(named.values(), named.keys())
