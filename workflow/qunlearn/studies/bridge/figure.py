"""Fig. X "bridge": per dataset a panel for every headline number, a row for every choice of the
authors' code."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator, NullFormatter

from qunlearn.plots import panels, style
from qunlearn.plots.looks import Looks
from qunlearn.studies.bridge.settings import AUTHORS, TEXT

#: Panels side by side.
COLUMNS = 4
#: Looks of what begins at either end, and how far off the middle of its row it stands.
COLOURS = {TEXT: "#0072B2", AUTHORS: "#D55E00"}
MARKS = {TEXT: "o", AUTHORS: "s"}
LINES = {TEXT: "-", AUTHORS: "--"}
SHIFTS = {TEXT: -0.17, AUTHORS: 0.17}
WORDS = {
    TEXT: "text (line), with one choice of the authors' (dots)",
    AUTHORS: "authors (line), with one choice of the text's (dots)",
}


def draw(*, bridge: pd.DataFrame, switches: list[str], titles: dict[str, str], looks: Looks):
    """`switches`: rows from above; `titles`: number -> words."""
    bridge = bridge.assign(switch=bridge["switch"].fillna(""))  # a file has no empty texts
    parts = list(bridge.groupby("dataset", sort=False))
    rows = [rows_of(part, switches) for _, part in parts]
    panels = [len(part[["number", "model"]].drop_duplicates()) for _, part in parts]
    heights = [
        style.rows_of_panels(count, COLUMNS) * (0.17 * len(names) + 0.75)
        for names, count in zip(rows, panels)
    ]
    figure = plt.figure(figsize=(style.WIDTH, sum(heights) + 0.4))
    letters = style.letters()
    areas = figure.subfigures(len(parts), 1, height_ratios=heights, squeeze=False)[:, 0]
    for area, (dataset, part), names in zip(areas, parts, rows):
        area.suptitle(looks.dataset(dataset), weight="bold", size=8.5)
        _dataset(area, part, names, titles, letters, looks)
    _legend(figure, bridge["seeds"].iloc[0])
    return figure


def rows_of(part: pd.DataFrame, switches: list[str]) -> list[str]:
    """Switches that change something of a dataset, in the order of the configuration."""
    known = set(part["switch"])
    return [name for name in switches if name in known]


def _dataset(area, part: pd.DataFrame, names: list[str], titles, letters, looks: Looks) -> None:
    numbers = part[["number", "model"]].drop_duplicates()
    grid = style.panel_grid(area, len(numbers), COLUMNS, sharey=True)
    for axis, (number, model) in zip(grid.flat, numbers.itertuples(index=False)):
        here = style.select(part, number=number, model=model)
        _number(axis, here, names)
        axis.set_title(f"{looks.model(model).title}\n{titles[number]}", size=7, linespacing=1.1)
        style.panel_letter(axis, next(letters))


def _number(axis, here: pd.DataFrame, names: list[str]) -> None:
    """One number: its value at both ends as lines, one step from either as dots with the interval of
    the step."""
    if here["ratio"].iloc[0]:
        axis.set_xscale("log")
    lost = 0
    for context, colour in COLOURS.items():
        [end] = style.select(here, **{"from": context, "switch": ""})["value"]
        axis.axvline(end, color=colour, ls=LINES[context], lw=0.9, zorder=0)
        moved = style.select(here[here["switch"] != ""], **{"from": context})
        for row in moved.itertuples():
            height = names.index(row.switch) + SHIFTS[context]
            lost += not _step(axis, row, end, height, context)
    axis.set_yticks(range(len(names)), names, size=6.5)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.grid(axis="y", color="0.92", lw=0.5)
    axis.set_axisbelow(True)
    _ticks(axis, here["ratio"].iloc[0])
    collapsed = int(here["collapsed"].sum())
    panels.note_lost(axis, collapsed, lost, "step")


def _ticks(axis, is_ratio: bool) -> None:
    """Few enough to be read, also where a logarithmic axis spans less than a decade."""
    low, high = axis.get_xlim()
    if not is_ratio or high < 10 * low:
        axis.xaxis.set_major_locator(MaxNLocator(4))
    if is_ratio:
        axis.xaxis.set_major_formatter("{x:g}")
        axis.xaxis.set_minor_formatter(NullFormatter())


def _step(axis, row, end: float, height: float, context: str) -> bool:
    """A dot at the number after a step, with the interval of the step from `end`; False where there
    is none."""
    if not np.isfinite([row.value, end]).all():
        return False
    ends = np.array([row.change_low, row.change_high])
    reached = end * 10**ends if row.ratio else end + ends
    colour = COLOURS[context]
    axis.plot([end, row.value], [height, height], color=colour, lw=0.5, alpha=0.5)
    axis.plot(reached, [height, height], color=colour, lw=1.6, alpha=0.6)
    sure = row.change_low > 0 or row.change_high < 0
    face = colour if sure else "white"
    axis.plot(row.value, height, MARKS[context], ms=3.4, mfc=face, mec=colour, mew=0.8)
    return True


def _legend(figure, seeds: int) -> None:
    """`seeds`: of every number, which are the same."""
    handles = [plt.Line2D([], [], lw=0, label=f"n = {seeds}:")]
    for context, colour in COLOURS.items():
        look = {"color": colour, "ls": LINES[context], "marker": MARKS[context], "ms": 3.4}
        handles.append(plt.Line2D([], [], lw=0.9, label=WORDS[context], **look))
    figure.legend(handles=handles, loc="outside upper center", ncols=3, handlelength=2.5)
