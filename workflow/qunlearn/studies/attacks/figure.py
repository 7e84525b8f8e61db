"""Fig. X "attacks": per dataset a row of flipped labels and a row of noise and backdoors, a column
per model."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.grid.names import parse
from qunlearn.plots import panels, style
from qunlearn.plots.looks import Looks
from qunlearn.results.trained import ATTACK

MARKS = ["o", "s", "^", "D", "v", "P", "X", "*"]
COLOURS = ["#000000", "#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#999999"]
#: Rows of a dataset: words, and what their corruptions aim at.
ROWS = {"flipped labels": ["labels"], "noise, backdoors": ["features", "backdoor"]}
RUN = ["dataset", "model", "corruption", "alpha", "seed"]


def draw(
    *,
    attacks: pd.DataFrame,
    corruptions: list[str],
    models: dict[str, list[str]],
    looks: Looks,
):
    """`models[dataset]`: those of a dataset, in the order of columns; `corruptions` in the order of
    their colours."""
    columns = max(map(len, models.values()))
    lines = []
    for dataset in models:
        found = set(style.select(attacks, dataset=dataset)["aims_at"])
        lines += [(dataset, words) for words, aims in ROWS.items() if found & set(aims)]
    size = style.WIDTH, 1.75 * len(lines) + 0.7
    figure, axes = plt.subplots(
        len(lines), columns, figsize=size, squeeze=False, sharex=True, sharey=True
    )
    letters = style.letters()
    for line, (dataset, words) in zip(axes, lines):
        here = attacks[(attacks["dataset"] == dataset) & attacks["aims_at"].isin(ROWS[words])]
        names = [name for name in corruptions if name in set(here["corruption"])]
        for axis, model in zip(line, models[dataset]):
            _panel(axis, style.select(here, model=model), names, looks)
            axis.set_title(looks.model(model, models[dataset]).title, size=6.8)
            style.panel_letter(axis, next(letters))
        for axis in line[len(models[dataset]) :]:
            axis.set_visible(False)
        line[0].set_ylabel(f"{looks.dataset(dataset)}\n{words}")
        last = line[len(models[dataset]) - 1]
        last.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2, fontsize=6)
    alphas = np.sort(attacks["alpha"].unique())
    for axis in axes[-1]:
        axis.set_xlabel("corrupted fraction α")
        axis.set_xticks(alphas, [f"{alpha:g}" for alpha in alphas])
    axes[0, 0].set(ylim=(-0.03, 1.05))
    figure.suptitle(
        f"accuracy on clean validation data, dashed: attack success; {style.MEANS}, "
        f"n = {style.number_of_seeds(attacks)}",
        size=7.5,
    )
    return figure


def _panel(axis, here: pd.DataFrame, names: list[str], looks: Looks) -> None:
    """A line per attack, and a dashed one for the success of a backdoor."""
    alphas = np.sort(here["alpha"].unique())
    for place, name in enumerate(names):
        runs = style.select(here, corruption=name)
        colour = COLOURS[place % len(COLOURS)]
        look = {"color": colour, "marker": MARKS[place % len(MARKS)], "ms": 2.4, "lw": 0.9}
        style.band(axis, alphas, runs, "val_accuracy", "alpha", label=title(name, looks), **look)
        if runs[ATTACK].notna().any():
            style.band(axis, alphas, runs, ATTACK, "alpha", ls="--", **look)
    panels.mark_coin(axis)
    style.note_collapsed(axis, here, RUN, at="bottom left")


def title(corruption: str, looks: Looks) -> str:
    """'local rotation, site 0'."""
    name, changes = parse(corruption)
    words = [f"{key} {value}" for key, value in changes.items()]
    return ", ".join([looks.corruption(name), *words])
