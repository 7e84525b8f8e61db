"""Fig. X "known": what every method regains, by what it is told of the poison."""

from __future__ import annotations

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import style
from qunlearn.plots.looks import Looks
from qunlearn.studies.known.telling import INNOCENT, ITSELF, KNOWN

#: Where what is no part of the poison stands on the axis of known fractions.
BEYOND = {INNOCENT: 1.25, ITSELF: 1.5}
RUN = ["model", "method", "told", "share", "seed"]
#: Half of the width over which marks of methods are spread.
SPREAD = 0.03


class Shown(NamedTuple):
    """What panels have in common."""

    methods: list[str]
    seeds: str
    looks: Looks


def draw(
    *,
    known: pd.DataFrame,
    datasets: list[str],
    models: list[str],
    methods: list[str],
    corruption: str,
    alpha: float,
    looks: Looks,
):
    """A row of panels per dataset, one per model, a line per method."""
    shown = Shown(methods, style.number_of_seeds(known), looks)
    size = style.WIDTH, 2.0 * len(datasets) + 0.6
    figure, grid = plt.subplots(
        len(datasets), len(models), figsize=size, squeeze=False, sharey="row"
    )
    letters = style.letters()
    chosen = style.select(known, corruption=corruption, alpha=alpha)
    for row, dataset in zip(grid, datasets):
        for axis, model in zip(row, models):
            _panel(axis, style.select(chosen, dataset=dataset, model=model), shown)
            axis.set_title(looks.model(model, models).title)
            style.panel_letter(axis, next(letters))
        row[0].set_ylabel(f"{looks.dataset(dataset)}, α = {alpha:g}\nvalidation accuracy")
    for axis in grid[-1]:
        axis.set_xlabel("known fraction of the poison")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    style.legend_of_means(figure, handles, labels, shown.seeds)
    return figure


def _panel(axis, here: pd.DataFrame, shown: Shown) -> None:
    axis.axhline(here["begun_val_accuracy"].mean(), color="0.4", ls=":", lw=0.9, label="poisoned")
    offsets = np.linspace(-SPREAD, SPREAD, len(shown.methods))
    for method, offset in zip(shown.methods, offsets):
        look = shown.looks.method(method)
        mine = style.select(here, method=method)
        parts = style.select(mine, told=KNOWN).groupby("share")["val_accuracy"]
        _marks(axis, parts.mean().index + offset, parts, look, ls=look.line, label=look.label)
        for told, place in BEYOND.items():
            rest = style.select(mine, told=told)
            rest = rest[rest["share"] == rest["share"].max()].groupby("told")["val_accuracy"]
            _marks(axis, [place + offset] * len(rest), rest, look, ls="")
    ticks = sorted(here.loc[here["told"] == KNOWN, "share"].unique())
    extra = here.loc[here["told"] == INNOCENT, "share"].max()
    words = {INNOCENT: f"1, and\n{extra:g} inno-\ncent", ITSELF: "as it\naccuses\nitself"}
    places = [place for told, place in BEYOND.items() if (here["told"] == told).any()]
    labels = [words[told] for told in BEYOND if (here["told"] == told).any()]
    axis.set_xticks([*ticks, *places], [*(f"{tick:g}" for tick in ticks), *labels], size=6)
    axis.axvline(1.125, color="0.85", lw=0.7, zorder=0)
    style.note_collapsed(axis, here, RUN)


def _marks(axis, places, groups, look, **line) -> None:
    """Means with one-sided standard deviations."""
    means = groups.mean()
    spread = [[style.one_sided_deviation(values, side) for _, values in groups] for side in (-1, 1)]
    axis.errorbar(
        places, means, spread, marker="o", ms=2.5, color=look.colour, elinewidth=0.6, **line
    )
