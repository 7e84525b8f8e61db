"""Fig. X "detection": how well each model's suspicion ranks what is corrupted."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import style
from qunlearn.plots.looks import Looks

#: Score -> words under the axis.
SCORES = {
    "loss": "loss",
    "margin": "margin",
    "cross_validation": "cross-\nvalidated",
    "influence": "influence",
}
MARKS = ["o", "s", "^", "D", "v", "P", "X"]
RUN = ["model", "alpha", "seed"]


def draw(
    *,
    detection: pd.DataFrame,
    datasets: list[str],
    models: list[str],
    corruptions: list[str],
    looks: Looks,
):
    """A row of panels per dataset, one per corruption: areas under the ROC curve by score, a mark per
    model, filled at the largest corrupted fraction."""
    size = style.WIDTH, 2.2 * len(datasets) + 0.5
    figure, grid = plt.subplots(
        len(datasets), len(corruptions), figsize=size, squeeze=False, sharey=True
    )
    letters = style.letters()
    for row, dataset in zip(grid, datasets):
        for axis, corruption in zip(row, corruptions):
            here = style.select(detection, dataset=dataset, corruption=corruption)
            _panel(axis, here, models, looks)
            words = ", ".join(f"{alpha:g}" for alpha in sorted(detection["alpha"].unique()))
            axis.set_title(f"{looks.corruption(corruption)}, α = {words}")
            style.panel_letter(axis, next(letters))
        row[0].set_ylabel(f"{looks.dataset(dataset)}\narea under the ROC curve")
    _legend(figure, detection, models, looks)
    return figure


def _panel(axis, here: pd.DataFrame, models: list[str], looks: Looks) -> None:
    axis.axhline(0.5, color="0.6", lw=0.7, zorder=0)
    alphas = sorted(here["alpha"].unique())
    steps = np.linspace(-0.3, 0.3, len(models) * len(alphas))
    for place, score in enumerate(SCORES):
        offsets = iter(steps)
        for number, model in enumerate(models):
            look = {"fmt": MARKS[number % len(MARKS)], "color": looks.model(model, models).colour}
            for alpha in alphas:
                offset = next(offsets)
                runs = style.select(here, model=model, score=score, alpha=alpha)["auroc"]
                if not len(runs):
                    continue
                spread = [[style.one_sided_deviation(runs, side)] for side in (-1, 1)]
                face = look["color"] if alpha == alphas[-1] else "white"
                axis.errorbar(
                    place + offset, runs.mean(), spread, ms=3.5, mfc=face, elinewidth=0.7, **look
                )
    axis.set_xticks(range(len(SCORES)), SCORES.values(), size=6)
    axis.set(xlim=(-0.5, len(SCORES) - 0.5))
    axis.set_ylim(min(0.45, here["auroc"].min() - 0.02), 1.03)
    style.note_collapsed(axis, here, RUN)


def _legend(figure, detection: pd.DataFrame, models: list[str], looks: Looks) -> None:
    alphas = sorted(detection["alpha"].unique())
    handles = []
    for number, model in enumerate(models):
        mine = looks.model(model, models)
        look = {"ls": "", "marker": MARKS[number % len(MARKS)], "ms": 4, "color": mine.colour}
        handles.append(plt.Line2D([], [], label=mine.title, **look))
    for alpha in alphas if len(alphas) > 1 else ():
        face = "0.3" if alpha == alphas[-1] else "white"
        look = {"ls": "", "marker": "o", "ms": 4, "color": "0.3", "mfc": face}
        handles.append(plt.Line2D([], [], label=f"α = {alpha:g}", **look))
    seeds = style.number_of_seeds(detection)
    style.legend_of_means(figure, handles, [one.get_label() for one in handles], seeds)
