"""Fig. X "phase": rows of quantum and of classical models, columns of what they see of the phase."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import panels as parts
from qunlearn.plots import style
from qunlearn.plots.looks import Looks

MARKS = ["o", "s", "^", "D", "v", "P", "X"]
COLUMNS = {"seen": "phase seen", "hidden": "phase hidden", "fixed": "phase fixed"}
ROWS = {"quantum": True, "classical": False}
RUN = ["run_dataset", "model", "alpha", "seed"]


def draw(*, phase: pd.DataFrame, models: list[str], looks: Looks):
    """Two rows per dataset; `models` in the order of their colours."""
    datasets = list(phase["dataset"].unique())
    lines = [(dataset, kind) for dataset in datasets for kind in ROWS]
    size = style.WIDTH, 2.3 * len(lines)
    figure, axes = plt.subplots(
        len(lines), len(COLUMNS), figsize=size, squeeze=False, sharex=True, sharey=True
    )
    letters = style.letters()
    for line, (dataset, kind) in zip(axes, lines):
        here = style.select(phase, dataset=dataset, quantum=ROWS[kind])
        members = [name for name in models if name in set(here["model"])]
        for axis, sight in zip(line, COLUMNS):
            _panel(axis, style.select(here, phase=sight), members, looks)
            style.panel_letter(axis, next(letters))
        line[0].set_ylabel(f"{looks.dataset(dataset)}\n{kind} models")
    for axis, title in zip(axes[0], COLUMNS.values()):
        axis.set_title(title)
    for axis in axes[-1]:
        axis.set(xlabel="fraction of flipped labels α", xticks=[0, 0.3, 0.6, 0.9])
    axes[0, 0].set(ylim=(-0.03, 1.13))  # room for remarks above the curves
    seeds = style.number_of_seeds(phase)
    figure.suptitle(f"validation accuracy, {style.MEANS}, n = {seeds}", size=7.5)
    return figure


def _panel(axis, here: pd.DataFrame, members: list[str], looks: Looks) -> None:
    """Curves of the models that the panel has; looks are those of their places in the row."""
    alphas = np.sort(here["alpha"].unique())
    for place, name in enumerate(members):
        runs = style.select(here, model=name)
        if runs.empty:
            continue
        look = {"color": f"C{place}", "marker": MARKS[place % len(MARKS)], "ms": 2.8, "lw": 0.9}
        label = looks.model(name, members).title
        style.band(axis, alphas, runs, "val_accuracy", "alpha", label=label, **look)
    parts.mark_coin(axis)
    axis.legend(loc="lower left", handlelength=1.4, labelspacing=0.25)
    style.note_collapsed(axis, here, RUN, at="top")
