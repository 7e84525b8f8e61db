"""Fig. X "tuned": validation accuracy of every method at its default and at its best values."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.parts.methods.retrain import Retrain
from qunlearn.plots import style
from qunlearn.plots.looks import Looks

#: Choice -> offset, mark, whether it is filled, and words.
CHOICES = {
    "default": (-0.2, "o", False, "values of the study"),
    "tuned": (0.0, "o", True, "tuned on samples set aside"),
    "oracle": (0.2, "_", True, "tuned on validation data, a bound"),
}
RUN = ["method", "choice", "seed"]


def draw(
    *,
    tuned: pd.DataFrame,
    datasets: list[str],
    models: list[str],
    methods: list[str],
    looks: Looks,
):
    """A row of panels per dataset, one per model, at the smallest fraction unlearned."""
    alpha = tuned["alpha"].min()
    size = style.WIDTH, 2.2 * len(datasets) + 0.4
    figure, grid = plt.subplots(
        len(datasets), len(models), figsize=size, squeeze=False, sharey="row"
    )
    letters = style.letters()
    for row, dataset in zip(grid, datasets):
        here = style.select(tuned, dataset=dataset, alpha=alpha)
        for axis, model in zip(row, models):
            part = style.select(here, model=model)
            _panel(axis, part, methods, looks)
            counted = style.seeds_beside(part, tuned)
            axis.set_title(f"{looks.model(model).title}, α = {alpha:g}{counted}")
            style.panel_letter(axis, next(letters))
        poisoned = here[here["method"] != Retrain.name()]["begun_val_accuracy"]
        lowest = min(here["val_accuracy"].min(), poisoned.min())
        style.stretch_accuracy(row[0], max(0, np.floor(lowest * 10) / 10))
        row[0].set_ylabel(f"{looks.dataset(dataset)}\nvalidation accuracy")
    _legend(figure, style.number_of_seeds(tuned))
    return figure


def _panel(axis, part: pd.DataFrame, methods: list[str], looks: Looks) -> None:
    labels = []
    for place, method in enumerate(methods):
        mine = style.select(part, method=method)
        for choice, (offset, mark, is_filled, _) in CHOICES.items():
            accuracies = style.select(mine, choice=choice)["val_accuracy"]
            colour = looks.method(method).colour
            face = colour if is_filled else "white"
            spread = [[style.one_sided_deviation(accuracies, side)] for side in (-1, 1)]
            bar = {"ms": 5, "color": colour, "mfc": face, "elinewidth": 0.8}
            axis.errorbar(place + offset, accuracies.mean(), spread, fmt=mark, **bar)
        words = looks.method(method).label.replace(" ", "\n")
        labels.append(f"{words}\n{_chosen(mine)}")
    _levels(axis, part, methods)
    axis.set_xticks(range(len(methods)), labels, size=6)
    axis.set_xlim(-0.5, len(methods) - 0.5)
    style.note_collapsed(axis, part, RUN)


def _chosen(mine: pd.DataFrame) -> str:
    """The median choice: '0.03, 12'."""
    tuned = style.select(mine, choice="tuned")
    return f"{tuned['learning_rate'].median():.2g}, {tuned['step'].median():.0f}"


def _levels(axis, part: pd.DataFrame, methods: list[str]) -> None:
    """Lines across: tuned retraining, and the poisoned model."""
    retrained = style.select(part, method=Retrain.name(), choice="tuned")
    if len(retrained):
        level = retrained["val_accuracy"].mean()
        axis.axhline(level, color="k", ls="--", lw=0.7, zorder=0)
    others = part[part["method"] != Retrain.name()]
    if len(others):
        level = others["begun_val_accuracy"].mean()
        axis.axhline(level, color="0.5", ls=":", lw=1, zorder=0)


def _legend(figure, seeds: str) -> None:
    handles = [plt.Line2D([], [], lw=0, label=f"{style.MEANS}, n = {seeds}:")]
    for _, mark, is_filled, words in CHOICES.values():
        face = "0.3" if is_filled else "white"
        look = {"ls": "", "marker": mark, "ms": 5, "color": "0.3", "mfc": face}
        handles.append(plt.Line2D([], [], label=words, **look))
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
