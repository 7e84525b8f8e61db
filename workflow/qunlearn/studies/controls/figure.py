"""Fig. S "controls": every control beside the model it changes, and what it changes at one
corrupted fraction."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.grid.blocks import without_doubles
from qunlearn.plots import style
from qunlearn.plots.looks import Looks
from qunlearn.studies.controls import Control
from qunlearn.studies.controls.panels import LINES, Panel

#: Panels side by side.
COLUMNS = 3
WORDS = {"-": "solid", "--": "dashed", ":": "dotted", "-.": "dash-dotted"}


def draw(
    *,
    controls: pd.DataFrame,
    control_effects: pd.DataFrame,
    chosen: list[Control],
    confidence: float,
    looks: Looks,
):
    """Per panel of the configuration and dataset one pair of axes; below, the effects by dataset.
    `controls` and `control_effects` are the tables, `chosen` the controls in them."""
    names = without_doubles(control.name for control in chosen)
    datasets = without_doubles(control.base.dataset for control in chosen)
    bands = batched(panels_of(controls, chosen, confidence, looks), COLUMNS)
    heights = [1.02 * len(datasets) + 0.9] * len(bands)
    heights.append(0.15 * len(names) + 0.85)
    figure = plt.figure(figsize=(style.WIDTH, sum(heights)))
    parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)
    *upper, last = parts[:, 0]
    letters = style.letters()
    lowest = min(0.5, controls["val_accuracy"].min())
    lowest = np.floor(10 * lowest) / 10
    for part, band in zip(upper, bands):
        _band(part, band, datasets, lowest, letters)
    _effects(last, control_effects, chosen, looks, letters)
    seeds = style.number_of_seeds(controls)
    what = f"validation accuracy, mean with {100 * confidence:g} % interval, n = {seeds}"
    figure.suptitle(f"{what}; {_grey(chosen, looks)}", size=7.5)
    return figure


def batched(items: list, size: int) -> list[list]:
    """Consecutive parts of at most so many."""
    return [items[first : first + size] for first in range(0, len(items), size)]


def panels_of(
    table: pd.DataFrame, chosen: list[Control], confidence: float, looks: Looks
) -> list[Panel]:
    """The panels, in the order of the configuration."""
    models = without_doubles(control.base.model for control in chosen)
    titles = without_doubles(control.panel for control in chosen)
    found = []
    for title in titles:
        members = [control for control in chosen if control.panel == title]
        found.append(Panel(title, members, table, models, confidence, looks))
    return found


def _grey(chosen: list[Control], looks: Looks) -> str:
    """What the grey lines are."""
    models = without_doubles(control.base.model for control in chosen)
    lines = []
    for name, line in zip(models, LINES):
        lines.append(f"{WORDS[line]}: {looks.model(name).label}")
    return f"grey: the model that is changed ({', '.join(lines)})"


# -- accuracies ------------------------------------------------------------------------------------
def _band(part, band: list[Panel], datasets: list[str], lowest: float, letters) -> None:
    """A row of axes per dataset for some panels, and below them what their lines mean."""
    ratios = [1.02] * len(datasets) + [0.42]
    axes = part.subplots(len(ratios), COLUMNS, squeeze=False, height_ratios=ratios)
    for axis in axes[:, len(band) :].flat:
        axis.set_axis_off()
    *rows, legends = axes
    for row, dataset in zip(rows, datasets):
        for axis, panel in zip(row, band):
            style.panel_letter(axis, next(letters))
            panel.draw(axis, dataset)
            axis.set_ylim(lowest, 1.03)
            axis.tick_params(labelbottom=False)
        words = band[0].looks.dataset(dataset)
        row[0].set_ylabel(f"{words}\naccuracy")
    for panel, top, bottom, legend in zip(band, rows[0], rows[-1], legends):
        top.set_title(panel.heading())
        bottom.tick_params(labelbottom=True)
        bottom.set_xlabel(panel.xlabel, labelpad=1)
        panel.draw_legend(legend)


# -- effects ---------------------------------------------------------------------------------------
def _effects(part, effects: pd.DataFrame, chosen: list[Control], looks: Looks, letters) -> None:
    """A pair of axes per dataset with a row per control, first on top."""
    names = without_doubles(control.name for control in chosen)
    datasets = without_doubles(control.base.dataset for control in chosen)
    models = without_doubles(control.base.model for control in chosen)
    colours = {name: looks.model(name, models).colour for name in models}
    axes = part.subplots(1, len(datasets), squeeze=False, sharey=True, sharex=True)[0]
    for axis, dataset in zip(axes, datasets):
        here = style.select(effects, dataset=dataset)
        _range(axis, here["below"].max())
        _intervals(axis, here, names, colours)
        axis.set_title(looks.dataset(dataset))
        style.panel_letter(axis, next(letters))
    axes[0].set_yticklabels(names)
    _, _, alpha = effects["quantity"].iloc[0].rpartition("= ")
    words = f"control - base: validation accuracy at α = {alpha}"
    if any(control.against == "step" for control in chosen):
        words += " (unlearning: depth of the dip)"
    part.supxlabel(words, size=7.5)


def _range(axis, within: float) -> None:
    """Where the picture stays."""
    axis.axvspan(-within, within, color="0.9", lw=0, zorder=0)
    axis.axvline(0, color="0.6", lw=0.6, zorder=0)


def _intervals(axis, here: pd.DataFrame, names: list[str], colours: dict[str, str]) -> None:
    """The difference that each control makes and its interval, in the colour of the model."""
    shifts = dict(zip(colours, _beside_each_other(len(colours))))
    for row in here.itertuples():
        colour = colours[row.model]
        height = names.index(row.claim) + shifts[row.model]
        axis.plot([row.low, row.high], [height, height], color=colour, lw=1)
        changes = row.verdict == "picture changes"
        mark = {"ms": 3.6, "mec": colour, "mew": 0.9}
        axis.plot(row.value, height, "o", mfc=colour if changes else "white", **mark)
    _say_what_is_missing(axis, here, names)
    lowest = len(names) - 0.4
    axis.set_yticks(range(len(names)))
    axis.set_ylim(lowest, -0.6)
    axis.locator_params(axis="x", nbins=6)


def _say_what_is_missing(axis, here: pd.DataFrame, names: list[str]) -> None:
    drawn = set(here["claim"])
    words = {"size": 6, "color": "0.5", "ha": "center", "va": "center"}
    for height, name in enumerate(names):
        if name not in drawn:
            axis.text(0, height, "does not apply", **words)


def _beside_each_other(count: int) -> np.ndarray:
    """Places of so many models around the middle of a row."""
    if count == 1:
        return np.zeros(1)
    return np.linspace(-0.18, 0.18, count)
