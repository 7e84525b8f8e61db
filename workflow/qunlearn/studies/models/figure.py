"""Fig. S "models": resilience of every comparison model beside the study's own models."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import panels as parts
from qunlearn.plots import style
from qunlearn.plots.looks import Looks

MARKS = ["o", "s", "^", "D", "v", "P", "X"]
RUN = ["model", "alpha", "seed"]


def draw(
    *,
    models: pd.DataFrame,
    datasets: list[str],
    corruptions: list[str],
    references: list[str],
    panels: dict[str, list[str]],
    looks: Looks,
):
    """One row of panels per dataset and corruption, one column per panel of models; the
    `references` are drawn in all of them."""
    rows = [(dataset, corruption) for dataset in datasets for corruption in corruptions]
    columns = panels or {"": []}
    size = style.WIDTH, 1.65 * len(rows) + 1.4
    figure, axes = plt.subplots(
        len(rows), len(columns), figsize=size, squeeze=False, sharex=True, sharey=True
    )
    letters = style.letters()
    for line, (dataset, corruption) in zip(axes, rows):
        here = style.select(models, dataset=dataset, corruption=corruption)
        for axis, members in zip(line, columns.values()):
            _panel(axis, here, references, members, looks)
            style.panel_letter(axis, next(letters))
        line[0].set_ylabel(f"{looks.dataset(dataset)}\n{looks.corruption(corruption)}")
    for axis, title in zip(axes[0], columns):
        axis.set_title(title)
    for axis in axes[-1]:
        axis.set(xlabel="corrupted fraction α", xticks=[0, 0.3, 0.6, 0.9])
        axis.legend(loc="upper left", bbox_to_anchor=(0, -0.34), borderaxespad=0)
    axes[0, 0].set(ylim=(-0.03, 1.05))
    seeds = style.number_of_seeds(models)
    figure.suptitle(f"validation accuracy, {style.MEANS}, n = {seeds}", size=7.5)
    return figure


def _panel(axis, here: pd.DataFrame, references: list[str], members: list[str], looks: Looks):
    """Curves of the references, thick and pale, and of the panel's own models."""
    for name in references:
        look = looks.model(name, references)
        _curve(
            axis,
            here,
            name,
            color=look.colour,
            label=look.label,
            lw=2.2,
            alpha=0.45,
        )
    for place, name in enumerate(members):
        look = looks.model(name, members)
        mark = MARKS[place % len(MARKS)]
        _curve(
            axis,
            here,
            name,
            color=look.colour,
            label=look.title,
            marker=mark,
            ms=2.8,
            lw=0.9,
        )
    parts.mark_coin(axis)
    style.note_collapsed(axis, here[here["model"].isin(members)], RUN, at="bottom left")


def _curve(axis, here: pd.DataFrame, name: str, **look) -> None:
    """Validation accuracy of one model against the corrupted fraction."""
    alphas = np.sort(here["alpha"].unique())
    runs = style.select(here, model=name)
    style.band(axis, alphas, runs, "val_accuracy", "alpha", **look)
