"""Fig. X "memory": training accuracy on random labels against the number of parameters."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from qunlearn.plots import style
from qunlearn.plots.looks import Looks

MARKS = ["o", "s", "^", "D", "v", "P", "X"]
RUN = ["model", "seed"]


def draw(
    *,
    memory: pd.DataFrame,
    datasets: list[str],
    groups: dict[str, list[str]],
    sizes: dict[str, dict[str, str]],
    looks: Looks,
):
    """One panel per dataset; `groups`: models by what they are called together, `sizes[dataset]`:
    words beside a mark."""
    size = style.WIDTH, 2.9 * style.rows_of_panels(len(datasets), 2)
    figure = plt.figure(figsize=size)
    grid = style.panel_grid(figure, len(datasets), 2, sharey=True)
    letters = style.letters()
    for axis, dataset in zip(grid.flat, datasets):
        here = style.select(memory, dataset=dataset)
        _panel(axis, here, groups, sizes[dataset])
        axis.set_title(f"{looks.dataset(dataset)}, {here['samples'].iloc[0]} samples")
        style.panel_letter(axis, next(letters))
        style.note_collapsed(axis, here, RUN)
    for axis in grid[:, 0]:
        axis.set_ylabel("training accuracy\non random labels")
    for axis in grid[-1]:
        axis.set_xlabel("parameters that move the output")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    style.legend_of_means(figure, handles, labels, style.number_of_seeds(memory))
    return figure


def _panel(axis, here: pd.DataFrame, groups: dict[str, list[str]], sizes: dict[str, str]) -> None:
    axis.axhspan(here["null_low"].min(), here["null_high"].max(), color="0.9", lw=0, zorder=0)
    for place, (label, names) in enumerate(groups.items()):
        runs = here[here["listed"].isin(names)]
        by_model = runs.groupby("listed", sort=False)
        means = by_model[["live_parameters", "train_accuracy"]].mean()
        for name, side in (("below", -1), ("above", 1)):
            means[name] = by_model["train_accuracy"].agg(style.one_sided_deviation, side=side)
        means = means.sort_values("live_parameters")
        look = {"color": f"C{place}", "marker": MARKS[place % len(MARKS)], "ms": 3.5, "lw": 0.8}
        spread = means[["below", "above"]].T
        places = means["live_parameters"], means["train_accuracy"], spread
        axis.errorbar(*places, elinewidth=0.7, label=label, **look)
        for name, row in means.iterrows():
            where = row["live_parameters"], row["train_accuracy"]
            axis.annotate(
                sizes[name], where, xytext=(2, 3), textcoords="offset points", size=5, color="0.4"
            )
    axis.set(xscale="log", ylim=(0.45, 1.02))
