"""Fig. 2: resilience. Decision functions of a task in the plane; then per dataset examples, and training and
validation accuracy against the corrupted fraction."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap

from ..data import Dataset
from . import style
from .examples import correlations

#: From class 0 to class 1, pale enough for points to stand out.
DECISION = LinearSegmentedColormap.from_list("decision", ["#8FBFDD", "#FFFFFF", "#F2B48F"])


def _headline(figure, letter: str, text: str) -> None:
    figure.suptitle(f"{letter}   {text}", x=0.02, ha="left", weight="bold", size=8.5)


def _examples(figure, dataset: Dataset) -> None:
    """Six images, or the spin correlations of six ground states along the chain."""
    axes = figure.subplots(2, 3) if dataset.image_shape else [figure.subplots()]
    if dataset.image_shape:
        for cls, row in enumerate(axes):
            chosen = np.flatnonzero(dataset.y_train == cls)[: len(row)]
            for axis, index in zip(row, chosen):
                axis.imshow(dataset.x_train[index].reshape(dataset.image_shape), cmap="gray_r")
                axis.set(xticks=[], yticks=[])
                axis.spines[:].set_visible(False)
            row[1].set_title(f"class {cls}: {dataset.class_names[cls]}")
    else:
        _correlations(axes[0], dataset)


def _correlations(axis, dataset: Dataset) -> None:
    """(-1)^r <Z_0 Z_r> of four ground states, two of each phase: what tells the phases apart."""
    looks = {0: ("o-", ["0.6", "0.45"]), 1: ("s-", ["0.3", "0.0"])}
    for cls, (marker, shades) in looks.items():
        members = np.flatnonzero(dataset.y_train == cls)
        for index, shade in zip(members[[len(members) // 3, -1]], shades):
            correlation = correlations(dataset.x_train[index : index + 1])[0]
            r = np.arange(len(correlation))
            axis.plot(r, correlation, marker, ms=2.5, lw=0.9, color=shade)
            text = f" Δ = {dataset.coordinate_train[index]:.2f}\n {dataset.class_names[cls]}"
            axis.annotate(text, (r[-1], correlation[-1]), va="center", size=6, color=shade, linespacing=0.9)
    axis.set(xlabel="distance r", ylabel=r"$(-1)^r\langle Z_0 Z_r\rangle$", xticks=r[::2], ylim=(-0.15, 1.05))
    axis.set_xlim(right=1.62 * r[-1])


def _published(axis, runs: pd.DataFrame) -> None:
    """The authors' means as hollow markers; nothing where they have no runs."""
    for name, column, marker in (("train", "train_accuracy", "o"), ("validation", "val_accuracy", "s")):
        means = runs.groupby("alpha")[column].mean()
        axis.plot(means.index, means, marker, ms=3, mfc="white", mec=style.SETS[name], mew=0.8)


def _points(axis, train: pd.DataFrame) -> None:
    """Training points in the colour of the label trained on; flipped ones larger, with a rim."""
    for flipped, look in ((False, {"s": 5, "lw": 0.2, "ec": "w"}), (True, {"s": 15, "lw": 0.7, "ec": "k"})):
        part = train[train["flipped"] == flipped]
        axis.scatter(part["u"], part["v"], c=[style.CLASSES[int(label)] for label in part["label"]], **look)


