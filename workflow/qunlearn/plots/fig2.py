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
    looks = {0: ("o-", ["0.6", "0.45"]), 1: ("s-", ["0.3", "0.0"])}
    for cls, (marker, shades) in looks.items():
        members = np.flatnonzero(dataset.y_train == cls)
        for index, shade in zip(members[[len(members) // 3, -1]], shades):
            correlation = (-1.0) ** r * ((np.abs(states[index]) ** 2) @ (spins[:, :1] * spins[:, r]))
            axis.plot(r, correlation, marker, ms=2.5, lw=0.9, color=shade)
            text = f" Δ = {dataset.coordinate_train[index]:.2f}\n {dataset.class_names[cls]}"
            axis.annotate(text, (r[-1], correlation[-1]), va="center", size=6, color=shade, linespacing=0.9)
    axis.set(xlabel="distance r", ylabel=r"$(-1)^r\langle Z_0 Z_r\rangle$", xticks=r[::2], ylim=(-0.15, 1.05))
    axis.set_xlim(right=1.62 * r[-1])


def draw(datasets: list[Dataset], table: pd.DataFrame, models: list[str], corruptions: list[str]):
    """One row per dataset: examples, then a panel per corruption and model."""
    panels = [(corruption, model) for corruption in corruptions for model in models]
    figure = plt.figure(figsize=(style.WIDTH, 2.05 * len(datasets) + 0.2))
    rows = np.atleast_1d(figure.subfigures(len(datasets), 1))
    for i, (dataset, row) in enumerate(zip(datasets, rows)):
        left, right = row.subfigures(1, 2, width_ratios=[1.3, len(panels)], wspace=0.02)
        _examples(left, dataset)
        left.suptitle(f"{'abcdefgh'[i]}   {style.DATASETS.get(dataset.name, dataset.name)}", x=0.02, ha="left",
                      weight="bold", size=8.5)  # fmt: skip
        axes = right.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axis, (corruption, model) in zip(axes, panels):
            part = table[(table.dataset == dataset.name) & (table.model == model) & (table.corruption == corruption)]
            alphas = np.sort(part["alpha"].unique())
            for name, column, line in (("train", "train_accuracy", "-"), ("validation", "val_accuracy", "--")):
                style.band(axis, alphas, part, column, "alpha", ls=line, color=style.SETS[name], label=name)
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
        axes[-1].legend(loc="lower left", title=f"mean ± s.d., n = {runs}", title_fontsize=7, alignment="left")
    return figure
