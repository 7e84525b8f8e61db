"""Fig. S "slices": the loss along random directions and along the Hessian's top eigenvector, clean
and poisoned."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import style
from qunlearn.plots.looks import Looks

KINDS = {"random": "random direction", "top": "top eigenvector"}
#: Lines of the corrupted fractions, the clean models' first.
LINES = ["-", "-", "--", ":", "-."]
#: Losses above are cut off, nats: a model that answers 1/2 everywhere has ln 2 = 0.69.
CEILING = 2.0


def draw(*, slices: pd.DataFrame, models: list[str], looks: Looks):
    """Per dataset and corruption a row of panels for each kind of direction, one panel per model;
    one line per seed and direction."""
    kinds = slices["direction"].str.split().str[0]
    table = slices.assign(kind=kinds)
    rows = rows_of(table)
    size = style.WIDTH, 1.6 * len(rows) + 0.45
    figure, axes = plt.subplots(
        len(rows),
        len(models),
        figsize=size,
        squeeze=False,
        sharex="row",
        sharey="row",
    )
    letters = style.letters()
    alphas = np.sort(table["alpha"].unique())
    for line, row in zip(axes, rows):
        here = style.select(table, **row)
        for axis, model in zip(line, models):
            _panel(axis, style.select(here, model=model), alphas)
            label = looks.model(model).title
            axis.set_title(f"{label}, {KINDS[row['kind']]}")
            style.panel_letter(axis, next(letters))
        _limits(line[0], here)
        line[0].set_ylabel(f"{looks.dataset(row['dataset'])}\ntraining loss")
    for axis in axes[-1]:
        axis.set_xlabel("displacement t = |Δθ| / |θ|")
    corruptions = [looks.corruption(name) for name in table["corruption"].unique()]
    seeds = style.number_of_seeds(table)
    _legend(figure, axes[0, 0], f"{', '.join(corruptions)}, n = {seeds} seeds:")
    return figure


def rows_of(table: pd.DataFrame) -> list[dict]:
    """Dataset, corruption and kind of direction of every row of panels."""
    pairs = table[["dataset", "corruption"]].drop_duplicates()
    rows = []
    for pair in pairs.to_dict("records"):
        rows += [pair | {"kind": kind} for kind in KINDS]
    return rows


def _limits(axis, here: pd.DataFrame) -> None:
    highest = here["loss"].max()
    axis.set_ylim(-0.05, min(CEILING, 1.05 * highest))
    axis.set_xlim(here["t"].min(), here["t"].max())


def _panel(axis, here: pd.DataFrame, alphas: np.ndarray) -> None:
    for place, alpha in enumerate(alphas):
        look = {
            "color": style.PARTS["corrupted" if alpha else "clean"],
            "lw": 0.7,
            "alpha": 0.7,
            "ls": LINES[place % len(LINES)],
        }
        label = f"α = {alpha:g}"
        runs = style.select(here, alpha=alpha)
        for _, run in runs.groupby(["seed", "direction"]):
            axis.plot(run["t"], run["loss"], label=label, **look)
            label = None
    style.note_collapsed(axis, here, ["alpha", "seed"])


def _legend(figure, axis, words: str) -> None:
    """What the lines of a panel are, after `words`."""
    handles, labels = axis.get_legend_handles_labels()
    handles = [plt.Line2D([], [], lw=0), *handles]
    labels = [words, *labels]
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
