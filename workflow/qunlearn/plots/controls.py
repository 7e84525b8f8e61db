"""Fig. S "controls": every control beside the model it changes, and what it changes at one corrupted fraction."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from ..grid import Control
from . import style

COLUMNS = 3
MARKS = ["o", "s", "^", "D", "v", "P", "X"]
LINES = ["-", "--", ":", "-."]
LABELS = {"alpha": "corrupted fraction α", "updates": "updates", "step": "unlearning step (epochs)"}
GREY = "0.55"
COLOURS = [colour for colour in style.SPARE if colour != "#999999"]  # grey is for bases


def _curve(axis, frame: pd.DataFrame, against: str, confidence: float, band: bool, **look) -> None:
    """Mean validation accuracy over seeds with its interval (Student's t), as bars or as a band."""
    groups = frame.groupby(against)["val_accuracy"]
    mean, size = groups.mean(), groups.size()
    half = stats.t.ppf((1 + confidence) / 2, np.maximum(size - 1, 1)) * groups.std(ddof=1).fillna(0) / np.sqrt(size)
    if band:
        (line,) = axis.plot(mean.index, mean, **look)
        axis.fill_between(mean.index, mean - half, mean + half, color=line.get_color(), alpha=0.15, lw=0)
    else:
        axis.errorbar(mean.index, mean, half, elinewidth=0.6, **look)


def _panel(axis, table: pd.DataFrame, dataset: str, members: list[Control], confidence: float) -> None:
    """All controls of a panel on one dataset; bases in grey, in panels against alpha those of both models. `members`:
    those on other datasets, too, so that a look means the same everywhere."""
    against = members[0].against
    here = table[(table["dataset"] == dataset) & table["control"].isin({c.name for c in members})]
    names = list(dict.fromkeys(c.name for c in members))
    models = list(dict.fromkeys(c.base.model for c in members))
    look = {"lw": 0.9} if against == "step" else {"lw": 0.9, "ms": 2.2}
    bases = (
        here
        if against != "alpha"
        else table[(table["dataset"] == dataset) & table[["updates", "step"]].isna().all(axis=1)]
    )
    for model, frame in bases[bases["role"] == "base"].groupby("model"):
        frame = frame.drop_duplicates([against, "alpha", "seed"])
        lines = "--" if model.startswith("qnn") else "-"
        if against == "updates":  # the same training as the control's, until it ends
            axis.axvline(frame["updates"].max(), color=GREY, ls=lines, lw=0.9, zorder=0)
        else:
            _curve(axis, frame, against, confidence, band=True, color=GREY, ls=lines, lw=1.6)
    shown = here[here["role"] == "control"]
    for control in (c for c in members if c.base.dataset == dataset):
        frame = shown[(shown["control"] == control.name) & (shown["model"] == control.base.model)]
        place = names.index(control.name)
        if len(models) == 1:
            own = {"color": COLOURS[place % len(COLOURS)], "ls": "-"}
        else:
            own = {"color": style.model_colour(control.base.model, models), "ls": LINES[place % len(LINES)]}
        if against != "step":
            own["marker"] = MARKS[place % len(MARKS)]
        _curve(axis, frame, against, confidence, band=against != "alpha", **look, **own)
    run = ["control", "model", "alpha", "seed"]
    if collapsed := style.collapsed_runs(shown, run):
        style.note(axis, f"{collapsed} of {len(shown[run].drop_duplicates())} runs collapsed")
    if against == "updates":
        axis.set_xscale("log")


def _legend(axis, members: list[Control]) -> None:
    """What the panel's colours, lines and marks mean."""
    names = list(dict.fromkeys(c.name for c in members))
    models = list(dict.fromkeys(c.base.model for c in members))
    marks = MARKS if members[0].against != "step" else [None] * len(MARKS)
    look = {"lw": 0.9, "ms": 2.2}
    if len(models) == 1:
        handles = [
            plt.Line2D([], [], color=COLOURS[i % len(COLOURS)], marker=marks[i % len(MARKS)], label=name, **look)
            for i, name in enumerate(names)
        ]
    else:
        handles = [
            plt.Line2D([], [], color=style.model_colour(m, models), lw=2, label=style.model_label(m)) for m in models
        ]
        handles += [
            plt.Line2D([], [], color="0.2", ls=LINES[i % len(LINES)], marker=marks[i % len(MARKS)], label=name, **look)
            for i, name in enumerate(names)
            if len(names) > 1
        ]
    axis.set_axis_off()
    legend = axis.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(-0.06, 1.0), borderaxespad=0, ncols=2, columnspacing=0.8,
        handlelength=1.8, handletextpad=0.4, fontsize=6.2, labelspacing=0.25,
    )  # fmt: skip
    legend.set_in_layout(False)


