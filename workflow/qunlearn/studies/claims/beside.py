"""What stands beside a claim's verdict: the authors' runs and null models, judged by the same measure
and criterion."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from qunlearn.results.csv import stem
from qunlearn.statistics.decision import Decision
from qunlearn.statistics.intervals import interval
from qunlearn.statistics.quantities import Positive
from qunlearn.statistics.runs import Missing
from qunlearn.statistics.verdicts import verdict
from qunlearn.studies.claims import nulls
from qunlearn.studies.claims.claim import Claim
from qunlearn.studies.reproduction.layouts import LANDSCAPE, LAYOUTS
from qunlearn.studies.reproduction.published import NothingInCommon, check_common, read_published
from qunlearn.studies.reproduction.ratios import with_ratios

SIDES = ("above", "below")


class Judged(NamedTuple):
    """A claim's quantity of other runs than its own, its interval, and the verdict."""

    value: float
    low: float
    high: float
    verdict: str


def judged(frame: pd.DataFrame, claim: Claim, model: str, settings, name: str) -> Judged | None:
    """Of these rows of one dataset, by the criterion of a `name`; None where they lack what it
    needs. `settings`: `decide.Settings`."""
    criterion = settings.criteria[name]
    bounds = {side: criterion[side] for side in SIDES if side in criterion}
    try:
        samples, statistic = claim.measure(frame, model, criterion)
    except Missing:
        return None
    value = float(statistic(samples))
    low = high = value
    if np.ptp(samples, axis=0).any():  # else every resample gives the same
        low, high = interval(samples, statistic, settings.confidence, settings.resamples)
    said = verdict(low, high, bounds, isinstance(statistic, Positive))
    return Judged(value, low, high, said)


def read_theirs(
    paths: list[str], tables: dict[str, pd.DataFrame], replaced: dict
) -> dict[str, pd.DataFrame]:
    """The authors' tables, by the name of this study's, with a column `seed` for their `run`.

    Raises UserError where not one of them has anything in common with this study's; `replaced`:
    table -> model -> networks that stand for it there.
    """
    found, problems = {}, []
    for path in paths:
        layout = next(layout for layout in LAYOUTS if layout.name == stem(path))
        table = read_published(path, layout)
        if layout is LANDSCAPE:
            table = with_ratios(table, path)
        try:
            check_common(table, tables[layout.name], path, layout, replaced.get(layout.name))
        except NothingInCommon as nothing:
            problems.append(nothing)
            continue
        found[layout.name] = table.rename(columns={"run": "seed"})
    if problems and not found:
        raise problems[0]
    return found


def beside(
    row: Decision,
    claim: Claim,
    tables: dict[str, pd.DataFrame],
    published: dict[str, pd.DataFrame],
    settings,
) -> Decision:
    """The row with the columns of published runs and of null models.

    `tables`: as `decide.marked` gives them, those of the trained null among them where it was
    trained. `published`: the authors' tables alike.
    """
    found = {}
    if claim.table in published:
        theirs = published[claim.table]
        theirs = theirs[theirs["dataset"] == row.dataset]
        model = row.model if row.model in set(theirs["model"]) else claim.model
        found |= _columns("published", judged(theirs, claim, model, settings, row.claim))
    return row._replace(**found, **_of_nulls(row, claim, tables, settings))


def _of_nulls(row: Decision, claim: Claim, tables: dict[str, pd.DataFrame], settings) -> dict:
    """Columns of a row about null models."""
    frame = tables[claim.table]
    frame = frame[frame["dataset"] == row.dataset]
    trained = tables.get(nulls.TABLES.get(claim.table, nulls.TRAINED))
    if trained is not None:
        trained = trained[trained["dataset"] == row.dataset]
    columns, values, fulfilling = {}, [], []
    for null, is_trained, rows in nulls.replacements(claim, frame, trained, row.model):
        found = judged(rows, claim, row.model, settings, row.claim)
        if found is None:
            continue
        if is_trained:
            columns = {"null_model": null, **_columns("null", found)}
        else:
            values.append(f"{null} {found.value:.3f}")
        if found.verdict == "reproduced":
            fulfilling.append(null)
    return {**columns, "nulls": "; ".join(values), "also_true_of": ", ".join(fulfilling)}


def _columns(name: str, found: Judged | None) -> dict:
    """{'null': value, 'null_low': ..., 'null_high': ..., 'null_verdict': ...}; empty for None."""
    if found is None:
        return {}
    ends = {"low": found.low, "high": found.high, "verdict": found.verdict}
    return {name: found.value, **{f"{name}_{key}": value for key, value in ends.items()}}
