"""Is each claim of the paper true here: one number per claim, its confidence interval over seeds,
and a verdict.

A claim is decided by one quantity, the side of a threshold (or the range between two) that it says
the quantity lies on, and a confidence interval: reproduced if the whole interval lies on that side,
not reproduced if the whole interval lies on the other, undecided else. Thresholds come from the
configuration. Of 50 verdicts some may be wrong: each row says whether its verdict stands together
with all others, too (`statistics.multiplicity`). Runs flagged `collapsed` are included, and counted
with a bound on their share.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from qunlearn.grid.names import base
from qunlearn.statistics.decision import Decision
from qunlearn.statistics.intervals import share_at_most
from qunlearn.statistics.looks import Rule, judge
from qunlearn.statistics.multiplicity import judged_together
from qunlearn.statistics.runs import Missing
from qunlearn.studies.claims.beside import beside
from qunlearn.studies.claims.claim import Claim
from qunlearn.studies.claims.growth import why_no_more

#: Columns that tell runs apart.
RUN = ["dataset", "model", "corruption", "alpha", "method", "phase", "seed"]
#: Columns with numbers that are no outcome of a run.
PLACES = {"alpha", "seed", "step", "epochs", "passes", "share"}
SIDES = ("above", "below")
#: Trait of data whose states have a phase that means nothing.
ARBITRARY_PHASE = "arbitrary phase"


class Settings(NamedTuple):
    """What decides beside the tables. Of the configuration: the `criteria` by claim, and the
    intervals' `confidence`, number of `resamples`, `looks` and `patience`. Of its parts: `kinds`, architecture ->
    'linear' or its family; `quantum`, the architectures that are circuits; `phase_blind`, those to
    which the phase of a state is hidden; `traits`, dataset -> its traits; `replaced`, stage ->
    model -> networks that stand for it there; `approximate`, the paper's methods that start from
    the poisoned model; `left_out`, methods that are not the paper's."""

    criteria: dict[str, dict]
    confidence: float
    resamples: int
    kinds: dict[str, str]
    quantum: list[str]
    phase_blind: list[str]
    traits: dict[str, list[str]]
    replaced: dict[str, dict[str, list[str]]]
    approximate: list[str]
    left_out: list[str]
    looks: Sequence[int] = ()
    patience: float = 2.0