def _effects(axis, effects: pd.DataFrame, names: list[str], models: list[str]) -> None:
    """A row per control, first on top: the difference it makes and its interval, in the colour of the model."""
    for model, part in effects.groupby("model"):
        shift = 0.0 if len(models) == 1 else (models.index(model) / (len(models) - 1) - 0.5) * 0.36
        colour = style.model_colour(model, models)
        for row in part.itertuples():
            y = names.index(row.claim) + shift
            fill = colour if row.verdict == "picture changes" else "white"
            axis.plot([row.low, row.high], [y, y], color=colour, lw=1)
            axis.plot(row.value, y, "o", ms=3.6, mec=colour, mfc=fill, mew=0.9)
    within = effects["below"].max()
    axis.axvspan(-within, within, color="0.9", lw=0, zorder=0)
    axis.axvline(0, color="0.6", lw=0.6, zorder=0)
    for i, name in enumerate(names):
        if name not in set(effects["claim"]):
            axis.text(0, i, "does not apply", size=6, color="0.5", ha="center", va="center")
    axis.set(yticks=range(len(names)), ylim=(len(names) - 0.4, -0.6))
    axis.locator_params(axis="x", nbins=6)


def draw(table: pd.DataFrame, effects: pd.DataFrame, controls: list[Control], confidence: float):
    """Per panel of the configuration and dataset one pair of axes; below, the effects by dataset."""
    datasets = list(dict.fromkeys(c.base.dataset for c in controls))
    panels = list(dict.fromkeys(c.panel for c in controls))
    names = list(dict.fromkeys(c.name for c in controls))
    models = list(dict.fromkeys(c.base.model for c in controls))
    bands = [panels[i : i + COLUMNS] for i in range(0, len(panels), COLUMNS)]
    heights = [1.02 * len(datasets) + 0.9] * len(bands) + [0.15 * len(names) + 0.85]
    figure = plt.figure(figsize=(style.WIDTH, sum(heights)))
    parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    lowest = np.floor(10 * min(0.5, table["val_accuracy"].min())) / 10
    alpha = table.loc[table["updates"].notna() | table["step"].notna(), "alpha"]
    for part, band in zip(parts, bands):
        ratios = [1.02] * len(datasets) + [0.42]
        axes = part.subplots(len(ratios), COLUMNS, squeeze=False, height_ratios=ratios)
        for axis in axes[:, len(band) :].ravel():
            axis.set_axis_off()
        for i, (line, dataset) in enumerate(zip(axes, datasets)):
            for axis, panel in zip(line, band):
                members = [c for c in controls if c.panel == panel]
                style.panel_letter(axis, next(letters))
                if any(c.base.dataset == dataset for c in members):
                    _panel(axis, table, dataset, members, confidence)
                if i == 0:
                    against = members[0].against
                    axis.set_title(panel + (f", α = {alpha.iloc[0]:g}" if against != "alpha" and len(alpha) else ""))
                if i == len(datasets) - 1:
                    axis.set_xlabel(LABELS[members[0].against], labelpad=1)
                    _legend(axes[-1, band.index(panel)], members)
                else:
                    axis.tick_params(labelbottom=False)
                axis.set_ylim(lowest, 1.03)
            line[0].set_ylabel(f"{style.DATASETS.get(dataset, dataset)}\naccuracy")
    seeds, lines = table["seed"].nunique(), "grey: the model that is changed (solid: MLP, dashed: QNN)"
    figure.suptitle(f"validation accuracy, mean with {100 * confidence:g} % interval, n = {seeds}; {lines}", size=7.5)
    axes = parts[-1].subplots(1, len(datasets), squeeze=False, sharey=True, sharex=True)[0]
    for axis, dataset in zip(axes, datasets):
        _effects(axis, effects[effects["dataset"] == dataset], names, models)
        axis.set_title(style.DATASETS.get(dataset, dataset))
        style.panel_letter(axis, next(letters))
    axes[0].set_yticklabels(names)
    what = "control - base: validation accuracy"
    unlearned = any(c.against == "step" for c in controls)
    parts[-1].supxlabel(
        f"{what} at α = {effects['quantity'].iloc[0].rpartition('= ')[2]}"
        + (" (unlearning: depth of the dip)" if unlearned else ""),
        size=7.5,
    )
    return figure
