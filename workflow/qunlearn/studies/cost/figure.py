"""Fig. S "cost": what each unlearning method spends, and how soon it reaches retraining's
accuracy."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.grid.blocks import without_doubles
from qunlearn.plots import style
from qunlearn.plots.looks import Looks

#: What passes are of, and how their bars are hatched.
PASSES = {
    "retain_passes": ("retain", ""),
    "forget_passes": ("forget", "////"),
    "teacher_passes": ("teacher", "...."),
}
RUN = ["model", "method", "seed"]


def draw(*, cost: pd.DataFrame, cases: list[tuple], methods: list[str], looks: Looks):
    """A row per dataset, corruption and fraction of `cases`: passes, seconds, steps to retraining's
    final accuracy."""
    datasets, unlearned, corruptions, alphas = zip(*cases)
    rows = without_doubles(zip(datasets, corruptions, alphas))
    models = without_doubles(unlearned)
    figure = plt.figure(figsize=(style.WIDTH, 2.1 * len(rows) + 0.4))
    blocks = figure.subfigures(len(rows), 1, squeeze=False)[:, 0]
    letters = style.letters()
    for block, (dataset, corruption, alpha) in zip(blocks, rows):
        here = style.select(cost, dataset=dataset, corruption=corruption, alpha=alpha)
        axes = block.subplots(1, 3, width_ratios=[1.25, 1, 1.6])
        words = f"{looks.dataset(dataset)}, {looks.corruption(corruption)}"
        block.suptitle(f"{words}, α = {alpha:g}", size=8)
        _passes(axes[0], here, methods, looks)
        _seconds(axes[1], here, models, methods, looks)
        _steps(axes[2], here, models, methods, looks)
        for axis in axes[1:]:
            _name_models(axis, models, looks)
        for axis in axes:
            style.panel_letter(axis, next(letters))
    _legend(figure, methods, looks)
    return figure


def _places(models: list[str], methods: list[str]) -> Iterator[tuple[str, str, float]]:
    """(model, method, x) of groups of methods side by side."""
    count = len(methods)
    offsets = (np.arange(count) - (count - 1) / 2) * 0.8 / count
    for place, model in enumerate(models):
        for offset, method in zip(offsets, methods):
            yield model, method, place + offset


# -- panels ----------------------------------------------------------------------------------------
def _passes(axis, here: pd.DataFrame, methods: list[str], looks: Looks) -> None:
    """Passes of one model, thousands, stacked by what they are of; the same for every model."""
    for place, method in enumerate(methods):
        one = style.select(here, method=method).iloc[0]
        bar = {
            "color": looks.method(method).colour,
            "alpha": 0.6,
            "ec": "white",
            "lw": 0,
        }
        left = 0.0
        for column, (_, hatch) in PASSES.items():
            width = one[column] / 1000
            axis.barh(place, width, left=left, hatch=hatch, **bar)
            left += width
        words = f" {one['passes']:.0f} in {one['updates']:.0f} updates"
        axis.text(left, place, words, va="center", size=6)
    axis.set_yticks(range(len(methods)), [looks.method(name).label for name in methods])
    axis.set(xlabel="passes per model, 10³", xlim=(0, here["passes"].max() / 1000 * 1.75))
    axis.invert_yaxis()


def _seconds(axis, here: pd.DataFrame, models: list, methods: list, looks: Looks) -> None:
    for model, method, x in _places(models, methods):
        value = style.select(here, model=model, method=method)["seconds"].mean()
        axis.plot(
            x,
            value,
            "s",
            ms=4,
            color=looks.method(method).colour,
        )
    axis.set(yscale="log", ylabel="seconds per model")


def _steps(axis, here: pd.DataFrame, models: list, methods: list, looks: Looks) -> None:
    """Single runs; those that never get there lie above the dashed line, with their number."""
    last = here["steps"].max()
    never = 1.14 * last
    width = 0.7 / len(methods)
    for model, method, x in _places(models, methods):
        runs = style.select(here, model=model, method=method)["steps_to_retrain"]
        steps = np.sort(runs.dropna())
        colour = looks.method(method).colour
        offsets = (np.arange(len(steps)) - (len(steps) - 1) / 2) / 5
        axis.plot(
            x + width * offsets,
            steps,
            "o",
            ms=2.2,
            color=colour,
            mew=0,
        )
        if censored := len(runs) - len(steps):
            axis.plot(
                x,
                never,
                "^",
                ms=3.5,
                mfc="white",
                mec=colour,
                mew=0.8,
            )
            number = {
                "ha": "center",
                "va": "bottom",
                "size": 6,
                "color": colour,
            }
            axis.text(x, never * 1.035, censored, **number)
        elif len(steps):
            median = np.median(steps)
            axis.plot([x - width / 2, x + width / 2], [median, median], color=colour, lw=1)
    axis.axhline(
        1.06 * last,
        color="0.6",
        ls="--",
        lw=0.6,
    )
    axis.set(ylabel="steps to retrain's accuracy", ylim=(-0.04 * last, 1.3 * last))
    ticks = list(np.linspace(0, last, 6).round().astype(int))
    axis.set_yticks([*ticks, never], [*ticks, "never"])
    if lost := style.collapsed_runs(here, RUN):
        axis.set_title(f"{lost} of {len(here)} runs collapsed", size=6.5, color=style.CAVEAT)


# -- words -----------------------------------------------------------------------------------------
def _name_models(axis, models: list[str], looks: Looks) -> None:
    labels = [looks.model(name).title.replace(" ", "\n", 1) for name in models]
    axis.set_xticks(range(len(models)), labels)
    axis.set_xlim(-0.55, len(models) - 0.45)


def _legend(figure, methods: list[str], looks: Looks) -> None:
    handles = []
    for method in methods:
        look = looks.method(method)
        mark = {
            "marker": "o",
            "ls": "",
            "ms": 3,
            "color": look.colour,
        }
        handles.append(plt.Line2D([], [], label=look.label, **mark))
    for name, hatch in PASSES.values():
        bar = {
            "fc": "0.5",
            "ec": "white",
            "lw": 0,
            "hatch": hatch,
        }
        handles.append(plt.Rectangle((0, 0), 1, 1, label=f"{name} passes", **bar))
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=len(handles),
        columnspacing=1,
    )
