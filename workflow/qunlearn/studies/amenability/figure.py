"""Fig. X "amenability": contrasts of what a quantum and a classical model regain."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.experiment.telling import INNOCENT, ITSELF, KNOWN
from qunlearn.plots import style
from qunlearn.plots.looks import Looks
from qunlearn.studies.amenability.table import ALL, ALPHA, START

#: Colours of what is told that is no part of the poison, and the map of known fractions.
COLOURS = {INNOCENT: "#E69F00", ITSELF: "#009E73"}
FRACTIONS = plt.get_cmap("Blues")
#: How corrupted fractions are chosen -> displacement and face of the mark of the mean.
MATCHINGS = {START: (-0.15, "k"), ALPHA: (0.15, "white")}


def draw(
    *,
    amenability: pd.DataFrame,
    datasets: list[str],
    models: list[str],
    methods: list[str],
    confidence: float,
    looks: Looks,
):
    """A row of panels per dataset, one per pair of models, methods from top to bottom, a mark per
    telling."""
    pairs = list(amenability[["model", "rival"]].drop_duplicates().itertuples(index=False))
    size = style.WIDTH, (0.28 * len(methods) + 1.0) * len(datasets) + 0.5
    figure, grid = plt.subplots(
        len(datasets), len(pairs), figsize=size, squeeze=False, sharey=True, sharex=True
    )
    letters = style.letters()
    for row, dataset in zip(grid, datasets):
        for axis, (model, rival) in zip(row, pairs):
            here = style.select(amenability, dataset=dataset, model=model, rival=rival)
            _panel(axis, here, methods, looks)
            names = [looks.model(name, models).title for name in (model, rival)]
            axis.set_title(f"{looks.dataset(dataset)}: {names[0]} – {names[1]}")
            style.panel_letter(axis, next(letters))
    for axis in grid[-1]:
        axis.set_xlabel("difference of the validation accuracy regained")
    _legend(figure, amenability, confidence)
    return figure


def _panel(axis, here: pd.DataFrame, methods: list[str], looks: Looks) -> None:
    axis.axvline(0, color="0.4", lw=0.8, zorder=0)
    shown = style.select(here, corruption=ALL, matching=START)
    told = _tellings(here)
    offsets = np.linspace(-0.3, 0.3, len(told)) if len(told) > 1 else [0.0]
    for place, method in enumerate(methods):
        for (kind, share), offset in zip(told, offsets):
            for one in style.select(shown, method=method, told=kind, share=share).itertuples():
                ends = [[one.contrast - one.low], [one.high - one.contrast]]
                look = {"color": _colour(kind, share), "fmt": "o", "ms": 3, "elinewidth": 0.8}
                axis.errorbar(one.contrast, place + offset, xerr=ends, **look)
    _mean_of_all(axis, here, len(methods))
    names = [*(looks.method(name).label for name in methods), "mean of all"]
    axis.set_yticks(range(len(names)), names, size=7)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.axhline(len(methods) - 0.5, color="0.7", lw=0.6)
    axis.grid(axis="y", lw=0.3, color="0.9")
    axis.set_axisbelow(True)
    single = style.select(here[here["corruption"] != ALL], matching=START)
    if missing := int(single["contrast"].isna().sum()):
        style.note(axis, f"{missing} of {len(single)} without an equal start")


def _mean_of_all(axis, here: pd.DataFrame, place: float) -> None:
    """Means over methods, corruptions and tellings, by how corrupted fractions are chosen."""
    for matching, (offset, face) in MATCHINGS.items():
        [one] = style.select(here, method=ALL, matching=matching).itertuples()
        ends = [[one.contrast - one.low], [one.high - one.contrast]]
        axis.errorbar(
            one.contrast,
            place + offset,
            xerr=ends,
            fmt="D",
            color="k",
            mfc=face,
            ms=3.5,
            elinewidth=0.8,
        )


def _tellings(table: pd.DataFrame) -> list[tuple[str, float]]:
    """(told, share), known fractions first."""
    known = table[table["told"] != ALL][["told", "share"]].drop_duplicates()
    order = {KNOWN: 0, INNOCENT: 1, ITSELF: 2}
    return sorted(known.itertuples(index=False, name=None), key=lambda one: (order[one[0]], one[1]))


def _colour(kind: str, share: float):
    return FRACTIONS(0.25 + 0.7 * share) if kind == KNOWN else COLOURS[kind]


def _legend(figure, table: pd.DataFrame, confidence: float) -> None:
    words = {
        KNOWN: "known: {:g}",
        INNOCENT: "all, and {:g} innocent",
        ITSELF: "as it accuses itself",
    }
    seeds = table.loc[table["seeds"] > 0, "seeds"]
    handles = [
        plt.Line2D([], [], lw=0, label=f"mean and {confidence:.0%} interval, n = {seeds.min()}:")
    ]
    for kind, share in _tellings(table):
        look = {"marker": "o", "ls": "", "ms": 4, "color": _colour(kind, share)}
        handles.append(plt.Line2D([], [], label=words[kind].format(share), **look))
    for matching, name in {START: "all, equal start", ALPHA: "all, equal α"}.items():
        look = {"marker": "D", "ls": "", "ms": 4, "color": "k", "mfc": MATCHINGS[matching][1]}
        handles.append(plt.Line2D([], [], label=name, **look))
    figure.legend(handles=handles, loc="outside upper center", ncols=-(-len(handles) // 2))
