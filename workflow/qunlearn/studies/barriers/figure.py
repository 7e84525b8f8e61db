"""Fig. X "barriers": the loss on the retain set along unlearning, and what a dip has to do with it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import style
from qunlearn.plots.looks import Looks

RUN = ["model", "corruption", "alpha", "method", "seed"]
#: Marks of models.
MARKS = ["o", "s", "^", "D", "v", "P", "X"]


def draw(
    *,
    barriers: pd.DataFrame,
    barrier_paths: pd.DataFrame,
    datasets: list[str],
    models: list[str],
    methods: list[str],
    looks: Looks,
):
    """One row per dataset: a panel per model that was unlearned there, then rises against dips; at
    the first corruption and the smallest corrupted fraction."""
    first = barriers[["corruption", "alpha"]].sort_values(["corruption", "alpha"]).iloc[0]
    case = first.to_dict()
    columns = len(models) + 1
    size = style.WIDTH, 1.9 * len(datasets) + 0.5
    figure, axes = plt.subplots(len(datasets), columns, figsize=size, squeeze=False)
    letters = style.letters()
    for line, dataset in zip(axes, datasets):
        here = style.select(barrier_paths, dataset=dataset, **case)
        for axis, model in zip(line, models):
            _path(axis, style.select(here, model=model), methods, looks)
        runs = style.select(barriers, dataset=dataset, **case)
        _rises(line[-1], runs, models, methods, looks)
        style.note_collapsed(line[-1], runs, RUN)
        line[0].set_ylabel(f"{looks.dataset(dataset)}\nretain loss above its start")
        for axis in line:
            style.panel_letter(axis, next(letters))
    for axis, model in zip(axes[0], models):
        axis.set_title(looks.model(model).title)
    for axis in axes[-1, :-1]:
        axis.set_xlabel("unlearning step (epochs)")
    axes[-1, -1].set_xlabel("dip of validation accuracy")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    style.legend_of_means(figure, handles, labels, style.number_of_seeds(barriers))
    return figure


def _path(axis, here: pd.DataFrame, methods: list[str], looks: Looks) -> None:
    """Mean curves of the loss above its start, one per method."""
    starts = here.groupby(RUN)["retain_loss"].transform("first")
    here = here.assign(above=here["retain_loss"] - starts)
    steps = np.sort(here["step"].unique())
    for method in methods:
        look = looks.method(method)
        line = {"color": look.colour, "ls": look.line, "label": look.label}
        style.band(axis, steps, style.select(here, method=method), "above", "step", **line)
    axis.axhline(0, color="0.7", lw=0.6, zorder=0)


def _rises(axis, runs: pd.DataFrame, models: list[str], methods: list[str], looks: Looks) -> None:
    for mark, model in zip(MARKS, models):
        for method in methods:
            part = style.select(runs, model=model, method=method)
            look = {"color": looks.method(method).colour, "marker": mark, "ms": 3, "ls": ""}
            axis.plot(part["dip"], part["rise"], **look)
    for mark, model in zip(MARKS, models):
        axis.plot([], [], mark, color="0.4", ms=3, label=looks.model(model).title)
    axis.legend(loc="upper right")
    axis.set(ylabel="rise of retain loss")
    axis.axhline(0, color="0.7", lw=0.6, zorder=0)
