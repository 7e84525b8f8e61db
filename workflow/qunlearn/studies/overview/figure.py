"""Fig. 1: the study as a flow, and what poison does to the data: examples and t-SNE maps, clean and
corrupted."""

from __future__ import annotations

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from qunlearn.parts.datasets import Dataset
from qunlearn.plots import style
from qunlearn.plots.examples import correlations, on_principal_plane
from qunlearn.plots.looks import Looks
from qunlearn.studies.overview.embed import TrainingSet, poisoned


# -- the flow ------------------------------------------------------------------------------------
def steps_of(data, corruptions, models, methods, looks: Looks) -> list[tuple[str, list[str]]]:
    """What the boxes say: a headline, and lines below it."""
    return [
        ("data", [looks.dataset(dataset.name) for dataset in data]),
        ("poison", [looks.corruption(name) for name in corruptions]),
        ("train", [looks.model(name).title for name in models]),
        ("unlearn", [looks.method(name).label for name in methods]),
        ("evaluate", ["accuracy on", "clean data,", "curvature of the loss"]),
    ]


def draw_flow(figure, steps: list[tuple[str, list[str]]]) -> None:
    """A row of boxes, joined by arrows."""
    axis = figure.subplots()
    axis.set(xlim=(0, len(steps)), ylim=(0, 1))
    axis.axis("off")
    for place, (head, lines) in enumerate(steps):
        _box(axis, place, head, lines)
        if place:
            _arrow(axis, place)


def _box(axis, place: int, head: str, lines: list[str]) -> None:
    corners = "round,pad=0,rounding_size=0.06"
    look = {"boxstyle": corners, "fc": "0.96", "ec": "0.3", "lw": 0.7}
    axis.add_patch(FancyBboxPatch((place + 0.08, 0.06), 0.8, 0.84, **look))
    centred = {"ha": "center", "va": "center"}
    middle = place + 0.48
    axis.text(middle, 0.76, head, weight="bold", size=7.5, **centred)
    axis.text(middle, 0.36, "\n".join(lines), size=6.5, linespacing=1.25, **centred)


def _arrow(axis, place: int) -> None:
    """From the box before to the one at a place."""
    start, end = (place - 0.11, 0.48), (place + 0.07, 0.48)
    look = {"arrowstyle": "-|>", "mutation_scale": 7, "lw": 0.8, "color": "0.3"}
    axis.add_patch(FancyArrowPatch(start, end, **look))


# -- training sets -------------------------------------------------------------------------------
class Shown(NamedTuple):
    """A training set to show: of a `dataset`, poisoned as `samples` are; `colours` (N,) of the
    labels trained on, grey where the features are replaced."""

    dataset: Dataset
    samples: TrainingSet
    colours: np.ndarray

    @classmethod
    def of(cls, dataset: Dataset, samples: TrainingSet) -> Shown:
        changed = samples.x != dataset.x_train
        replaced = changed.reshape(len(changed), -1).any(axis=1)
        labelled = np.array(style.CLASSES)[samples.labels]
        colours = np.where(replaced, style.NOISE, labelled)
        return cls(dataset, samples, colours)

    @property
    def replaced(self) -> np.ndarray:
        """(N,) samples with features that are not the clean ones."""
        return self.colours == style.NOISE


