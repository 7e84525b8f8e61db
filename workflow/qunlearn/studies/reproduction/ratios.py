"""Landscape roughening ratios beside the authors' published ones (Fig. 3d), on a logarithmic
scale."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from qunlearn.runtime.errors import UserError
from qunlearn.statistics.roughening import lrr
from qunlearn.studies.reproduction.compare import Comparison, Side, comparison
from qunlearn.studies.reproduction.layouts import LANDSCAPE
from qunlearn.studies.reproduction.published import partners

#: What a poisoned run shares with its clean twin.
TWINS = ["dataset", "model", "corruption", "eval_set", "run"]


def with_ratios(published: pd.DataFrame, path) -> pd.DataFrame:
    """The authors' table with the column `lrr`: as it stands there, else the trace over that of the
    same run at alpha = 0. Raises UserError where a run has none."""
    if "lrr" in published:
        return published
    table = published.assign(lrr=lrr(published, TWINS))
    alone = table[table["lrr"].isna()]
    if len(alone):
        words = ", ".join(f"{name} {alone.iloc[0][name]}" for name in TWINS)
        raise UserError(
            f"{path}: no trace at alpha 0 of {words}, to which its others are ratios; add it, or "
            "give a column lrr."
        )
    return table


def compare_ratios(
    landscape: pd.DataFrame,
    published: pd.DataFrame,
    factor: float,
    level: float,
    replaced: dict[str, list[str]],
) -> pd.DataFrame:
    """One row per case with alpha > 0 that both tables have, as of `Comparison`: equivalent are
    geometric means closer than the `factor`. `replaced`: model -> architectures that stand for it
    in `landscape`."""
    ours = landscape[landscape["alpha"] > 0]
    theirs = published[published["alpha"] > 0]
    margin = math.log10(factor)
    rows = []
    for own, other in partners(ours, theirs, LANDSCAPE.case, replaced):
        here, there = side_of(ours, own, "seed"), side_of(theirs, other, "run")
        names = dict(zip(LANDSCAPE.case, own))
        names |= {"figure": "Fig. 3d", "quantity": "lrr", "published_as": other[1]}
        row = comparison(here, there, margin, level, names, ratio=True)
        remark = joined(row.remark, without_logarithm(here, there))
        rows.append(row._replace(remark=remark))
    return pd.DataFrame(rows, columns=Comparison._fields)


def side_of(table: pd.DataFrame, case: tuple, run: str) -> Side:
    """log10 of the ratios of a case; not a number where a ratio has no logarithm."""
    *curve, alpha, eval_set = case
    chosen = table["eval_set"] == eval_set
    for name, value in zip(LANDSCAPE.case, curve):
        chosen &= table[name] == value
    ratios = table[chosen].pivot(index=run, columns="alpha", values="lrr")
    here = ratios[ratios[alpha].notna()]
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithms = np.log10(here[alpha].to_numpy(float))
    logarithms[~np.isfinite(logarithms)] = np.nan
    return Side(logarithms, here.to_numpy(float))


def without_logarithm(ours: Side, theirs: Side) -> str:
    """How many runs have a ratio that is not positive, for which there is no mean here."""
    found = []
    for name, side in (("own", ours), ("published", theirs)):
        lost = int(np.isnan(side.values).sum())
        if lost:
            found.append(f"{lost} of {len(side.values)} {name} ratios are not positive")
    return "; ".join(found)


def joined(*remarks: str) -> str:
    return "; ".join(remark for remark in remarks if remark)
