"""Fig. X "methods": what every unlearning method regains at its best values, and its price."""

from __future__ import annotations

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.parts.methods.retrain import Retrain
from qunlearn.plots import style
from qunlearn.plots.looks import Looks

#: Panels from left to right: column of the table, and what it is.
PANELS = {
    "val_accuracy": "validation accuracy",
    "forget_accuracy": "forget accuracy",
    "passes": "passes until it stops",
    "seconds": "seconds, one run",
}
PRICES = ("passes", "seconds")
RUN = ["model", "method", "seed"]


class Shown(NamedTuple):
    """What panels have in common: `offsets` of a model's marks, by its name."""

    methods: list[str]
    models: list[str]
    passes: float
    offsets: dict[str, float]
    looks: Looks


def draw(
    *,
    best_methods: pd.DataFrame,
    datasets: list[str],
    models: list[str],
    methods: list[str],
    passes: float,
    looks: Looks,
):
    """A row of panels per dataset, methods from top to bottom, a colour per model, at the smallest fraction
    unlearned."""
    alpha = best_methods["alpha"].min()
    offsets = dict(zip(models, np.linspace(-0.2, 0.2, len(models)) if len(models) > 1 else [0.0]))
    shown = Shown(methods, models, passes, offsets, looks)
    height = (0.17 * len(methods) + 0.6) * len(datasets) + 0.5
    figure, grid = plt.subplots(
        len(datasets), len(PANELS), figsize=(style.WIDTH, height), squeeze=False, sharey=True,
        width_ratios=(1.6, 1.2, 1, 1),
    )  # fmt: skip
    letters = style.letters()
    for row, dataset in zip(grid, datasets):
        here = style.select(best_methods, dataset=dataset, alpha=alpha)
        for axis, column in zip(row, PANELS):
            _panel(axis, here, column, shown)
            style.panel_letter(axis, next(letters))
        row[0].set_title(f"{looks.dataset(dataset)}, α = {alpha:g}", loc="left")
        style.note_collapsed(row[0], here, RUN)
    for axis, words in zip(grid[-1], PANELS.values()):
        axis.set_xlabel(words)
    _legend(figure, shown, style.number_of_seeds(best_methods))
    return figure


def _panel(axis, here: pd.DataFrame, column: str, shown: Shown) -> None:
    for place, method in enumerate(shown.methods):
        for model in shown.models:
            mine = style.select(here, method=method, model=model)
            values = mine[column]
            y = place + shown.offsets[model]
            colour = shown.looks.model(model, shown.models).colour
            is_paid = mine["passes"].mean() <= shown.passes
            axis.plot([values.min(), values.max()], [y, y], color=colour, lw=0.7, zorder=1)
            face = colour if is_paid else "white"
            axis.plot(values.mean(), y, "o", color=colour, mfc=face, ms=3)
    if column in PRICES:
        axis.set_xscale("log")
    if column == "passes":
        axis.axvline(shown.passes, color="0.4", ls="--", lw=0.7, zorder=0)
    if column == "val_accuracy":
        _levels(axis, here, shown)
    words = [shown.looks.method(method).label for method in shown.methods]
    axis.set_yticks(range(len(words)), words, size=6.5)
    axis.set_ylim(len(words) - 0.5, -0.5)
    axis.grid(axis="y", lw=0.3, color="0.9")
    axis.set_axisbelow(True)


def _levels(axis, here: pd.DataFrame, shown: Shown) -> None:
    """Vertical lines of every model: tuned retraining, and the poisoned model."""
    for model in shown.models:
        colour = shown.looks.model(model, shown.models).colour
        mine = style.select(here, model=model)
        axis.axvline(mine["begun_val_accuracy"].mean(), color=colour, ls=":", lw=0.8, zorder=0)
        level = style.select(mine, method=Retrain.name())["val_accuracy"]
        if len(level):
            axis.axvline(level.mean(), color=colour, ls="-", lw=0.5, alpha=0.6, zorder=0)


def _legend(figure, shown: Shown, seeds: str) -> None:
    handles = [plt.Line2D([], [], lw=0, label=f"mean and extremes, n = {seeds}:")]
    for model in shown.models:
        look = shown.looks.model(model, shown.models)
        handles.append(
            plt.Line2D([], [], marker="o", ms=3, color=look.colour, lw=0.7, label=look.title)
        )
    plain = {"color": "0.4", "lw": 0.7}
    handles.append(plt.Line2D([], [], ls="-", label="tuned retraining", **plain))
    handles.append(plt.Line2D([], [], ls=":", label="poisoned", **plain))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
