"""All of the authors' tables that are at hand beside this study's."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd

from qunlearn.runtime.errors import UserError
from qunlearn.studies.reproduction.compare import compare, identical_runs
from qunlearn.studies.reproduction.curves import compare_curves
from qunlearn.studies.reproduction.layouts import LAYOUTS, RESILIENCE, UNLEARNING, Layout
from qunlearn.studies.reproduction.published import (
    NothingInCommon,
    check_common,
    read_published,
)
from qunlearn.studies.reproduction.ratios import compare_ratios, with_ratios


class Pair(NamedTuple):
    """One of the authors' tables, the file it was read from, and this study's table beside it."""

    layout: Layout
    path: str
    ours: pd.DataFrame
    published: pd.DataFrame


def read_pairs(files: dict[str, str], read: Callable) -> list[Pair]:
    """From the files of `Reproduction.compared`; `read` reads a table of this study."""
    found = []
    for layout in LAYOUTS:
        if layout.name in files:
            path = files[f"published_{layout.name}"]
            published = read_published(path, layout)
            found.append(Pair(layout, path, read(files[layout.name]), published))
    return found


def compare_all(
    pairs: list[Pair],
    margin: float,
    factor: float,
    level: float,
    replaced: dict[str, dict[str, list[str]]],
) -> tuple[pd.DataFrame, list[str]]:
    """(rows as of `Comparison`, lines on what was compared). Raises UserError where no table has
    anything in common with this study."""
    rows, lines, refusals = [], [], []
    for pair in pairs:
        try:
            rows.append(
                compare_pair(pair, margin, factor, level, replaced.get(pair.layout.name, {}))
            )
        except NothingInCommon as refusal:
            refusals.append(str(refusal))
            continue
        for name, table in (("own", pair.ours), ("published", pair.published)):
            same = "; ".join(identical_runs(table)) or "none"
            lines.append(f"identical {name} runs: {same}")
    if not rows:
        raise UserError("\n".join(refusals))
    return pd.concat(rows, ignore_index=True), refusals + lines


def compare_pair(
    pair: Pair, margin: float, factor: float, level: float, replaced: dict[str, list[str]]
) -> pd.DataFrame:
    """Rows of one table. Raises NothingInCommon where there are none."""
    layout, path, ours, published = pair
    check_common(published, ours, path, layout, replaced)
    if layout == RESILIENCE:
        return compare(ours, published, margin, level)
    if layout == UNLEARNING:
        return compare_curves(ours, published, margin, level, replaced)
    return compare_ratios(ours, with_ratios(published, path), factor, level, replaced)


def in_words(frame: pd.DataFrame) -> str:
    """'80 points of Fig. 2: 70 equivalent, 10 different; ...'."""
    parts = []
    for figure, part in frame.groupby("figure", sort=False):
        counts = part["verdict"].value_counts().items()
        found = ", ".join(f"{count} {name}" for name, count in counts)
        parts.append(f"{len(part)} points of {figure}: {found}")
    return "; ".join(parts)
