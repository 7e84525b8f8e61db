"""Fig. X "membership": is an unlearned model told from models that never saw the forget set?"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.grid.blocks import without_doubles
from qunlearn.plots import style
from qunlearn.plots.looks import Look, Looks

PANELS = {
    "auc_loss": "AUC, loss",
    "auc_likelihood_ratio": "AUC, likelihood ratio",
    "z_score": "z-score, forget set",
    "distance_forget": "distance, forget set",
}
COLUMNS = {
    "auc_loss": "AUC, loss",
    "auc_confidence": "AUC, confidence",
    "auc_likelihood_ratio": "AUC, likelihood ratio",
    "z_score": "z-score",
    "distance_forget": "distance, forget",
    "distance_validation": "distance, validation",
}
#: By the kind of retrain that a model is compared with: its marks, and the retrains' range.
FACES = {"training": {}, "unlearning": {"mfc": "white"}}
BANDS = {
    "training": {"fc": "0.82", "lw": 0},
    "unlearning": {"fill": False, "ec": "0.35", "lw": 0.6, "ls": "--"},
}
#: Ticks of a z-score, by their words.
Z_TICKS = {"−1000": -1000, "−100": -100, "−10": -10, "0": 0, "10": 10, "100": 100}
SCHEDULES = {"training": "trained in full", "unlearning": "trained for the unlearning steps"}
#: Models before unlearning, in place of a method.
POISONED = "poisoned"
RUN = ["model", "method", "seed"]
PART = ("dataset", "corruption", "alpha")


class Shown(NamedTuple):
    """What every part of the figure shows, in order; `methods` by name, with the poisoned models
    first."""

    models: list[str]
    methods: dict[str, Look]
    schedules: list[str]
    looks: Looks


def draw(
    *,
    membership: pd.DataFrame,
    cases: list[tuple],
    methods: list[str],
    schedules: list[str],
    looks: Looks,
):
    """A part per dataset, corruption and fraction of `cases`: four measures of every model, and for
    all measures how many seeds are within the retrains' range. `schedules`: how the retrains were
    trained."""
    parts = without_doubles((dataset, *rest) for dataset, _, *rest in cases)
    shown = Shown(
        models=without_doubles(model for _, model, *_ in cases),
        methods=_method_looks(methods, looks),
        schedules=schedules,
        looks=looks,
    )
    figure = plt.figure(figsize=(style.WIDTH, 3.5 * len(parts) + 0.45))
    letters = style.letters()
    rows = figure.subfigures(len(parts), 1)
    for row, part in zip(np.atleast_1d(rows), parts):
        here = style.select(membership, **dict(zip(PART, part)))
        for axis in _part(row, here, shown):
            style.panel_letter(axis, next(letters))
        row.suptitle(_title_of_part(part, looks) + _lost(here), size=8)
    _legend(figure, shown)
    return figure


def _title_of_part(part: tuple, looks: Looks) -> str:
    dataset, corruption, alpha = part
    return f"{looks.dataset(dataset)}, {looks.corruption(corruption)}, α = {alpha:g}"


def _method_looks(methods: list[str], looks: Looks) -> dict[str, Look]:
    found = {POISONED: Look(POISONED, POISONED, style.NOISE)}
    for method in methods:
        found[method] = looks.method(method)
    return found


def _part(row, here: pd.DataFrame, shown: Shown) -> list:
    """The panels of a dataset; returns their axes."""
    left, right = row.subfigures(1, 2, width_ratios=[1.6, 1])
    measured = list(left.subplots(2, 2).flat)
    verdicts = right.subplots()
    names = [_title(model, shown) for model in shown.models]
    broken = [name.replace(" ", "\n", 1) for name in names]
    for axis, measure in zip(measured, PANELS):
        part = style.select(here, measure=measure)
        _panel(axis, part, shown)
        _scale(axis, measure, part)
        axis.set_xticks(range(len(names)), broken)
        axis.set_title(PANELS[measure])
    _verdicts(verdicts, here, shown)
    return [*measured, verdicts]


def _title(model: str, shown: Shown) -> str:
    return shown.looks.model(model, shown.models).title


def _lost(here: pd.DataFrame) -> str:
    """How many runs and retrains collapsed, if any did."""
    words = ""
    if here["collapsed"].any():
        runs = here[RUN].drop_duplicates()
        words += f"; {style.collapsed_runs(here, RUN)} of {len(runs)} runs collapsed"
    retrains = here.drop_duplicates(["model", "seed", "reference"])
    dead, all_of_them = retrains["collapsed_retrains"].sum(), retrains["retrains"].sum()
    if dead:
        words += f"; {dead} of {all_of_them} retrains collapsed"
    return words


# -- values ----------------------------------------------------------------------------------------
def _panel(axis, here: pd.DataFrame, shown: Shown) -> None:
    """Per model the range of its retrains (bands, mean over seeds), and every method's mean with
    its smallest and largest value over seeds."""
    middle = (len(shown.schedules) - 1) / 2
    for place, model in enumerate(shown.models):
        for number, schedule in enumerate(shown.schedules):
            part = style.select(here, model=model, reference=schedule)
            _band(axis, place, part, schedule)
            # the marks of several kinds of retrain stand side by side
            aside = 0.4 * (number - middle)
            _marks(axis, place, aside, part, schedule, shown.methods)
    right = len(shown.models) - 0.5
    axis.set_xlim(-0.5, right)


def _band(axis, place: int, part: pd.DataFrame, schedule: str) -> None:
    low, high = part[["low", "high"]].mean()
    corner = place - 0.46, low
    height = high - low
    look = BANDS[schedule]
    box = plt.Rectangle(corner, 0.92, height, zorder=0, **look)
    axis.add_patch(box)


def _marks(axis, place, aside, part, schedule: str, methods: dict[str, Look]) -> None:
    """A dot per method at the mean, and a line between the extremes over seeds."""
    width = 0.84 / len(methods)
    middle = (len(methods) - 1) / 2
    face = {"ms": 2.6, "mew": 0.7, **FACES[schedule]}
    for number, (method, look) in enumerate(methods.items()):
        values = style.select(part, method=method)["value"]
        low, mean, high = values.min(), values.mean(), values.max()
        x = place + width * (number - middle + aside)
        axis.plot([x, x], [low, high], color=look.colour, lw=0.7)
        axis.plot(x, mean, "o", color=look.colour, **face)


def _scale(axis, measure: str, part: pd.DataFrame) -> None:
    """The vertical axis of a measure."""
    if measure == "z_score":
        axis.set_yscale("symlog", linthresh=5)
        axis.set_yticks(list(Z_TICKS.values()), list(Z_TICKS))
    elif measure.startswith("distance"):
        least = np.nanmin(part[["low", "value"]])
        axis.set_yscale("log")
        axis.set_ylim(max(1e-5, 0.5 * least), 1.5)
    else:
        axis.axhline(0.5, color="0.2", ls=":", lw=0.8)


# -- verdicts --------------------------------------------------------------------------------------
def _verdicts(axis, here: pd.DataFrame, shown: Shown) -> None:
    """Per model and method (rows), measure and kind of retrain (columns): seeds whose value is
    within the range."""
    rows = list(product(shown.models, shown.methods))
    columns = list(product(COLUMNS, shown.schedules))
    counts = here.groupby(["model", "method", "measure", "reference"])["within"].sum()
    counts = counts.unstack(["measure", "reference"])
    grid = counts.loc[rows, columns].to_numpy()
    seeds = here["seed"].nunique()
    axis.imshow(grid, cmap="Greens", vmin=0, vmax=1.4 * seeds, aspect="auto")
    words = {"ha": "center", "va": "center", "size": 5.5}
    for (y, x), count in np.ndenumerate(grid):
        axis.text(x, y, count, color="0.1" if count else "0.6", **words)
    _name_rows(axis, shown)
    _name_columns(axis, shown.schedules)
    bottom, right = len(rows) - 0.5, len(columns) - 0.5
    axis.set(ylim=(bottom, -0.5), xlim=(-0.5, right))
    what = f"seeds of {seeds} within the retrains' 95 % range"
    axis.set_xlabel(what, size=6.5, labelpad=10)


def _name_rows(axis, shown: Shown) -> None:
    """Methods at the left, models at the right, a gap between models."""
    looks = list(shown.methods.values()) * len(shown.models)
    axis.set_yticks(range(len(looks)), [look.label for look in looks])
    for label, look in zip(axis.get_yticklabels(), looks):
        label.set_color(look.colour)
    each = len(shown.methods)
    for place, model in enumerate(shown.models):
        top = each * place - 0.5
        if place:
            axis.axhline(top, color="white", lw=3)
        axis.annotate(
            _title(model, shown),
            (1, top + each / 2),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            rotation=270,
            va="center",
            size=6.5,
        )


def _name_columns(axis, schedules: list[str]) -> None:
    """Measures on top, a gap between them; below, the mark of every kind of retrain."""
    each = len(schedules)
    edges = each * np.arange(len(COLUMNS)) - 0.5
    for edge in edges[1:]:
        axis.axvline(edge, color="white", lw=1.5)
    axis.set_xticks(edges + each / 2, COLUMNS.values(), rotation=45, ha="left")
    axis.tick_params(length=0, labelsize=6, pad=2)
    axis.tick_params(top=True, bottom=False, labeltop=True, labelbottom=False)
    axis.spines[:].set_visible(False)
    below = axis.get_xaxis_transform()
    for x, schedule in enumerate(schedules * len(COLUMNS)):
        look = {"color": "0.2", "ms": 2.6, "mew": 0.7, "clip_on": False}
        look |= FACES[schedule]
        axis.plot(x, -0.025, "o", transform=below, **look)


# -- legend ----------------------------------------------------------------------------------------
def _legend(figure, shown: Shown) -> None:
    handles, labels = [], []
    for look in shown.methods.values():
        handles.append(plt.Line2D([], [], marker="o", ls="", ms=3, color=look.colour))
        labels.append(look.label)
    for schedule in shown.schedules:
        box = plt.Rectangle((0, 0), 1, 1, **BANDS[schedule])
        mark = {"marker": "o", "ls": "", "ms": 3, "mew": 0.7, "color": "0.2", **FACES[schedule]}
        handles.append((box, plt.Line2D([], [], **mark)))
        labels.append(f"against retrains {SCHEDULES[schedule]}")
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=len(handles),
        columnspacing=0.9,
        handlelength=1.2,
        handletextpad=0.4,
        fontsize=6.5,
    )