def _toy(figure, table: pd.DataFrame, architectures: dict) -> None:
    """The points that both models train on, then p of class 1 as each model has learnt it."""
    axes = figure.subplots(1, 1 + len(architectures), sharey=True)
    line = table[table["set"] == "boundary"]
    first = table[(table["set"] == "train") & (table["model"] == next(iter(architectures)))]
    _points(axes[0], first)
    axes[0].set_title(f"training points, {int(first['flipped'].sum())} of {len(first)}\nlabels flipped (rims)")
    axes[0].set_ylabel("v")
    for axis, (name, options) in zip(axes[1:], architectures.items()):
        own = table[table["model"] == name]
        p = own[own["set"] == "grid"].pivot(index="v", columns="u", values="p")
        filled = axis.contourf(p.columns, p.index, p, np.linspace(0, 1, 11), cmap=DECISION)
        axis.contour(p.columns, p.index, p, [0.5], colors="k", linewidths=0.8)
        train = own[own["set"] == "train"]
        _points(axis, train)
        right = {
            part: np.mean((rows["p"] > 0.5) == (rows["label"] == 1))
            for part, rows in own[own["set"] != "grid"].groupby("set")
        }
        scores = f"train {right['train']:.2f}, validation {right['validation']:.2f}"
        axis.set_title(f"{style.model_label(name, options)}\n{scores}")
    for axis in axes:
        axis.plot(line["u"], line["v"], "k--", lw=1)
        axis.set(xlabel="u", xlim=(-1, 1), ylim=(-1, 1), xticks=[-1, 0, 1], yticks=[-1, 0, 1], aspect="equal")
    figure.colorbar(filled, ax=axes, label="p of class 1", ticks=[0, 0.5, 1], aspect=25)


def draw(
    datasets: list[Dataset],
    table: pd.DataFrame,
    toy: pd.DataFrame,
    models: list[str],
    corruptions: list[str],
    toy_architectures: dict,
    published: pd.DataFrame | None = None,
):
    """The task in the plane; then one row per dataset: examples, and a panel per corruption and model, with
    the authors' `published` runs if given."""
    panels = [(corruption, model) for corruption in corruptions for model in models]
    heights = [2.35] + [2.1] * len(datasets)
    figure = plt.figure(figsize=(style.WIDTH, sum(heights)))
    top, *rows = figure.subfigures(len(heights), 1, height_ratios=heights)
    _toy(top, toy, toy_architectures)
    _headline(top, "a", "A task in the plane")
    for i, (dataset, row) in enumerate(zip(datasets, rows)):
        left, right = row.subfigures(1, 2, width_ratios=[1.3, len(panels)], wspace=0.02)
        _examples(left, dataset)
        _headline(left, "bcdefgh"[i], style.DATASETS.get(dataset.name, dataset.name))
        axes = right.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axis, (corruption, model) in zip(axes, panels):
            part = table[(table.dataset == dataset.name) & (table.model == model) & (table.corruption == corruption)]
            alphas = np.sort(part["alpha"].unique())
            for name, column, line in (("train", "train_accuracy", "-"), ("validation", "val_accuracy", "--")):
                style.band(axis, alphas, part, column, "alpha", ls=line, color=style.SETS[name], label=name)
            if published is not None:
                key = (published.dataset == dataset.name) & (published.model == model)
                _published(axis, published[key & (published.corruption == corruption)])
            axis.axhline(0.5, color="0.8", lw=0.6, zorder=0)
            axis.set(ylim=(-0.03, 1.05), xlim=(-0.03, max(0.93, alphas.max() + 0.03)))
            axis.set(xlabel="corrupted fraction α", xticks=[0, 0.3, 0.6, 0.9])
            title = f"{style.model_label(model)}\n{style.WORDS.get(corruption, corruption)}"
            axis.set_title(title, size=7.2, linespacing=1.1)
            collapsed = style.collapsed_runs(part, ["alpha", "seed"])
            if collapsed:
                style.note(axis, f"{collapsed} of {len(part)} runs collapsed")
        axes[0].set_ylabel("accuracy")
        runs = table.loc[table.dataset == dataset.name, "seed"].nunique()
        if published is not None and dataset.name in set(published.dataset):
            axes[-1].plot([], [], "o", ms=3, mfc="white", mec="0.3", mew=0.8, label="published")
        axes[-1].legend(loc="lower left", title=f"mean ± s.d., n = {runs}", title_fontsize=7, alignment="left")
    return figure
