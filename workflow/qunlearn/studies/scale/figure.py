"""Fig. X "scale": clean accuracy, fall and training accuracy against the largest logit."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from qunlearn.plots import panels, style
from qunlearn.plots.looks import Looks

MARKS = ["o", "s", "^", "D", "v", "P", "X"]
PANELS = {
    "clean_accuracy": "clean validation accuracy",
    "fall": "fall on the plateau",
    "train_accuracy": "training accuracy",
}


def draw(
    *,
    scale: pd.DataFrame,
    scale_summary: pd.DataFrame,
    datasets: list[str],
    models: list[str],
    plateau: float,
    looks: Looks,
):
    """One row of panels per dataset; `plateau`: the largest corrupted fraction that counts."""
    size = style.WIDTH, 2.2 * len(datasets) + 0.4
    figure, axes = plt.subplots(
        len(datasets), len(PANELS), figsize=size, squeeze=False, sharex=True, sharey="col"
    )
    letters = style.letters()
    for line, dataset in zip(axes, datasets):
        here = style.select(scale_summary, dataset=dataset)
        for axis, quantity in zip(line, PANELS):
            _panel(axis, style.select(here, quantity=quantity), models, looks)
            style.panel_letter(axis, next(letters))
        for level, dashes in ((1 - plateau, "--"), (1.0, ":")):
            line[-1].axhline(level, color="0.7", ls=dashes, lw=0.7, zorder=0)
        line[1].axhline(0, color="0.8", lw=0.6, zorder=0)
        line[0].set_ylabel(looks.dataset(dataset))
        runs = style.select(scale, dataset=dataset)
        style.note_collapsed(line[0], runs, ["model", "alpha", "seed"])
    titles = dict(PANELS)
    titles["fall"] += f", α ≤ {plateau:g}"
    titles["train_accuracy"] += f", α = {plateau:g}"
    for axis, title in zip(axes[0], titles.values()):
        axis.set_title(title)
    for axis in axes[-1]:
        axis.set(xscale="log", xlabel="largest |logit|, s")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    seeds = style.number_of_seeds(scale)
    words = f"mean with interval, n = {seeds}:"
    handles, labels = [plt.Line2D([], [], lw=0), *handles], [words, *labels]
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def _panel(axis, here: pd.DataFrame, models: list[str], looks: Looks) -> None:
    for place, name in enumerate(models):
        line = style.select(here, base_model=name).sort_values("scale")
        reach = panels.reach(line, "value", "low", "high")
        look = looks.model(name, models)
        bars = {"ms": 3, "lw": 1, "elinewidth": 0.7, "capsize": 1.5}
        mark = MARKS[place % len(MARKS)]
        axis.errorbar(
            line["scale"], line["value"], reach,
            color=look.colour, marker=mark, label=look.title, **bars,
        )  # fmt: skip
