"""Fig. X "extrapolation": how near validation states are to training states, and accuracies."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.grid.names import parse
from qunlearn.plots import panels, style
from qunlearn.plots.looks import Looks

MARKS = ["o", "s", "^", "D", "v", "P", "X"]
RUN = ["model", "alpha", "seed"]
#: Infidelities below this are drawn at it: rounding.
LEAST = 1e-8


def draw(
    *,
    extrapolation: pd.DataFrame,
    neighbours: pd.DataFrame,
    datasets: list[str],
    models: list[str],
    looks: Looks,
):
    """One row per dataset: neighbours, then accuracy."""
    size = style.WIDTH, 1.9 * len(datasets) + 0.5
    figure, axes = plt.subplots(len(datasets), 2, figsize=size, squeeze=False, sharex="col")
    letters = style.letters()
    for line, dataset in zip(axes, datasets):
        _neighbours(line[0], style.select(neighbours, dataset=dataset))
        here = style.select(extrapolation, dataset=dataset)
        _accuracies(line[1], here, models, looks)
        line[0].set_title(title(dataset, looks), loc="left")
        for axis in line:
            style.panel_letter(axis, next(letters))
    axes[-1, 0].set_xlabel("anisotropy Δ")
    axes[-1, 1].set_xlabel("fraction of flipped labels α")
    handles, labels = axes[0, 1].get_legend_handles_labels()
    style.legend_of_means(figure, handles, labels, style.number_of_seeds(extrapolation))
    return figure


def title(dataset: str, looks: Looks) -> str:
    """'XXZ ground states, grid held_out'."""
    name, changes = parse(dataset)
    words = [f"{key} {value}" for key, value in changes.items()]
    return ", ".join([looks.dataset(name), *words]).replace("_", " ")


def _neighbours(axis, here: pd.DataFrame) -> None:
    """Distance to the nearest training state, in the colours of the classes."""
    infidelity = np.maximum(1 - here["fidelity"], LEAST)
    for label, colour in enumerate(style.CLASSES):
        of_class = here["label"] == label
        axis.plot(here["coordinate"][of_class], infidelity[of_class], ".", ms=3, color=colour)
    correct = np.mean(here["label"] == here["neighbour_label"])
    words = f"nearest neighbour: {correct:.2f} correct"
    axis.text(0.98, 0.04, words, transform=axis.transAxes, ha="right", size=6.5)
    axis.set(yscale="log", ylim=(LEAST / 2, 1), ylabel="infidelity, nearest")


def _accuracies(axis, here: pd.DataFrame, models: list[str], looks: Looks) -> None:
    alphas = np.sort(here["alpha"].unique())
    for place, name in enumerate(models):
        runs = style.select(here, model=name)
        mark = {"marker": MARKS[place % len(MARKS)], "ms": 2.8, "lw": 0.9}
        look = looks.model(name, models)
        line = {"color": look.colour, "label": look.title, **mark}
        style.band(axis, alphas, runs, "val_accuracy", "alpha", **line)
    panels.mark_coin(axis)
    axis.set(ylim=(-0.03, 1.05), ylabel="validation accuracy", xticks=[0, 0.3, 0.6, 0.9])
    style.note_collapsed(axis, here, RUN, at="top")
