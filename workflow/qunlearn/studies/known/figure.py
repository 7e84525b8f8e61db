"""Fig. X "known": what every method regains, by what it is told of the poison."""

from __future__ import annotations

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.experiment.telling import INNOCENT, ITSELF, KNOWN
from qunlearn.plots import style
from qunlearn.plots.looks import Looks

#: Where what is no part of the poison stands on the axis of known fractions.
BEYOND = {INNOCENT: 1.3, ITSELF: 1.7}
RUN = ["model", "method", "told", "share", "seed"]
#: Half of the width over which marks of methods are spread.
SPREAD = 0.03


#: Column of the table -> what its axis says.
WORDS = {
    "val_accuracy": "validation accuracy",
    "attack_success": "attack success",
}


class Shown(NamedTuple):
    """What panels have in common."""

    methods: list[str]
    seeds: str
    looks: Looks


def draw(
    *,
    known: pd.DataFrame,
    rows: list[tuple[str, str, str]],
    models: list[str],
    methods: list[str],
    alpha: float,
    looks: Looks,
):
    """A row of panels per (dataset, corruption, column) of `rows`, a column per model, a line per
    method."""
    shown = Shown(methods, style.number_of_seeds(known), looks)
    size = style.WIDTH, 1.75 * len(rows) + 0.6
    figure, grid = plt.subplots(len(rows), len(models), figsize=size, squeeze=False, sharey="row")
    letters = style.letters()
    for panels, (dataset, corruption, column) in zip(grid, rows):
        here = style.select(known, dataset=dataset, corruption=corruption, alpha=alpha)
        for axis, model in zip(panels, models):
            _panel(axis, style.select(here, model=model), column, shown)
            style.panel_letter(axis, next(letters))
        names = f"{looks.dataset(dataset)}, α = {alpha:g}\n{looks.corruption(corruption)}"
        panels[0].set_ylabel(f"{names}\n{WORDS[column]}", size=7)
    for axis, model in zip(grid[0], models):
        axis.set_title(looks.model(model, models).title)
    for axis in grid[-1]:
        axis.set_xlabel("known fraction of the poison")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    style.legend_of_means(figure, handles, labels, shown.seeds)
    return figure


def _panel(axis, here: pd.DataFrame, column: str, shown: Shown) -> None:
    begun = here[f"begun_{column}"].mean()
    axis.axhline(begun, color="0.4", ls=":", lw=0.9, label="poisoned")
    offsets = np.linspace(-SPREAD, SPREAD, len(shown.methods))
    for method, offset in zip(shown.methods, offsets):
        look = shown.looks.method(method)
        mine = style.select(here, method=method)
        parts = style.select(mine, told=KNOWN).groupby("share")[column]
        _marks(axis, parts.mean().index + offset, parts, look, ls=look.line, label=look.label)
        for told, place in BEYOND.items():
            rest = style.select(mine, told=told)
            rest = rest[rest["share"] == rest["share"].max()].groupby("told")[column]
            _marks(axis, [place + offset] * len(rest), rest, look, ls="")
    _ticks(axis, here)
    style.note_collapsed(axis, here, RUN)


def _ticks(axis, here: pd.DataFrame) -> None:
    """Known fractions, and beyond a line what else is told."""
    known = style.select(here, told=KNOWN)["share"].unique()
    ticks = {share: f"{share:g}" for share in sorted(known)}
    extra = style.select(here, told=INNOCENT)["share"].max()
    words = {INNOCENT: f"1, and {extra:g}\ninnocent", ITSELF: "accused\nby itself"}
    told = set(here["told"])
    for kind, place in BEYOND.items():
        if kind in told:
            ticks[place] = words[kind]
    axis.set_xticks(list(ticks), list(ticks.values()), size=6)
    axis.axvline(1.12, color="0.85", lw=0.7, zorder=0)


def _marks(axis, places, groups, look, **line) -> None:
    """Means with one-sided standard deviations."""
    means = groups.mean()
    spread = [[style.one_sided_deviation(values, side) for _, values in groups] for side in (-1, 1)]
    axis.errorbar(
        places, means, spread, marker="o", ms=2.5, color=look.colour, elinewidth=0.6, **line
    )
