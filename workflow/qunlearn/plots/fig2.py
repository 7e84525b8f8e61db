"""Fig. 2: resilience. Example data, then training and validation accuracy against the corrupted fraction."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ..data import Dataset
from . import style


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
    states = dataset.x_train
    length = states.shape[1].bit_length() - 1
    bits = (np.arange(states.shape[1])[:, None] >> np.arange(length)[::-1]) & 1
    spins = 1 - 2 * bits
    r = np.arange(length // 2 + 1)
    shades = {0: ["#56B4E9", "#0072B2"], 1: ["#E69F00", "#D55E00"]}
    for cls in (0, 1):
        members = np.flatnonzero(dataset.y_train == cls)
        for index, colour in zip(members[[len(members) // 3, -1]], shades[cls]):
            correlation = (np.abs(states[index]) ** 2) @ (spins[:, :1] * spins[:, r])
            label = f"Δ = {dataset.coordinate_train[index]:.2f} ({dataset.class_names[cls]})"
            axis.plot(r, (-1.0) ** r * correlation, "o-", ms=2.5, color=colour, label=label)
    axis.axhline(0, color="0.8", lw=0.6, zorder=0)
    axis.set(xlabel="distance r", ylabel=r"$(-1)^r\langle Z_0 Z_r\rangle$", xticks=r)
    axis.legend(loc="upper right", handlelength=1.2, labelspacing=0.25)


def draw(datasets: list[Dataset], table: pd.DataFrame, models: list[str], corruptions: list[str]):
    """One row per dataset: examples, then a panel per corruption and model."""
    panels = [(corruption, model) for corruption in corruptions for model in models]
    figure = plt.figure(figsize=(style.WIDTH, 1.95 * len(datasets) + 0.35))
    rows = np.atleast_1d(figure.subfigures(len(datasets), 1))
    seeds = table["seed"].nunique()
    for i, (dataset, row) in enumerate(zip(datasets, rows)):
        left, right = row.subfigures(1, 2, width_ratios=[1.15, len(panels)], wspace=0.02)
        _examples(left, dataset)
        title = style.DATASETS.get(dataset.name, dataset.name)
        row.suptitle(f"{'abcdefgh'[i]}   {title}", x=0.005, ha="left", weight="bold", size=8.5)
        axes = right.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axis, (corruption, model) in zip(axes, panels):
            part = table[
                (table.dataset == dataset.name) & (table.model == model) & (table.corruption == corruption)
            ]
            alphas = np.sort(part["alpha"].unique())
            for name, column, line in (("train", "train_accuracy", "-"), ("validation", "val_accuracy", "--")):
                style.band(axis, alphas, part, column, "alpha", ls=line, color=style.SETS[name], label=name)
            axis.axhline(0.5, color="0.8", lw=0.6, zorder=0)
            axis.set(ylim=(-0.03, 1.05), xlim=(-0.03, max(0.93, alphas.max() + 0.03)), xlabel="corrupted fraction α")
            axis.set_title(f"{style.model_label(model)}, {style.WORDS.get(corruption, corruption)}", size=7.2)
            collapsed = style.collapsed_runs(part, ["alpha", "seed"])
            if collapsed:
                style.note(axis, f"{collapsed} of {len(part)} runs collapsed")
        axes[0].set_ylabel("accuracy")
        axes[0].legend(loc="lower left", title=f"mean ± s.d., n = {seeds}", title_fontsize=6.5)
    return figure
