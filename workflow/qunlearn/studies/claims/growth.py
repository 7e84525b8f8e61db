"""Which runs need more seeds: those that undecided claims take, at the next planned look.

A configuration on top says so: `seeds`, and under `fewer_seeds` how many of them each of these runs
has. What claims that are decided take stays as it is, so that only what is open is computed again.
So does what is hopeless: a verdict that by its own estimate would take more than `patience` times
the last look's seeds. To give up without a verdict makes no wrong one more likely.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from qunlearn.config.plan import Plan


def why_no_more(row, looks: Sequence[int], patience: float) -> str:
    """Why an undecided row (of `decision.Decision`) gets no more seeds; empty where it does, and
    where there is one look only."""
    if not looks:
        return ""
    if row.seeds >= looks[-1]:
        return f"budget spent, {looks[-1]} seeds"
    if row.seeds_needed > patience * looks[-1]:
        return f"given up at {row.seeds} seeds, beyond the budget of {looks[-1]}"
    return ""


def undecided(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the table of claims that more seeds might decide: they have an interval."""
    return rows[(rows["verdict"] == "undecided") & rows["low"].notna()]


def still_open(rows: pd.DataFrame, looks: Sequence[int], patience: float) -> pd.DataFrame:
    """Those of them that get more seeds."""
    rows = undecided(rows)
    gets_more = [not why_no_more(row, looks, patience) for row in rows.itertuples()]
    return rows[gets_more]


def next_look(seeds: int, looks: Sequence[int]) -> int:
    return next(number for number in looks if number > seeds)


def grown(rows: pd.DataFrame, looks: Sequence[int], patience: float) -> dict[str, int]:
    """Run, 'dataset/model/corruption' -> number of seeds that the next look needs, from the table
    of claims (columns of `decision.Decision`)."""
    found: dict[str, int] = {}
    for row in still_open(rows, looks, patience).itertuples():
        for run in row.runs.split():
            found[run] = max(next_look(row.seeds, looks), found.get(run, 0))
    return found


def configuration(plan: Plan, growth: dict[str, int]) -> dict:
    """Keys of a configuration on top of that of the plan, with which every run has the seeds that it
    has now, or those that the growth asks for."""
    grid = plan.grid
    runs = dict(grid.fewer["runs"])
    for run, wanted in growth.items():
        runs[run] = max(wanted, len(grid.seeds_of(*run.split("/"))))
    given = [*grid.seeds]
    now = len(given)
    most = max([now, *runs.values()])
    unused = (seed for seed in range(most + max(given) + 1) if seed not in given)
    while len(given) < most:
        given.append(next(unused))
    limits = {key: grid.fewer[key] or now for key in ("changed", "others")}
    return {"seeds": given, "fewer_seeds": {**limits, "runs": runs}}


def in_words(rows: pd.DataFrame, looks: Sequence[int], patience: float) -> list[str]:
    """What is left undecided, a line each: 'qnn_dips (xxz): undecided, budget spent, 60 seeds; ...'."""
    lines = []
    for row in undecided(rows).itertuples():
        why = why_no_more(row, looks, patience) or f"no more than {row.seeds} seeds to be had"
        needed = "no number of seeds"
        if math.isfinite(row.seeds_needed):
            needed = f"about {row.seeds_needed:.0f} seeds"
        lines.append(f"{row.claim} ({row.dataset}): undecided, {why}; {needed} would decide it")
    return lines
