"""Many verdicts at once: how surely each is reached, which stand together, and how many seeds an
undecided one lacks.

Of 50 verdicts at 95 % two or three may be wrong. Holm's procedure (Scand. J. Statist. 6, 65, 1979)
keeps those of which all are right with 95 %.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from qunlearn.statistics.intervals import Estimate
from qunlearn.statistics.verdicts import SIDES, around, verdict

#: The smallest and the largest level that are asked for: resamples tell nothing below.
LEVELS = (1e-4, 0.5)
#: Halvings of the range of levels, in its logarithm.
HALVINGS = 12


def smallest_level(
    found: Estimate | None, said: str, bounds: dict[str, float], is_ratio: bool = False
) -> float:
    """The smallest 1 - confidence whose interval says of the claim what was `said`, 0.0001 at
    least; where that was nothing, decides it at all; 1 where none does. `bounds` and `is_ratio` as
    for `verdict`."""
    if found is None:
        return 1.0

    def decides(level: float) -> bool:
        narrower = verdict(*found.interval(1 - level), bounds, is_ratio)
        return narrower == said if said in SIDES else narrower != "undecided"

    surest, loosest = LEVELS
    if not decides(loosest):
        return 1.0
    if decides(surest):
        return surest
    low, high = math.log(surest), math.log(loosest)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if decides(math.exp(middle)):
            high = middle
        else:
            low = middle
    return math.exp(high)


def stand_together(levels: np.ndarray, family: float) -> np.ndarray:
    """(rows,) of bool by Holm's procedure: verdicts whose smallest levels are small enough for all
    of them to be right but for a chance of `family`. Rows that are not numbers were not asked."""
    stand = np.zeros(len(levels), bool)
    asked = np.flatnonzero(np.isfinite(levels))
    for rank, row in enumerate(asked[np.argsort(levels[asked], kind="stable")]):
        if levels[row] > family / (len(asked) - rank):
            break
        stand[row] = True
    return stand


def judged_together(rows: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """The rows (`decision.Decision`) with `stands` filled in: one family."""
    levels = rows["level"].to_numpy(float)
    return rows.assign(stands=stand_together(levels, 1 - confidence))


def seeds_needed(
    seeds: int,
    value: float,
    ends: tuple[float, float],
    bounds: dict[str, float],
    is_ratio: bool = False,
) -> float:
    """About how many seeds decide the claim, or show that it is at its threshold: an interval
    shrinks with their square root around a value that stays. Not a number without an interval,
    infinite on a threshold of 0. Arguments as for `verdict`, with the number of `seeds` that the
    interval is of."""
    low, high = ends
    if not math.isfinite(low) or not math.isfinite(high):
        return math.nan
    above, below = bounds.get("above", -math.inf), bounds.get("below", math.inf)
    outside = [(-math.inf, above), (below, math.inf)]
    wanted = [(above, below), *outside, *around(bounds, is_ratio)]
    needed = math.inf
    for floor, ceiling in wanted:
        if floor < value < ceiling:  # the interval has to shrink by so much to lie there
            shrinkage = max((value - low) / (value - floor), (high - value) / (ceiling - value))
            needed = min(needed, shrinkage)
    if math.isinf(needed):
        return needed
    return float(max(seeds, math.ceil(round(seeds * needed**2, 6))))
