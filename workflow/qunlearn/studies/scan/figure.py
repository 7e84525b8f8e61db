"""Fig. S "scan": final accuracies against the weights of unlearning losses (Eqs. 7 and 8)."""

from __future__ import annotations

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import style
from qunlearn.plots.looks import Looks

CASE = ["dataset", "model", "corruption", "alpha"]
ACCURACIES = {"val_accuracy": "validation", "forget_accuracy": "forget"}
#: Marks of the main study's weights.
HEADLINE = {"line": "0.5", "box": "#D55E00"}
GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "lambda": "λ",
    "mu": "μ",
    "tau": "τ",
}
ACRONYMS = ("ce", "kl")


class Column(NamedTuple):
    """Panels of one method: lines of both accuracies against its one weight, or a map of one
    accuracy against its two. `low`: smallest mean of each accuracy, rounded down to a tenth."""

    method: str
    weights: list[str]
    accuracy: str | None
    low: dict[str, float]
    headline: dict[str, float]

    @property
    def width(self) -> float:
        return 1.15 if self.accuracy is None else 1.0

    @property
    def title(self) -> str:
        return "" if self.accuracy is None else f": {ACCURACIES[self.accuracy]} accuracy"


def draw(
    *,
    scan: pd.DataFrame,
    cases: list[tuple],
    scanned: dict[str, dict[str, list[float]]],
    headline: dict[str, dict],
    reference: str,
    looks: Looks,
):
    """A row per (dataset, model, corruption, alpha) of `cases`: a method with one weight is drawn
    against it; one with two in maps, on validation data and on the forget set.

    `scanned`: method -> weights; `headline`: method -> weights of the main study; `reference`: the
    method that `retrain_val_accuracy` is of.
    """
    columns = columns_of(scan, scanned, headline)
    size = style.WIDTH, 1.3 * len(cases) + 0.9
    figure, axes = plt.subplots(
        len(cases),
        len(columns),
        figsize=size,
        squeeze=False,
        width_ratios=[column.width for column in columns],
    )
    for line, case in zip(axes, cases):
        here = style.select(scan, **dict(zip(CASE, case)))
        images = _row(line, here, columns, reference, looks)
    letters = style.letters()
    for axis, (dataset, model, _, _) in zip(axes[:, 0], cases):
        words = looks.dataset(dataset), looks.model(model).title, axis.get_ylabel()
        axis.set_ylabel("\n".join(words))
        style.panel_letter(axis, next(letters))
    for line, column, image in zip(axes.T, columns, images):
        _head(line[0], looks.method(column.method).label + column.title)
        _foot(figure, line, column, image)
    _, _, corruption, alpha = cases[0]
    words = f"after the last unlearning step; {looks.corruption(corruption)}, α = {alpha:g}"
    seeds = style.number_of_seeds(scan)
    figure.suptitle(f"{words}, n = {seeds}", size=7.5)
    return figure


def _row(line, here: pd.DataFrame, columns: list[Column], reference: str, looks: Looks) -> list:
    """Panels of one model; returns the images of maps, None for lines."""
    images = []
    for axis, column in zip(line, columns):
        part = style.select(here, method=column.method)
        image = None
        if column.accuracy is None:
            _line(axis, part, column, reference, looks)
        else:
            image = _map(axis, part, column)
        images.append(image)
    return images


def columns_of(scan: pd.DataFrame, scanned: dict, headline: dict) -> list[Column]:
    """Panels of all methods that are scanned."""
    columns = []
    for method, values in scanned.items():
        runs = style.select(scan, method=method)
        points = runs.groupby([*CASE, *values])
        means = points[list(ACCURACIES)].mean()
        low = np.floor(10 * means.min()) / 10
        shown = [None] if len(values) == 1 else list(ACCURACIES)
        for accuracy in shown:
            column = Column(
                method,
                list(values),
                accuracy,
                dict(low),
                headline[method],
            )
            columns.append(column)
    return columns


