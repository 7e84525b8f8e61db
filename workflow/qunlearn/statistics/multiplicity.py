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
from qunlearn.statistics.verdicts import verdict

#: The smallest and the largest level that are asked for: resamples tell nothing below.
LEVELS = (1e-4, 0.5)
#: Halvings of the range of levels, in its logarithm.
HALVINGS = 12


def smallest_level(found: Estimate | None, bounds: dict[str, float]) -> float:
    """The smallest 1 - confidence whose interval decides the claim, 0.0001 at least; 1 where none
    does. `bounds` as for `verdict`."""
    if found is None:
        return 1.0

    def decides(level: float) -> bool:
        return verdict(*found.interval(1 - level), **bounds) != "undecided"

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
    seeds: int, value: float, ends: tuple[float, float], bounds: dict[str, float]
) -> float:
    """About how many seeds decide the claim: an interval shrinks with their square root around a
    value that stays. Not a number without an interval, infinite on a threshold. Arguments as for
    `verdict`, with the number of `seeds` that the interval is of."""
    low, high = ends
    if not math.isfinite(low) or not math.isfinite(high):
        return math.nan
    above = value - bounds.get("above", -math.inf)  # how far inside, negative outside
    below = bounds.get("below", math.inf) - value
    reaches = value - low, high - value
    if above > 0 and below > 0:
        needed = max(reaches[0] / above, reaches[1] / below)
    elif min(above, below) == 0:
        return math.inf
    else:
        needed = reaches[1] / -above if above < 0 else reaches[0] / -below
    return float(max(seeds, math.ceil(round(seeds * needed**2, 6))))
