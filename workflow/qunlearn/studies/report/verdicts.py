"""Claims as the page shows them: each with its verdicts, and its interval as a small drawing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from qunlearn.results.decisions import read_decisions
from qunlearn.statistics.decision import CONTROLS
from qunlearn.studies.claims import page as wording
from qunlearn.studies.claims.claim import Claim
from qunlearn.studies.report.pieces import Figure

NOT_IN_REPORT = "not decided: report.include leaves the claims out"
NO_DATASET = "no dataset of this study can decide it"


def read_claims(path: str | None) -> pd.DataFrame | None:
    """The table of claims; None for none."""
    return None if path is None else read_decisions(path)


def verdict_counts(rows: pd.DataFrame | None) -> list[tuple[str, list[int]]]:
    """(dataset, number of rows of every verdict)."""
    if rows is None:
        return []
    counts = wording.verdict_counts(rows)
    return [(dataset, line.tolist()) for dataset, line in counts.iterrows()]


# -- entries ---------------------------------------------------------------------------------------
class Head(NamedTuple):
    """What is said of a claim before its verdicts; `table`: where its numbers are."""

    name: str
    sentence: str
    section: str
    table: str


def claim_sections(
    rows: pd.DataFrame | None,
    claims: dict[str, Claim],
    names: list[str],
    figures: list[Figure],
) -> list[tuple[str, list[dict]]]:
    """(section of the paper, its claims), every claim of these names once, then the controls.

    `rows`: the table of claims, None where it was left out; a claim without a row is undecided, and
    says why.
    """
    entries = []
    for head in _heads(rows, claims, names):
        mine = [] if rows is None else _rows_of(rows, head.name)
        results = [_result(row, claims) for row in mine]
        reason = NOT_IN_REPORT if rows is None else NO_DATASET
        entry = {
            "name": re.sub(r"\W+", "-", head.name),
            "sentence": head.sentence,
            "section": head.section,
            "results": results or [_nothing(reason)],
            "figure": next((f for f in figures if head.table in f.tables), None),
            "quantity": mine[0]["quantity"] if mine else "-",
            "side": wording.side(mine[0]) if mine else "-",
        }
        entries.append(entry)
    sections = groupby(entries, key=lambda entry: entry["section"])
    return [(section, list(group)) for section, group in sections]


def _heads(rows: pd.DataFrame | None, claims: dict[str, Claim], names: list[str]) -> Iterator[Head]:
    for name in names:
        claim = claims[name]
        yield Head(name, claim.sentence, claim.section, claim.table)
    if rows is None:
        return
    effects = rows[rows["section"] == CONTROLS].drop_duplicates("claim")
    for row in effects.itertuples():
        yield Head(row.claim, row.sentence, row.section, "controls")


def _rows_of(rows: pd.DataFrame, claim: str) -> list[pd.Series]:
    mine = rows[rows["claim"] == claim]
    return [row for _, row in mine.iterrows()]


def _result(row: pd.Series, claims: dict[str, Claim]) -> dict:
    return {
        "subject": wording.subject(row, claims),
        "value": wording.value(row),
        "nulls": wording.nulls(row),
        "published": wording.compared(row, "published"),
        "verdict": row["verdict"],
        "mark": wording.mark(row),
        "starred": wording.starred(row),
        "remark": row["remark"],
        "range": interval_svg(row),
    }


def _nothing(reason: str) -> dict:
    """The result of a claim that was not decided."""
    return {
        "subject": "-",
        "value": "-",
        "nulls": "-",
        "published": "-",
        "verdict": "undecided",
        "mark": "",
        "starred": False,
        "remark": reason,
        "range": "",
    }


# -- drawing ---------------------------------------------------------------------------------------
RANGE = (
    '<svg class="range" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
    'aria-hidden="true">{shapes}</svg>'
)
SIDE = '<rect class="side" x="{left:.1f}" width="{width:.1f}" height="{height}"/>'
BOUND = '<path class="bound" d="M{x:.1f} 0V{height}"/>'
INTERVAL = '<path class="interval" d="M{low:.1f} {middle}H{high:.1f}"/>'
DOT = '<circle cx="{x:.1f}" cy="{middle}" r="3"/>'


class Scale(NamedTuple):
    """From numbers between `low` and `high`, and some room beside them, to pixels."""

    low: float
    high: float
    width: int

    def __call__(self, value: float) -> float:
        room = 0.15 * (self.high - self.low) or 1.0
        share = (value - self.low + room) / (self.high - self.low + 2 * room)
        return 3 + (self.width - 6) * share


def interval_svg(row: pd.Series, width: int = 132, height: int = 16) -> Markup:
    """The interval as a line, the value as a dot, where the claim says it lies as a shaded range;
    each row has a scale of its own."""
    found = row[["low", "high", "value"]].dropna()
    bounds = row[["above", "below"]].dropna()
    if found.empty:
        return Markup("")
    numbers = [*found, *bounds]
    x = Scale(min(numbers), max(numbers), width)
    found, bounds = found.map(x), bounds.map(x)
    middle = height / 2
    left, right = bounds.get("above", 0), bounds.get("below", width)
    shapes = [SIDE.format(left=left, width=right - left, height=height)]
    shapes += [BOUND.format(x=bound, height=height) for bound in bounds]
    if "low" in found:
        shapes.append(INTERVAL.format(low=found["low"], high=found["high"], middle=middle))
    if "value" in found:
        shapes.append(DOT.format(x=found["value"], middle=middle))
    drawing = "".join(shapes)
    return Markup(RANGE.format(width=width, height=height, shapes=drawing))