def chosen(dataset: Dataset, corrupted: np.ndarray) -> np.ndarray:
    """Samples to show: of either class two, one of them corrupted where some are; from the middle
    of the training set, where ground states are typical of their phase."""
    found = []
    for label in (0, 1):
        members = dataset.y_train == label
        if corrupted.any():
            groups = [np.flatnonzero(members & ~corrupted), np.flatnonzero(members & corrupted)]
        else:
            groups = np.array_split(np.flatnonzero(members), 2)
        found += [group[len(group) // 2] for group in groups if len(group)]
    return np.array(found)


def _images(figure, shown: Shown) -> None:
    """Images, each below the name of the class that it is labelled with."""
    dataset, samples = shown.dataset, shown.samples
    indices = chosen(dataset, samples.corrupted)
    axes = figure.subplots(1, len(indices), squeeze=False)[0]
    for axis, index in zip(axes, indices):
        image = dataset.image(samples.x[index])
        label = samples.labels[index]
        axis.imshow(image, cmap="gray_r")
        axis.set(xticks=[], yticks=[])
        axis.set_title(dataset.class_names[label], color=style.CLASSES[label], size=6.5, pad=2)
        rim = {"lw": 1.6, "color": "k"}
        if not samples.corrupted[index]:
            rim = {"lw": 0.4, "color": "0.7"}
        axis.spines[:].set(visible=True, **rim)


def _curves(figure, shown: Shown) -> None:
    """Correlations of spins along the chain."""
    axis = figure.subplots()
    samples = shown.samples
    indices = chosen(shown.dataset, samples.corrupted)
    for index, curve in zip(indices, correlations(samples.x[indices])):
        colour = shown.colours[index]
        dot = {"ms": 2, "mec": colour}
        if samples.corrupted[index]:
            dot = {"ms": 3, "mec": "k"}
        axis.plot(curve, color=colour, marker="o", lw=1, mew=0.6, **dot)
    distances = range(len(curve))
    axis.set(ylim=(-0.25, 1.1), xticks=distances, yticks=[0, 1])
    axis.set_xlabel("distance r", labelpad=1)
    words = r"$(-1)^r\langle Z_0Z_r\rangle$"
    axis.text(0.98, 0.95, words, transform=axis.transAxes, ha="right", va="top")


def _map(axis, shown: Shown, places: np.ndarray, name: str) -> None:
    """Every training sample at its place (N, 2) on the map `name`, corrupted ones with a rim."""
    style.scatter(axis, places, shown.colours, shown.samples.corrupted, size=5)
    axis.set(xticks=[], yticks=[], xlabel=f"{name} 1", ylabel=f"{name} 2")
    axis.margins(0.06)


def draw_column(figure, shown: Shown, title: str, places: np.ndarray, exhibits: str) -> None:
    """Examples above, as the dataset `exhibits` them, the t-SNE map below."""
    images = bool(shown.dataset.image_shape)
    top, bottom = figure.subfigures(2, 1, height_ratios=[0.75 if images else 1.1, 1.45])
    top.suptitle(title, size=7.5)
    if images:
        _images(top, shown)
    elif exhibits == "correlations":
        _curves(top, shown)
    else:
        plane = on_principal_plane(shown.samples.x, shown.dataset.x_train)
        _map(top.subplots(), shown, plane, "component")
    _map(bottom.subplots(), shown, places, "t-SNE")


def draw_row(figure, columns: list[tuple], exhibits: str, twin_features: list[str]) -> None:
    """A dataset's training sets side by side; `columns`: (shown, title, places on the map)."""
    parts = figure.subfigures(1, len(columns), squeeze=False)[0]
    for part, column in zip(parts, columns):
        draw_column(part, *column, exhibits)
    sets = [shown for shown, _, _ in columns]
    grey = ""
    if any(shown.replaced.any() for shown in sets):
        grey = " or ".join(twin_features) or "other features"
    _legend(figure, sets[0].dataset, grey)


def _title(corruption: str, alpha: float, corrupted: np.ndarray, looks: Looks) -> str:
    if corruption == "clean":
        return corruption
    words = looks.corruption(corruption)
    return f"{words}, α = {alpha:g} ({corrupted.sum()} of {len(corrupted)})"


def _legend(figure, dataset: Dataset, twin_features: str) -> None:
    """`twin_features`: what grey dots are; empty where there are none."""
    looks = [{"label": f"labelled {name}"} for name in dataset.class_names]
    for look, colour in zip(looks, style.CLASSES):
        look["color"] = colour
    if twin_features:
        looks.append({"label": twin_features, "color": style.NOISE})
    looks.append({"label": "corrupted", "mfc": "w", "mec": "k", "mew": 0.8})
    handles = [plt.Line2D([], [], ls="", marker="o", ms=3.5, **look) for look in looks]
    where = {"loc": "outside lower center", "ncols": len(handles)}
    figure.legend(handles=handles, handletextpad=0.1, **where)


def draw(
    *,
    embedding: pd.DataFrame,
    data: list[Dataset],
    corruptions: dict[str, dict | None],
    models: list[str],
    methods: list[str],
    alpha: float,
    seed: int,
    exhibits: dict[str, str],
    twin_features: list[str],
    looks: Looks,
):
    """The flow of the study above; below, one row per dataset and one column per corruption, the
    clean data first. `exhibits`: how a dataset's samples are shown, by its name; `twin_features`:
    words for features that replace clean ones; `corruptions`: their options by name."""
    heights = [0.95] + [2.75 if dataset.image_shape else 3.1 for dataset in data]
    figure = plt.figure(figsize=(style.WIDTH, sum(heights)))
    top, *rows = figure.subfigures(len(heights), 1, height_ratios=heights)
    letters = style.letters()
    draw_flow(top, steps_of(data, corruptions, models, methods, looks))
    top.text(0.008, 0.86, next(letters), weight="bold", size=9)
    for dataset, row in zip(data, rows):
        style.headline(row, next(letters), looks.dataset(dataset.name))
        here = style.select(embedding, dataset=dataset.name)
        columns = []
        for corruption in ["clean", *corruptions]:
            options = corruptions.get(corruption)
            shown = Shown.of(dataset, poisoned(dataset, corruption, alpha, seed, options))
            title = _title(corruption, alpha, shown.samples.corrupted, looks)
            places = style.select(here, corruption=corruption)[["x", "y"]]
            columns.append((shown, title, places.to_numpy()))
        draw_row(row, columns, exhibits.get(dataset.name, ""), twin_features)
    return figure
