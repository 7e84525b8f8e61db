"""Fig. X "forgotten": what every method leaves, between retrained and poisoned models, by every measure."""

from __future__ import annotations

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.grid.blocks import without_doubles
from qunlearn.plots import style
from qunlearn.plots.looks import Looks
from qunlearn.studies.forgotten.measures import on_scale

#: Rows from top to bottom, by what is measured: words, and how its values are written.
MEASURES = {
    "relearning": ("updates to relearn", "{:.0f}"),
    "agreement_retain": ("agreement, retain", "{:.2f}"),
    "agreement_forget": ("agreement, forget", "{:.2f}"),
    "agreement_validation": ("agreement, validation", "{:.2f}"),
    "distance_retain": ("|p − p′|, retain", "{:.2f}"),
    "distance_forget": ("|p − p′|, forget", "{:.2f}"),
    "distance_validation": ("|p − p′|, validation", "{:.2f}"),
    "log10_p": ("log₁₀ p, losses alike", "{:.1f}"),
    "epsilon": ("ε", "{:.2f}"),
    "noise": ("noise remembered", "{:.1f}"),
    "parameters": ("parameters", "{:.2f}"),
    "observable": ("observable O(θ)", "{:.2f}"),
}
#: Columns before those of the methods, by the column of the table: values, not on the common scale.
ANCHORS = {"retrained": 0.0, "poisoned": 1.0}
#: Most columns of all panels side by side.
COLUMNS = 24
#: A measure has a scale where it tells poisoned from retrained models in more than this share of seeds.
MOSTLY = 0.5
COLOURS = "RdBu_r"
UNTOLD = "0.88"
PART = ("dataset", "corruption", "alpha")
RUN = ["model", "method", "seed"]


class Shown(NamedTuple):
    """What all panels show, in order."""

    measures: list[str]
    methods: list[str]
    looks: Looks

    @property
    def columns(self) -> list[str]:
        return [*ANCHORS, *self.methods]


def draw(*, forgotten: pd.DataFrame, cases: list[tuple], methods: list[str], looks: Looks):
    """A part per dataset, corruption and fraction of `cases`, a panel per model: measures from top to
    bottom, methods from left to right."""
    parts = without_doubles((dataset, *rest) for dataset, _, *rest in cases)
    models = without_doubles(model for _, model, *_ in cases)
    present = set(forgotten["measure"])
    shown = Shown([name for name in MEASURES if name in present], methods, looks)
    most = max(1, COLUMNS // len(shown.columns))
    rows = style.rows_of_panels(len(models), most)
    height = rows * (0.155 * len(shown.measures) + 1.05) + 0.25
    figure = plt.figure(figsize=(style.WIDTH, height * len(parts) + 0.35))
    letters = style.letters()
    for row, part in zip(np.atleast_1d(figure.subfigures(len(parts), 1)), parts):
        here = style.select(forgotten, **dict(zip(PART, part)))
        grid = style.panel_grid(row, len(models), most, sharey=True)
        for axis, model in zip(grid.flat, models):
            mine = style.select(here, model=model)
            _panel(axis, mine, shown)
            axis.set_title(looks.model(model, models).title)
            style.panel_letter(axis, next(letters))
        row.suptitle(_title(part, here, looks), size=8)
    _legend(figure, forgotten)
    return figure


def _title(part: tuple, here: pd.DataFrame, looks: Looks) -> str:
    dataset, corruption, alpha = part
    words = f"{looks.dataset(dataset)}, {looks.corruption(corruption)}, α = {alpha:g}"
    if lost := style.collapsed_runs(here, RUN):
        words += f"; {lost} of {len(here[RUN].drop_duplicates())} runs hold failed models"
    return words


# -- a panel ---------------------------------------------------------------------------------------
def _panel(axis, mine: pd.DataFrame, shown: Shown) -> None:
    for y, measure in enumerate(shown.measures):
        rows = style.select(mine, measure=measure)
        is_told = len(rows) > 0 and rows["told"].mean() > MOSTLY
        if len(rows):
            _anchors(axis, y, measure, rows, is_told)
        for x, method in enumerate(shown.methods, start=len(ANCHORS)):
            means = style.select(rows, method=method)[["value", *ANCHORS]].mean()
            if len(rows):
                _cell(axis, x, y, on_scale(*means) if is_told else float("nan"))
    axis.axvline(len(ANCHORS) - 0.5, color="k", lw=0.8)
    words = [*ANCHORS, *(shown.looks.method(method).label for method in shown.methods)]
    axis.set_xticks(range(len(words)), words, size=6, rotation=90)
    labels = [MEASURES[measure][0] for measure in shown.measures]
    axis.set_yticks(range(len(labels)), labels, size=6.5)
    axis.tick_params(length=0)
    axis.set_xlim(-0.5, len(words) - 0.5)
    axis.set_ylim(len(labels) - 0.5, -0.5)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _anchors(axis, y: int, measure: str, rows: pd.DataFrame, is_told: bool) -> None:
    """What the measure is of retrained and of poisoned models, on their colours."""
    words = MEASURES[measure][1]
    for x, (name, place) in enumerate(ANCHORS.items()):
        _rectangle(axis, x, y, colour(place) if is_told else UNTOLD)
        text = words.format(rows[name].mean()).replace("-", "−")
        _text(axis, x, y, text, place if is_told else 0)


def _cell(axis, x: int, y: int, place: float) -> None:
    if not np.isfinite(place):
        _rectangle(axis, x, y, UNTOLD)
        _text(axis, x, y, "·", 0)
        return
    _rectangle(axis, x, y, colour(place))
    _text(axis, x, y, written(place), place)


def written(place: float) -> str:
    """Two digits, in as little space as can be."""
    digits = 2 if abs(place) < 9.95 else 0
    if 0.995 <= abs(place) < 9.95:
        digits = 1
    text = f"{place:.{digits}f}"
    return text.replace("-", "−") if float(text) else "0"


def colour(place: float):
    """Of a place on the scale, from −1 to 1."""
    return plt.get_cmap(COLOURS)((np.clip(place, -1, 1) + 1) / 2)


def _rectangle(axis, x: int, y: int, face) -> None:
    axis.add_patch(plt.Rectangle((x - 0.5, y - 0.5), 1, 1, fc=face, ec="white", lw=0.5))


def _text(axis, x: int, y: int, text: str, place: float) -> None:
    ink = "white" if abs(place) > 0.7 else "black"
    axis.text(x, y, text, ha="center", va="center", size=5.5, color=ink)


# -- legend ----------------------------------------------------------------------------------------
def _legend(figure, forgotten: pd.DataFrame) -> None:
    copies, sets = forgotten["copies"].max(), style.number_of_seeds(forgotten)
    faces = {
        "0: as retrained": colour(0),
        "1: as poisoned": colour(1),
        "−1: as far on the other side": colour(-1),
        "retrained and poisoned are not told apart": UNTOLD,
    }
    handles = [plt.Line2D([], [], lw=0, label=f"means of {copies} copies, n = {sets}:")]
    for words, face in faces.items():
        handles.append(plt.Rectangle((0, 0), 1, 1, fc=face, ec="0.6", lw=0.5, label=words))
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=len(handles),
        columnspacing=1.2,
        handlelength=1.2,
        handletextpad=0.4,
        fontsize=6.5,
    )
