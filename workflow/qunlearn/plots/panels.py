"""What panels of several figures have in common."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qunlearn.grid.names import stands_for
from qunlearn.plots import style
from qunlearn.statistics.roughening import geometric_mean


def mark_coin(axis) -> None:
    """A faint line at the accuracy of a coin."""
    axis.axhline(0.5, color="0.8", lw=0.6, zorder=0)


def reach(table: pd.DataFrame, value: str, low: str, high: str) -> np.ndarray:
    """(2, rows) of an interval's distances from its value, as error bars are given; zero where
    there is no interval."""
    ends = table[[low, high]].sub(table[value], axis=0)
    return np.nan_to_num(np.abs(ends.to_numpy().T))


def of_others(
    published: pd.DataFrame, replaced: dict[str, list[str]] | None = None, **names: str
) -> pd.DataFrame:
    """Rows of the authors' table that are of these names of this study, by column: those of the
    same name, else of a name that it stands for (`replaced`: model -> architectures)."""
    for column, own in names.items():
        known = pd.unique(published[column])
        listed = (replaced or {}) if column == "model" else {}
        wanted = [name for name in known if stands_for(own, name, listed)]
        if own in known:
            wanted = [own]
        published = published[published[column].isin(wanted)]
    return published


def roughening(axis, runs: pd.DataFrame, by: str, line: dict, dots: dict) -> int:
    """The geometric mean of the landscape roughening ratio `lrr` over seeds, and dots for runs;
    returns how many of these are not drawn, for want of a positive number."""
    ratios = runs["lrr"]
    kept = runs[np.isfinite(ratios) & (ratios > 0)]
    mean = kept.groupby(by)["lrr"].apply(geometric_mean)
    axis.plot(mean.index, mean, **line)
    colour = line["color"]
    axis.plot(kept[by], kept["lrr"], ls="", color=colour, **dots)
    return len(runs) - len(kept)


def note_lost(axis, collapsed: int, lost: int, marks: str = "ratio", at: str = "bottom") -> None:
    """How many runs collapsed, and how many `marks` are not drawn, if any; `at` as for `style.note`."""
    remarks = []
    for number, of, what in ((collapsed, "run", "collapsed"), (lost, marks, "not drawn")):
        if number:
            remarks.append(f"{number} {of if number == 1 else f'{of}s'} {what}")
    if remarks:
        style.note(axis, "\n".join(remarks), at)
