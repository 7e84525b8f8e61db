"""Fig. 2: resilience. Decision functions of a task in the plane; then per dataset examples, and
training and validation accuracy against the corrupted fraction."""

from __future__ import annotations

from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap

from qunlearn.parts.datasets import Dataset
from qunlearn.plots import style
from qunlearn.plots.examples import correlations, on_principal_plane
from qunlearn.plots.looks import Looks
from qunlearn.plots.panels import mark_coin, of_others

#: From class 0 to class 1, pale enough for points to stand out.
DECISION = LinearSegmentedColormap.from_list("decision", ["#8FBFDD", "#FFFFFF", "#F2B48F"])
#: Set -> (column of its accuracy, line, marker of published means).
ACCURACIES = {"train": ("train_accuracy", "-", "o"), "validation": ("val_accuracy", "--", "s")}
#: Most panels of accuracies side by side.
MOST = 4


# -- the task in the plane -----------------------------------------------------------------------
def draw_toy(figure, table: pd.DataFrame, networks: dict[str, str]) -> None:
    """The points that all networks train on, then p of class 1 as each has learnt it; `networks`:
    their titles."""
    first, *others = figure.subplots(1, 1 + len(networks), sharey=True)
    name = next(iter(networks))
    train = style.select(table, set="train", model=name)
    words = f"training points, {train['flipped'].sum()} of {len(train)}"
    first.set_title(f"{words}\nlabels flipped (rims)")
    first.set_ylabel("v")
    _points(first, train)
    for axis, (name, title) in zip(others, networks.items()):
        own = style.select(table, model=name)
        filled = _decision(axis, own)
        axis.set_title(f"{title}\n{_scores(own)}")
    for axis in (first, *others):
        _plane(axis, style.select(table, set="boundary"))
    look = {"label": "p of class 1", "ticks": [0, 0.5, 1], "aspect": 25}
    figure.colorbar(filled, ax=[first, *others], **look)


def _plane(axis, boundary: pd.DataFrame) -> None:
    """The square, and the true boundary between the classes."""
    axis.plot(boundary["u"], boundary["v"], "k--", lw=1)
    for name in ("x", "y"):
        axis.set(**{f"{name}lim": (-1, 1), f"{name}ticks": [-1, 0, 1]})
    axis.set(xlabel="u", aspect="equal")


def _points(axis, train: pd.DataFrame) -> None:
    """Training points in the colour of the label trained on; flipped ones larger, with a rim."""
    colours = np.array(style.CLASSES)[train["label"].astype(int)]
    flipped = train["flipped"].astype(bool)
    style.scatter(axis, train[["u", "v"]], colours, flipped, size=6)


def _decision(axis, own: pd.DataFrame):
    """Filled contours of p, a line where it is one half, and the training points."""
    grid = style.select(own, set="grid")
    p = grid.pivot(index="v", columns="u", values="p")
    levels = np.linspace(0, 1, 11)
    filled = axis.contourf(p.columns, p.index, p, levels, cmap=DECISION)
    axis.contour(p.columns, p.index, p, [0.5], colors="k", linewidths=0.8)
    _points(axis, style.select(own, set="train"))
    return filled


def _scores(own: pd.DataFrame) -> str:
    """Accuracies on training points, against the labels trained on, and on validation points."""
    words = []
    for part in ("train", "validation"):
        rows = style.select(own, set=part)
        right = (rows["p"] > 0.5) == (rows["label"] == 1)
        words.append(f"{part} {np.mean(right):.2f}")
    return ", ".join(words)


# -- examples ------------------------------------------------------------------------------------
def draw_examples(figure, dataset: Dataset, exhibits: str) -> None:
    """Samples of both classes, as the dataset `exhibits` them."""
    if dataset.image_shape:
        _images(figure, dataset)
    elif exhibits == "correlations":
        _correlations(figure.subplots(), dataset)
    else:
        _components(figure.subplots(), dataset)


def _images(figure, dataset: Dataset) -> None:
    """Three images of either class."""
    for label, row in enumerate(figure.subplots(2, 3)):
        members = np.flatnonzero(dataset.y_train == label)
        for axis in row:
            axis.axis("off")
        for axis, index in zip(row, members):
            image = dataset.image(dataset.x_train[index])
            axis.imshow(image, cmap="gray_r")
        row[1].set_title(f"class {label}: {dataset.class_names[label]}")


