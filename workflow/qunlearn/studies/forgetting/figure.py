"""Fig. S "forgetting": unlearning in full. Forget and retain accuracy against the step, final
accuracies against the corrupted fraction, and cases beyond the main study."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.grid.blocks import without_doubles
from qunlearn.plots import style
from qunlearn.plots.looks import Looks
from qunlearn.results.trained import last_steps

ACCURACIES = {
    "forget_accuracy": "forget",
    "retain_accuracy": "retain",
    "val_accuracy": "validation",
}
RUN = ["alpha", "method", "seed"]
#: What curves are drawn against.
WORDS = {"step": "unlearning step", "alpha": "corrupted fraction α"}


class Drawing(NamedTuple):
    """What all panels share."""

    table: pd.DataFrame
    methods: list[str]
    looks: Looks
    letters: Iterator[str]

    def heading(self, dataset: str, corruption: str) -> str:
        return f"{self.looks.dataset(dataset)}, {self.looks.corruption(corruption)}"


def draw(
    *,
    forgetting: pd.DataFrame,
    cases: list[tuple],
    alphas: list[float],
    extras: list[tuple],
    models: list[str],
    methods: list[str],
    looks: Looks,
):
    """Per dataset and corruption of `cases`, left: forget and retain accuracy against the step at
    the lowest corrupted fraction that the study unlearns from; right: final forget and validation
    accuracy against `alphas`. Below, all three against the step for `extras` (dataset, corruption,
    alpha) and `models`."""
    datasets, unlearned, corruptions, fractions = zip(*cases)
    pairs = without_doubles(zip(datasets, corruptions))
    names = without_doubles(unlearned)
    heights = [2.5] * len(pairs) + [1.55] * len(extras)
    figure = plt.figure(figsize=(style.WIDTH, sum(heights) + 0.3))
    blocks = figure.subfigures(
        len(heights),
        1,
        height_ratios=heights,
        squeeze=False,
    )
    above, below = blocks[: len(pairs), 0], blocks[len(pairs) :, 0]
    drawing = Drawing(forgetting, methods, looks, style.letters())
    for block, pair in zip(above, pairs):
        left, right = block.subfigures(1, 2, wspace=0.02)
        _against_step(left, drawing, pair, names, min(fractions))
        _against_alpha(right, drawing, pair, names, alphas)
    for block, extra in zip(below, extras):
        _extra_row(block, drawing, extra, models)
    _legend(figure, drawing)
    return figure


# -- parts of the figure ---------------------------------------------------------------------------
def _against_step(half, drawing: Drawing, pair: tuple, models: list[str], alpha: float) -> None:
    """Forget and retain accuracy, a column per model."""
    dataset, corruption = pair
    here = style.select(drawing.table, dataset=dataset, corruption=corruption, alpha=alpha)
    accuracies = ["forget_accuracy", "retain_accuracy"]
    _block(half, drawing, here, models, accuracies, "step")
    half.suptitle(f"{drawing.heading(*pair)}, α = {alpha:g}", size=8)


def _against_alpha(half, drawing: Drawing, pair: tuple, models: list[str], alphas: list) -> None:
    """Final forget and validation accuracy, a column per model."""
    dataset, corruption = pair
    here = style.select(drawing.table, dataset=dataset, corruption=corruption)
    shown = here[here["alpha"].isin(alphas)]
    accuracies = ["forget_accuracy", "val_accuracy"]
    axes = _block(half, drawing, last_steps(shown), models, accuracies, "alpha")
    for axis in axes[-1]:
        axis.set_xticks(alphas)
    half.suptitle(f"after the last step ({here['step'].max()})", size=8)


def _block(half, drawing: Drawing, here: pd.DataFrame, models: list[str], accuracies, by: str):
    """A row of panels per accuracy, a column per model."""
    rows, columns = len(accuracies), len(models)
    axes = half.subplots(rows, columns, squeeze=False, sharex=True, sharey="row")
    for line, accuracy in zip(axes, accuracies):
        for axis, model in zip(line, models):
            _curves(axis, drawing, style.select(here, model=model), accuracy, by)
        line[0].set_ylim(_floor(here, accuracy, by), 1.03)
        line[0].set_ylabel(f"{ACCURACIES[accuracy]}\naccuracy")
    for axis, model in zip(axes[0], models):
        axis.set_title(drawing.looks.model(model).title, size=7)
    half.supxlabel(WORDS[by], size=7.5)
    style.panel_letter(axes[0, 0], next(drawing.letters))
    return axes


def _floor(here: pd.DataFrame, accuracy: str, by: str) -> float:
    """A little below the lowest point of any curve."""
    means = here.groupby(["model", "method", by])[accuracy].mean()
    tenth = np.floor(10 * means.min()) / 10
    return max(-0.02, tenth - 0.05)


def _extra_row(block, drawing: Drawing, extra: tuple, models: list[str]) -> None:
    """A further case, models side by side."""
    columns = len(models)
    halves = block.subfigures(1, columns, wspace=0.02, squeeze=False)
    for half, model in zip(halves[0], models):
        _extra(half, drawing, extra, model)


def _extra(half, drawing: Drawing, extra: tuple, model: str) -> None:
    """All three accuracies of one model in a row."""
    dataset, corruption, alpha = extra
    case = {
        "dataset": dataset,
        "corruption": corruption,
        "alpha": alpha,
        "model": model,
    }
    here = style.select(drawing.table, **case)
    axes = half.subplots(
        1,
        len(ACCURACIES),
        squeeze=False,
        sharex=True,
        sharey=True,
    )[0]
    for axis, (accuracy, word) in zip(axes, ACCURACIES.items()):
        _curves(axis, drawing, here, accuracy, "step")
        axis.set_title(word, size=7)
    half.supxlabel(WORDS["step"], size=7.5)
    axes[0].set_ylabel("accuracy")
    style.panel_letter(axes[0], next(drawing.letters))
    label = drawing.looks.model(model).title
    half.suptitle(f"{drawing.heading(dataset, corruption)}, α = {alpha:g}, {label}", size=8)


def _curves(axis, drawing: Drawing, here: pd.DataFrame, accuracy: str, by: str) -> None:
    """A line with its band for each method, and a remark where runs collapsed."""
    marks = {"marker": "o", "ms": 2} if by == "alpha" else {}
    for method in drawing.methods:
        runs = style.select(here, method=method)
        look = drawing.looks.method(method)
        places = np.sort(runs[by].unique())
        line = {"color": look.colour, "ls": look.line, "lw": 1}
        style.band(
            axis,
            places,
            runs,
            accuracy,
            by,
            **line,
            **marks,
        )
    if lost := style.collapsed_runs(here, RUN):
        style.note(axis, f"{lost} of {len(here[RUN].drop_duplicates())}\nruns collapsed")


def _legend(figure, drawing: Drawing) -> None:
    seeds = style.number_of_seeds(drawing.table)
    handles = [plt.Line2D([], [], lw=0, label=f"{style.MEANS}, n = {seeds}:")]
    for method in drawing.methods:
        look = drawing.looks.method(method)
        handles.append(plt.Line2D([], [], color=look.colour, ls=look.line, label=look.label))
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=len(handles),
    )
