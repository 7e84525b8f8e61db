"""Fig. 1: the study as a flow, and what poison does to the data: examples and t-SNE maps, clean and corrupted."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from ..data import Dataset
from ..experiment.embed import poisoned
from . import style
from .examples import correlations


def _flow(figure, steps: list[tuple[str, str]]) -> None:
    """A row of boxes, (headline, lines below it), joined by arrows."""
    axis = figure.subplots()
    axis.set(xlim=(0, len(steps)), ylim=(0, 1))
    axis.axis("off")
    for i, (head, text) in enumerate(steps):
        corners = "round,pad=0,rounding_size=0.06"
        axis.add_patch(FancyBboxPatch((i + 0.08, 0.06), 0.8, 0.84, boxstyle=corners, fc="0.96", ec="0.3", lw=0.7))
        axis.text(i + 0.48, 0.76, head, ha="center", va="center", weight="bold", size=7.5)
        axis.text(i + 0.48, 0.36, text, ha="center", va="center", size=6.5, linespacing=1.25)
        if i:
            look = {"arrowstyle": "-|>", "mutation_scale": 7, "lw": 0.8, "color": "0.3"}
            axis.add_patch(FancyArrowPatch((i - 0.11, 0.48), (i + 0.07, 0.48), **look))


def chosen(dataset: Dataset, corrupted: np.ndarray) -> np.ndarray:
    """Samples to show: of either class two, one of them corrupted where some are; from the middle of the training set,
    where ground states are typical of their phase."""
    found = []
    for cls in (0, 1):
        members = dataset.y_train == cls
        if corrupted.any():
            groups = np.flatnonzero(members & ~corrupted), np.flatnonzero(members & corrupted)
        else:
            groups = np.array_split(np.flatnonzero(members), 2)
        found += [group[len(group) // 2] for group in groups if len(group)]
    return np.array(found)


def _colours(labels: np.ndarray, noise: np.ndarray) -> list[str]:
    return [style.NOISE if grey else style.CLASSES[label] for label, grey in zip(labels, noise)]


def _images(figure, dataset: Dataset, rows, labels, corrupted) -> None:
    axes = figure.subplots(1, len(rows))
    for axis, row, label, odd in zip(axes, rows, labels, corrupted):
        axis.imshow(row.reshape(dataset.image_shape), cmap="gray_r")
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set(visible=True, lw=1.6 if odd else 0.4, color="k" if odd else "0.7")
        axis.set_title(dataset.class_names[label], color=style.CLASSES[label], size=6.5, pad=2)


def _curves(figure, rows, colours, corrupted) -> None:
    axis = figure.subplots()
    for curve, colour, odd in zip(correlations(rows), colours, corrupted):
        axis.plot(curve, color=colour, marker="o", ms=3 if odd else 2, lw=1, mec="k" if odd else colour, mew=0.6)
    axis.set(ylim=(-0.25, 1.1), xticks=range(len(curve)), yticks=[0, 1])
    axis.set_xlabel("distance r", labelpad=1)
    axis.text(0.98, 0.95, r"$(-1)^r\langle Z_0Z_r\rangle$", transform=axis.transAxes, ha="right", va="top")


def _map(axis, part: pd.DataFrame, noise: np.ndarray) -> None:
    """Every training sample at its place, in the colour of the label trained on; corrupted ones with a rim."""
    odd = part["corrupted"].to_numpy()
    colours = np.array(_colours(part["label"].to_numpy(), noise))
    for mask, look in ((~odd, {"s": 5, "lw": 0}), (odd, {"s": 10, "lw": 0.6, "ec": "k"})):
        axis.scatter(part["x"][mask], part["y"][mask], c=colours[mask], **look)
    axis.set(xticks=[], yticks=[], xlabel="t-SNE 1", ylabel="t-SNE 2")
    axis.margins(0.06)


def _column(figure, dataset: Dataset, corruption: str, part: pd.DataFrame, alpha: float, seed: int) -> None:
    x, labels, corrupted = poisoned(dataset, corruption, alpha, seed)
    noise = corrupted & np.any(x != dataset.x_train, axis=1)
    title = corruption
    if corruption != "clean":
        title = f"{style.WORDS.get(corruption, corruption)}, α = {alpha:g} ({corrupted.sum()} of {len(corrupted)})"
    top, bottom = figure.subfigures(2, 1, height_ratios=[0.75 if dataset.image_shape else 1.1, 1.45])
    top.suptitle(title, size=7.5)
    shown = chosen(dataset, corrupted)
    if dataset.image_shape:
        _images(top, dataset, x[shown], labels[shown], corrupted[shown])
    else:
        _curves(top, x[shown], _colours(labels[shown], noise[shown]), corrupted[shown])
    _map(bottom.subplots(), part, noise)


def _legend(figure, dataset: Dataset, noise: bool) -> None:
    dot = {"ls": "", "marker": "o", "ms": 3.5}
    handles = [plt.Line2D([], [], color=colour, **dot) for colour in style.CLASSES]
    names = [f"labelled {name}" for name in dataset.class_names]
    if noise:
        handles.append(plt.Line2D([], [], color=style.NOISE, **dot))
        names.append("random features")
    handles.append(plt.Line2D([], [], mfc="w", mec="k", mew=0.8, **dot))
    names.append("corrupted")
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), handletextpad=0.1)


def draw(
    datasets: list[Dataset], table: pd.DataFrame, corruptions: list[str], alpha: float, seed: int,
    steps: list[tuple[str, str]],
):  # fmt: skip
    """The flow of the study above; below, one row per dataset and one column per corruption, the clean data first."""
    heights = [0.95] + [2.75 if dataset.image_shape else 3.1 for dataset in datasets]
    figure = plt.figure(figsize=(style.WIDTH, sum(heights)))
    top, *rows = figure.subfigures(len(heights), 1, height_ratios=heights)
    _flow(top, steps)
    top.text(0.008, 0.86, "a", weight="bold", size=9)
    for letter, dataset, row in zip("bcdefgh", datasets, rows):
        name = style.DATASETS.get(dataset.name, dataset.name)
        row.suptitle(f"{letter}   {name}", x=0.008, ha="left", weight="bold", size=8.5)
        here = table[table["dataset"] == dataset.name]
        columns = ["clean", *corruptions]
        for corruption, column in zip(columns, row.subfigures(1, len(columns))):
            _column(column, dataset, corruption, here[here["corruption"] == corruption], alpha, seed)
        _legend(row, dataset, "feature_randomization" in corruptions)
    return figure
