"""A verdict from as many seeds as it takes: looks at growing numbers of them.

The first seeds are looked at, then the first so many more, until an interval decides or the last of
the planned numbers is reached. Looking several times would raise the chance of a wrong verdict; with
K planned looks each interval therefore has the level (1 - confidence) / K, so that all K hold the
truth together with the confidence (Bonferroni's inequality; it holds for any statistic, and whatever
made one stop). That a verdict of an early look is kept is part of the plan.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from qunlearn.statistics.intervals import estimate
from qunlearn.statistics.multiplicity import seeds_needed, smallest_level
from qunlearn.statistics.quantities import Positive, Statistic
from qunlearn.statistics.verdicts import firm, verdict


class Judgement(NamedTuple):
    """What a look finds, as columns of `decision.Decision`."""

    seeds: int
    value: float
    low: float
    high: float
    verdict: str
    firm: bool
    level: float
    seeds_needed: float


class Rule(NamedTuple):
    """The `confidence` of a verdict, the number of `resamples`, and the numbers of seeds that are
    looked at, increasing; none for one look at all there are."""

    confidence: float
    resamples: int
    looks: Sequence[int] = ()

    def numbers(self, seeds: int) -> list[int]:
        """At how many seeds to look where there are so many: at the planned ones that there are;
        the last may be short of its plan, or beyond the last plan."""
        return [*(number for number in self.looks[:-1] if number < seeds), seeds]

    def planned(self) -> int:
        """Number of looks."""
        return max(1, len(self.looks))


def judge(
    samples: np.ndarray, statistic: Statistic, bounds: dict[str, float], rule: Rule
) -> Judgement:
    """The verdict of the first look that decides, else of the last. `samples` (seeds, ...) in the
    order of seeds; `bounds` as for `verdicts.verdict`."""
    confidence = 1 - (1 - rule.confidence) / rule.planned()
    is_ratio = isinstance(statistic, Positive)
    for seeds in rule.numbers(len(samples)):
        runs = samples[:seeds]
        found = estimate(runs, statistic, rule.resamples)
        ends = found.interval(confidence) if found else (math.nan, math.nan)
        said = verdict(*ends, bounds, is_ratio)
        if said != "undecided":
            break
    value = float(statistic(runs))
    level = math.nan
    if not math.isnan(ends[0]):
        level = min(1.0, rule.planned() * smallest_level(found, said, bounds, is_ratio))
    return Judgement(
        seeds=seeds,
        value=value,
        low=ends[0],
        high=ends[1],
        verdict=said,
        firm=firm(*ends, bounds, is_ratio),
        level=level,
        seeds_needed=seeds_needed(seeds, value, ends, bounds, is_ratio),
    )