def _correlations(axis, dataset: Dataset) -> None:
    """(-1)^r <Z_0 Z_r> of four ground states, two of each phase: what tells the phases apart."""
    looks = {0: ("o-", ["0.6", "0.45"]), 1: ("s-", ["0.3", "0.0"])}
    for label, (marker, shades) in looks.items():
        members = np.flatnonzero(dataset.y_train == label)
        typical = [members[len(members) // 3], members[-1]]
        curves = correlations(dataset.x_train[typical])  # (2, L/2 + 1)
        last = curves.shape[1] - 1
        for index, shade, curve in zip(typical, shades, curves):
            axis.plot(curve, marker, ms=2.5, lw=0.9, color=shade)
            delta = dataset.coordinate_train[index]
            words = f" Δ = {delta:.2f}\n {dataset.class_names[label]}"
            look = {"va": "center", "size": 6, "color": shade, "linespacing": 0.9}
            axis.annotate(words, (last, curve[-1]), **look)
    axis.set(xlabel="distance r", ylabel=r"$(-1)^r\langle Z_0 Z_r\rangle$")
    axis.set(xticks=range(0, last + 1, 2), ylim=(-0.15, 1.05))
    axis.set_xlim(right=1.62 * last)  # room for the words


def _components(axis, dataset: Dataset) -> None:
    """The training set along its first two principal components."""
    places = on_principal_plane(dataset.x_train, dataset.x_train)
    dot = {"ls": "", "marker": "o", "ms": 2, "mew": 0}
    for label, colour in enumerate(style.CLASSES):
        x, y = places[dataset.y_train == label].T
        axis.plot(x, y, color=colour, label=dataset.class_names[label], **dot)
    axis.set(xticks=[], yticks=[], xlabel="component 1", ylabel="component 2")
    axis.legend(loc="lower left", bbox_to_anchor=(0, 1), handletextpad=0, borderpad=0)


# -- accuracies ----------------------------------------------------------------------------------
def draw_accuracies(axis, part: pd.DataFrame, published: pd.DataFrame) -> None:
    """One model under one corruption; the authors' means as hollow markers, where they have runs."""
    alphas = np.sort(part["alpha"].unique())
    for name, (column, line, marker) in ACCURACIES.items():
        colour = style.SETS[name]
        style.band(axis, alphas, part, column, "alpha", ls=line, color=colour, label=name)
        means = published.groupby("alpha")[column].mean()
        axis.plot(means.index, means, marker, ms=3, mfc="white", mec=colour, mew=0.8)
    mark_coin(axis)
    right = max(0.93, alphas.max(initial=0) + 0.03)
    axis.set(xlim=(-0.03, right), ylim=(-0.03, 1.05))
    axis.set(xlabel="corrupted fraction α", xticks=[0, 0.3, 0.6, 0.9])
    style.note_collapsed(axis, part, ["alpha", "seed"], at="bottom left")


def draw_row(
    axes: list, resilience: pd.DataFrame, published: pd.DataFrame, panels: list, looks: Looks
) -> None:
    """A dataset's accuracies, one panel per (corruption, model); tables hold its rows alone."""
    for axis, (corruption, model) in zip(axes, panels):
        names = {"corruption": corruption, "model": model}
        runs = of_others(published, **names)
        ours = style.select(resilience, **names)
        draw_accuracies(axis, ours, runs)
        counted = style.seeds_beside(ours, resilience)
        words = f"{looks.model(model).label}{counted}\n{looks.corruption(corruption)}"
        axis.set_title(words, size=7.2, linespacing=1.1)
    last = axes[len(panels) - 1]
    if len(published):
        last.plot([], [], "o", ms=3, mfc="white", mec="0.3", mew=0.8, label="published")
    seeds = style.number_of_seeds(resilience)
    look = {"title_fontsize": 7, "alignment": "left", "bbox_to_anchor": (0, 0.04)}
    last.legend(loc="lower left", title=f"{style.MEANS},\nn = {seeds}", **look)


def draw(
    *,
    resilience: pd.DataFrame,
    toy: pd.DataFrame,
    data: list[Dataset],
    models: list[str],
    corruptions: list[str],
    networks: dict[str, str],
    exhibits: dict[str, str],
    looks: Looks,
    published: pd.DataFrame | None = None,
):
    """The task in the plane; then one row per dataset: examples, and a panel per corruption and
    model, with the authors' `published` runs if given. `networks`: titles of those that learn the
    task; `exhibits`: how a dataset's samples are shown, by its name."""
    if published is None:
        published = resilience[:0]
    panels = list(product(corruptions, models))
    height = 2.1 * style.rows_of_panels(len(panels), MOST)
    heights = [2.35] + [height] * len(data)
    figure = plt.figure(figsize=(style.WIDTH, sum(heights)))
    top, *rows = figure.subfigures(len(heights), 1, height_ratios=heights)
    letters = style.letters()
    draw_toy(top, toy, networks)
    style.headline(top, next(letters), "A task in the plane")
    widths = [1.3, min(len(panels), MOST)]
    for dataset, row in zip(data, rows):
        name = dataset.name
        left, right = row.subfigures(1, 2, width_ratios=widths, wspace=0.02)
        draw_examples(left, dataset, exhibits.get(name, ""))
        style.headline(left, next(letters), looks.dataset(name))
        grid = style.panel_grid(right, len(panels), MOST, sharey=True)
        runs = [style.select(table, dataset=name) for table in (resilience, published)]
        draw_row(grid.flat, *runs, panels, looks)
        for line in grid:
            line[0].set_ylabel("accuracy")
    return figure