def decide(
    tables: dict[str, pd.DataFrame],
    claims: dict[str, Claim],
    settings: Settings,
    published: dict[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """One row per claim, dataset and network that stands for the claim's model in its table, as of
    `Decision`.

    `published`: the authors' tables, by the names of this study's.
    """
    tables = {name: marked(table, settings) for name, table in tables.items()}
    theirs = {name: marked(table, settings) for name, table in (published or {}).items()}
    rows = []
    for name, criterion in settings.criteria.items():
        claim = claims[name]
        if claim.table not in tables:  # there is nothing that it could be decided on
            continue
        table = tables[claim.table]
        for dataset in datasets_of(claim, table, settings.traits):
            frame = table.query("dataset == @dataset")
            row = Decision(
                claim=name,
                sentence=claim.sentence,
                section=claim.section,
                dataset=dataset,
                model=claim.model,
                quantity=claim.quantity.format(**_in_words(criterion)),
                seeds=frame["seed"].nunique(),
            )
            for model in networks(claim, settings.replaced):
                mine = decided(row._replace(model=model), claim, frame, criterion, settings)
                rows.append(beside(mine, claim, tables, theirs, settings))
    found = pd.DataFrame(rows, columns=Decision._fields)
    return judged_together(found, settings.confidence)


def marked(table: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The table with what measures ask about models and methods."""
    names = table["model"].map(base)
    with_phase = [name for name, traits in settings.traits.items() if ARBITRARY_PHASE in traits]
    has_phase = table["dataset"].map(base).isin(with_phase)
    table = table.assign(
        kind=names.map(settings.kinds),
        quantum=names.isin(settings.quantum),
        sees_phase=has_phase & ~names.isin(settings.phase_blind),
    )
    if "method" in table:
        is_approximate = table["method"].isin(settings.approximate)
        table = table.assign(approximate=is_approximate)
    return table


def datasets_of(claim: Claim, table: pd.DataFrame, traits: dict[str, list[str]]) -> list[str]:
    """Datasets of the table that the claim is about, sorted."""
    names = sorted(table["dataset"].unique())
    return [name for name in names if claim.unless not in traits.get(base(name), [])]


def networks(claim: Claim, replaced: dict[str, dict[str, list[str]]]) -> list[str]:
    """Networks that stand for the claim's model in its table."""
    return replaced.get(claim.stage or claim.table, {}).get(claim.model, [claim.model])


def decided(
    row: Decision, claim: Claim, frame: pd.DataFrame, criterion: dict, settings: Settings
) -> Decision:
    """The row with the verdict on the claim and its model, from the rows of one dataset."""
    bounds = {side: criterion[side] for side in SIDES if side in criterion}
    row = row._replace(**bounds)
    try:
        samples, statistic = claim.measure(frame, row.model, criterion)
    except Missing as missing:
        return row._replace(remark=str(missing))
    rule = Rule(settings.confidence, settings.resamples, settings.looks)
    found = judge(samples, statistic, bounds, rule)
    row = row._replace(**found._asdict())
    samples = samples[: found.seeds]
    failed = failed_seeds(claim, frame, row.model, criterion, found.seeds)
    say = getattr(statistic, "remark", lambda samples: "")
    no_value = say(samples) if math.isnan(found.value) else ""
    why = no_value or _why_no_interval(found, samples)
    remark = why or say(samples) or _not_independent(frame)
    if found.verdict == "undecided":
        spent = why_no_more(row, settings.looks, settings.patience)
        if settings.looks and not spent:
            row = row._replace(runs=" ".join(runs_behind(claim, frame, row.model, criterion)))
        remark = remark or spent
    return row._replace(
        remark=remark,
        failed=failed,
        failed_at_most=share_at_most(failed, found.seeds, settings.confidence),
    )


def _measured_of(values, claim: Claim, frame: pd.DataFrame, model: str, criterion: dict):
    """What the claim measures with these values (rows,) in the place of every outcome of a run, (seeds,
    ...); numbers that are missing stay so. None where it chooses its runs by such numbers."""
    numbers = frame.select_dtypes("number").columns.difference([*PLACES])
    replaced = {name: frame[name].where(frame[name].isna(), values) for name in numbers}
    try:
        return claim.measure(frame.assign(**replaced), model, criterion)[0]
    except Missing:
        return None


def failed_seeds(claim: Claim, frame: pd.DataFrame, model: str, criterion: dict, seeds: int) -> int:
    """How many of the first so many seeds have a run that decides the claim and is flagged: what the
    claim measures of flags. Where that cannot be told, runs that do not decide it count, too."""
    flags = frame["collapsed"].astype(float)
    samples = _measured_of(flags, claim, frame, model, criterion)
    if samples is None:
        of_seeds = flags.groupby(frame["seed"]).any()
        return int(of_seeds.to_numpy()[:seeds].sum())
    flagged = np.nan_to_num(samples[:seeds]) != 0  # a ratio of two unflagged numbers is 0 / 0
    return int(flagged.reshape(seeds, -1).any(axis=1).sum())


def runs_behind(claim: Claim, frame: pd.DataFrame, model: str, criterion: dict) -> list[str]:
    """Runs that decide the claim, as 'dataset/model/corruption': what it measures changes with
    theirs, or they are paired by seed with some that it measures. All of the table where that cannot
    be told. What ran has columns of its own, `run_dataset` and `run_model`, in tables that have it
    under the study's names."""
    datasets, models = (frame.get(f"run_{name}", frame[name]) for name in ("dataset", "model"))
    names = datasets + "/" + models + "/" + frame["corruption"]
    known = sorted(names.unique())
    measured = partial(_measured_of, claim=claim, frame=frame, model=model, criterion=criterion)
    if measured(pd.Series(0.0, frame.index)) is None:
        return known
    paired = partial(_is_paired, claim=claim, frame=frame, model=model, criterion=criterion)
    return [
        name for name in known if _moves(measured, names == name) or paired(names == name)
    ] or known


def _is_paired(
    is_asked: pd.Series, claim: Claim, frame: pd.DataFrame, model: str, criterion: dict
) -> bool:
    """Whether the claim measures fewer seeds without the last one of these rows (rows,), though none of
    their numbers may count: a run without any, say."""
    last = frame["seed"] == frame.loc[is_asked, "seed"].max()
    try:
        fewer, _ = claim.measure(frame[~(is_asked & last)], model, criterion)
    except Missing:
        return True
    return len(fewer) < len(claim.measure(frame, model, criterion)[0])


def _moves(measured: Callable, is_asked: pd.Series) -> bool:
    """Whether what is measured tells these rows (rows,) from all others: by ones among zeros, or
    zeros among ones, for a measure may choose the largest or the smallest."""
    for marks, others in ((is_asked, 0.0), (~is_asked, 1.0)):
        samples = measured(marks.astype(float))
        without = measured(pd.Series(others, is_asked.index))
        if samples is None or not np.array_equal(samples, without, equal_nan=True):
            return True
    return False


def _in_words(criterion: dict) -> dict[str, str]:
    """{'alphas': '0.1, 0.2', 'above': '0.05'}: as `quantity` names them."""
    words = {}
    for key, value in criterion.items():
        words[key] = ", ".join(f"{number:g}" for number in np.atleast_1d(value))
    return words


def _why_no_interval(found, samples: np.ndarray) -> str:
    if not math.isnan(found.low):
        return ""
    if math.isnan(found.value):
        return "no value: some of its numbers are undefined"
    return "one seed only" if len(samples) < 2 else "no value in some resamples"


def _not_independent(frame: pd.DataFrame) -> str:
    return "runs restart from one model and are not independent" if "start_seed" in frame else ""


def collapsed(tables: dict[str, pd.DataFrame]) -> dict[str, tuple[int, int]]:
    """Table -> (runs flagged as collapsed, all runs)."""
    counts = {}
    for name, table in tables.items():
        run = [key for key in RUN if key in table]
        runs = table[run].drop_duplicates()
        lost = table.query("collapsed")[run].drop_duplicates()
        counts[name] = len(lost), len(runs)
    return counts
