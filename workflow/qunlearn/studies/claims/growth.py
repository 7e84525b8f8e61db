"""Which models need more seeds: those that undecided claims take, at the next planned look.

A configuration on top says so: `seeds`, and under `fewer_seeds` how many of them every model has.
What claims that are decided take stays as it is, so that only what is open is computed again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from qunlearn.grid.names import base

if TYPE_CHECKING:
    import pandas as pd

    from qunlearn.config.plan import Plan


class Growth(NamedTuple):
    """Numbers of seeds: of `models` by (dataset, model), and of all data and models with changes."""

    models: dict[tuple[str, str], int]
    changed: int


def still_open(rows: pd.DataFrame, looks: Sequence[int]) -> pd.DataFrame:
    """Rows of the table of claims that more seeds may decide: undecided, with an interval, before
    the last look."""
    has_interval = rows["low"].notna()
    is_open = (rows["verdict"] == "undecided") & has_interval
    return rows[is_open & (rows["seeds"] < looks[-1])]


def spent(rows: pd.DataFrame, looks: Sequence[int]) -> pd.DataFrame:
    """Rows that the last look left undecided."""
    is_open = (rows["verdict"] == "undecided") & rows["low"].notna()
    return rows[is_open & (rows["seeds"] >= looks[-1])]


def next_look(seeds: int, looks: Sequence[int]) -> int:
    return next(number for number in looks if number > seeds)


def grown(rows: pd.DataFrame, looks: Sequence[int]) -> Growth:
    """What the next look needs, from the table of claims (columns of `decision.Decision`)."""
    models, changed = {}, 0
    for row in still_open(rows, looks).itertuples():
        wanted = next_look(row.seeds, looks)
        for model in str(row.models).split():
            if "~" in row.dataset + model:
                changed = max(changed, wanted)
                continue
            case = row.dataset, model
            models[case] = max(wanted, models.get(case, 0))
    return Growth(models, changed)


def configuration(plan: Plan, growth: Growth) -> dict:
    """Keys of a configuration on top of that of the plan, with which every model has the seeds that
    it has now, or those that the growth asks for."""
    config, grid = plan.config, plan.grid
    names = {base(model) for _, model in growth.models} | set(config["architectures"])
    models = {}
    for dataset in config["datasets"]:
        models[dataset] = {
            name: max(len(grid.seeds_of(dataset, name)), growth.models.get((dataset, name), 0))
            for name in sorted(names)
        }
    now = min(grid.fewer["changed"] or len(grid.seeds), len(grid.seeds))
    changed = max(now, growth.changed)
    most = max(changed, *(count for counts in models.values() for count in counts.values()))
    given = [*grid.seeds]
    unused = (seed for seed in range(most + max(given) + 1) if seed not in given)
    while len(given) < most:
        given.append(next(unused))
    fewer = {"changed": changed, "models": grid.fewer["models"] | models}
    return {"seeds": given, "fewer_seeds": fewer}


def in_words(rows: pd.DataFrame, looks: Sequence[int]) -> list[str]:
    """What the last look left undecided, a line each: 'qnn_dips (xxz): undecided, budget spent; ...'."""
    lines = []
    for row in spent(rows, looks).itertuples():
        needed = "no number of seeds"
        if math.isfinite(row.seeds_needed):
            needed = f"about {row.seeds_needed:.0f} seeds"
        lines.append(
            f"{row.claim} ({row.dataset}): undecided, budget spent at {row.seeds} seeds; "
            f"{needed} would decide it"
        )
    return lines
