"""Fig. X "convergence": validation accuracy against the samples read, of unlearning and of
retraining for as long."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import style
from qunlearn.plots.looks import Looks
from qunlearn.statistics.runs import FINAL

#: Records from which on a line is thin.
MANY = 80
POISONED = {"color": "0.5", "ls": ":", "lw": 1}


def draw(
    *,
    convergence: pd.DataFrame,
    datasets: list[str],
    models: list[str],
    methods: list[str],
    target: str,
    begin_poisoned: list[str],
    looks: Looks,
):
    """A row of panels per dataset, one per model, at the smallest fraction unlearned; `target`: the
    method whose end is a line across; `begin_poisoned`: those that start from the poisoned model."""
    alpha = convergence["alpha"].min()
    size = style.WIDTH, 2.0 * len(datasets) + 0.5
    figure, grid = plt.subplots(
        len(datasets), len(models), figsize=size, squeeze=False, sharey="row"
    )
    letters = style.letters()
    for row, dataset in zip(grid, datasets):
        here = style.select(convergence, dataset=dataset, alpha=alpha)
        for axis, model in zip(row, models):
            part = style.select(here, model=model)
            _panel(axis, part, methods, looks)
            _levels(axis, part, target, begin_poisoned)
            counted = style.seeds_beside(part, convergence)
            axis.set_title(f"{looks.model(model).title}, α = {alpha:g}{counted}")
            style.panel_letter(axis, next(letters))
        lowest = here.loc[here["step"] > 0, "val_accuracy"].min()
        style.stretch_accuracy(row[0], max(0, np.floor(lowest * 10) / 10))
        row[0].set_ylabel(f"{looks.dataset(dataset)}\nvalidation accuracy")
    for axis in grid[-1]:
        axis.set_xlabel("training samples read")
    legend = grid[0][0].get_legend_handles_labels()
    style.legend_of_means(figure, *legend, style.number_of_seeds(convergence))
    return figure


def _panel(axis, part: pd.DataFrame, methods: list[str], looks: Looks) -> None:
    """All methods of one model, without the start, which has no place on a logarithmic axis."""
    for method in methods:
        curve = style.select(part, method=method)
        curve = curve[curve["step"] > 0]
        passes = np.sort(curve["passes"].unique())
        look = looks.method(method)
        line = {"color": look.colour, "ls": look.line, "label": look.label}
        if len(passes) == 1:
            line |= {"marker": "o", "ms": 3}
        elif len(passes) > MANY:
            line |= {"lw": 0.7}
        style.band(axis, passes, curve, "val_accuracy", "passes", **line)
    axis.set_xscale("log")
    style.note_collapsed(axis, part, ["method", "seed"])


def _levels(axis, part: pd.DataFrame, target: str, begin_poisoned: list[str]) -> None:
    """Lines across: where the target ends, and where unlearning starts."""
    axis.axhline(end_of(style.select(part, method=target)), color="k", lw=0.5, zorder=0)
    begun = part[(part["step"] == 0) & part["method"].isin(begin_poisoned)]
    if len(begun):
        start = begun["val_accuracy"].mean()
        axis.axhline(start, label="poisoned model", zorder=0, **POISONED)


def end_of(curve: pd.DataFrame) -> float:
    """Mean accuracy of the last records of a method."""
    last = np.sort(curve["step"].unique())[-FINAL:]
    return curve.loc[curve["step"].isin(last), "val_accuracy"].mean()