def symbol(weight: str) -> str:
    """'lambda_fo' -> λ with the index fo."""
    first, _, index = weight.partition("_")
    if first not in GREEK:
        return weight.replace("_", " ")
    index = index.upper() if index in ACRONYMS else index
    return f"{GREEK[first]}$_{{{index}}}$" if index else GREEK[first]


# -- panels ----------------------------------------------------------------------------------------
def _line(axis, part: pd.DataFrame, column: Column, reference: str, looks: Looks) -> None:
    """Both accuracies against a weight; dotted: what retraining ends at on validation data."""
    (weight,) = column.weights
    values = np.sort(part[weight].unique())
    own = {"color": looks.method(column.method).colour, "ls": "-"}
    forgotten = {"color": style.SETS["train"], "ls": "--"}
    for (accuracy, label), look in zip(ACCURACIES.items(), (own, forgotten)):
        style.band(
            axis,
            values,
            part,
            accuracy,
            weight,
            label=label,
            **look,
        )
    retrained = looks.method(reference)
    level = part["retrain_val_accuracy"].mean()
    axis.axhline(level, color=retrained.colour, ls=":", lw=1, label=retrained.label)
    axis.axvline(column.headline[weight], color=HEADLINE["line"], lw=0.8, zorder=0)
    axis.set(ylim=(min(column.low.values()) - 0.03, 1.03), ylabel="accuracy")
    style.note_collapsed(axis, part, [weight, "seed"])


def _map(axis, part: pd.DataFrame, column: Column):
    """Mean over seeds for every pair of weights. On validation data, dots: at least what retraining
    ends at."""
    down, across = column.weights
    mean = part.pivot_table(
        index=down,
        columns=across,
        values=column.accuracy,
        aggfunc="mean",
    )
    limits = {"vmin": column.low[column.accuracy], "vmax": 1}
    image = axis.imshow(mean, origin="lower", aspect="auto", cmap="viridis", **limits)
    if column.accuracy == "val_accuracy":
        rows, columns = np.nonzero(mean.to_numpy() >= part["retrain_val_accuracy"].mean())
        axis.plot(
            columns,
            rows,
            "o",
            color="white",
            mec="0.2",
            mew=0.3,
            ms=2,
        )
    words = f"best {np.max(mean.to_numpy()):.3f}"
    y = np.flatnonzero(mean.index == column.headline[down])
    x = np.flatnonzero(mean.columns == column.headline[across])
    if len(x) and len(y):
        _box(axis, x[0], y[0])
        words = f"{mean.iat[y[0], x[0]]:.3f} at the box, {words}"
    _name_some(axis.set_xticks, mean.columns)
    _name_some(axis.set_yticks, mean.index)
    axis.spines[:].set_visible(False)
    axis.set_ylabel(symbol(down))
    axis.set_title(words, size=6.5, pad=3)
    style.note_collapsed(axis, part, [down, across, "seed"])
    return image


def _box(axis, x: int, y: int) -> None:
    """Around the weights of the main study."""
    corner = x - 0.5, y - 0.5
    box = plt.Rectangle(corner, 1, 1, fill=False, ec=HEADLINE["box"], lw=1.5)
    axis.add_patch(box)
    box.set_clip_on(False)


def _name_some(set_ticks, values) -> None:
    """Ticks at every third value of a weight."""
    places = range(0, len(values), 3)
    set_ticks(places, [f"{values[place]:g}" for place in places])


# -- around the panels -----------------------------------------------------------------------------
def _head(axis, title: str) -> None:
    """A title above the one that a map has."""
    offset = {"xytext": (0, 15), "textcoords": "offset points", "ha": "center"}
    axis.annotate(title, (0.5, 1), xycoords="axes fraction", **offset)


def _foot(figure, axes, column: Column, image) -> None:
    """What a column's panels are drawn against, and what colours mean."""
    axes[-1].set_xlabel(symbol(column.weights[-1]))
    if image is not None:
        figure.colorbar(image, ax=axes, location="bottom", aspect=30, pad=0.02)
        return
    spacing = {"handlelength": 1.6, "columnspacing": 1}
    axes[-1].legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.42),
        ncols=3,
        **spacing,
    )
