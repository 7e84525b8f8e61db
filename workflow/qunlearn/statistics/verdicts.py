"""From numbers to verdicts: on which side of a threshold an interval lies, and whether two sets of
runs agree.

Equivalence is tested, for the absence of a significant difference is no evidence of agreement: two
one-sided Welch tests (TOST: Schuirmann, J. Pharmacokinet. Biopharm. 15, 657, 1987) of whether the
means differ by less than a margin.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

#: Runs that differ by less have no spread to test against.
SPREAD = 1e-12
#: Factors on a threshold, or on the width of a range, that a firm verdict stands.
FACTORS = (0.5, 1, 2)
#: Verdicts on which side of its threshold a value lies.
SIDES = ("reproduced", "not reproduced")
#: Verdicts that take none.
NO_SIDE = ("at the threshold", "undecided")
#: All of them, as a page counts them.
VERDICTS = (*SIDES, *NO_SIDE)


def verdict(low: float, high: float, bounds: dict[str, float], is_ratio: bool = False) -> str:
    """One of `VERDICTS`, from the interval of a value of which above < value < below is claimed.

    At the threshold: the interval holds it and lies `around` it, so that the value is known as well
    as the threshold is meant.

    `bounds`: 'above', 'below' or both. `is_ratio`: the width of a range is that of its logarithms.
    """
    above, below = bounds.get("above", -math.inf), bounds.get("below", math.inf)
    if low > above and high < below:
        return "reproduced"
    if high <= above or low >= below:
        return "not reproduced"
    near = any(nearest < low and high < farthest for nearest, farthest in around(bounds, is_ratio))
    return "at the threshold" if near else "undecided"


def around(bounds: dict[str, float], is_ratio: bool = False) -> list[tuple[float, float]]:
    """Between half and twice of each threshold: of a range, where an end goes if the width is halved
    and doubled. Empty intervals at a threshold of 0."""
    half, twice = (_moved(bounds, factor, is_ratio) for factor in (0.5, 2))
    ends = [sorted([half[side], twice[side]]) for side in bounds]
    return [(nearest, farthest) for nearest, farthest in ends]


def firm(low: float, high: float, bounds: dict[str, float], is_ratio: bool = False) -> bool:
    """True if the verdict stays the same with half and with twice the threshold, or the width of a
    range. Arguments as for `verdict`."""
    moved = [_moved(bounds, factor, is_ratio) for factor in FACTORS]
    return len({verdict(low, high, each, is_ratio) for each in moved}) == 1


def _moved(bounds: dict[str, float], factor: float, is_ratio: bool) -> dict[str, float]:
    """A threshold times a factor, or a range whose width is."""
    if len(bounds) == 1:
        return {side: factor * bound for side, bound in bounds.items()}
    if is_ratio:
        middle = math.sqrt(math.prod(bounds.values()))
        return {side: middle * (bound / middle) ** factor for side, bound in bounds.items()}
    middle = sum(bounds.values()) / 2
    return {side: middle + factor * (bound - middle) for side, bound in bounds.items()}


def welch(ours: np.ndarray, theirs: np.ndarray, margin: float) -> tuple[float, float]:
    """(p of TOST, p of Welch's test of equal means). If the first is small, the means differ by
    less than the margin.

    Where no run differs from its fellows there is no spread to test against: the p values are then
    0 or 1, as the means themselves tell. Not numbers where either side has a single run.
    """
    difference = np.mean(ours) - np.mean(theirs)
    if min(len(ours), len(theirs)) < 2:
        return math.nan, math.nan
    if max(np.ptp(ours), np.ptp(theirs)) < SPREAD:
        return float(abs(difference) >= margin), float(abs(difference) < SPREAD)
    our_spread, their_spread = np.std(ours, ddof=1), np.std(theirs, ddof=1)

    def p_value(shift: float, alternative: str) -> float:
        test = stats.ttest_ind_from_stats(
            difference,
            our_spread,
            len(ours),
            shift,
            their_spread,
            len(theirs),
            equal_var=False,
            alternative=alternative,
        )
        return float(test.pvalue)

    equivalent = max(p_value(-margin, "greater"), p_value(margin, "less"))
    return equivalent, p_value(0, "two-sided")


def one_against_many(one: float, many: np.ndarray, margin: float) -> tuple[float, float]:
    """As `welch`, of a single run whose spread nobody knows, taken to be that of the `many` it is
    compared with: Student's t-test with a sample of one. If the second is small, a run like the
    many would hardly end there."""
    spread = np.std(many, ddof=1)

    def p_value(shift: float, alternative: str) -> float:
        test = stats.ttest_ind_from_stats(
            np.mean(many) - one,
            spread,
            len(many),
            shift,
            0.0,
            1,
            equal_var=True,
            alternative=alternative,
        )
        return float(test.pvalue)

    equivalent = max(p_value(-margin, "greater"), p_value(margin, "less"))
    return equivalent, p_value(0, "two-sided")


def equivalence(equivalent: float, different: float, level: float) -> str:
    """'equivalent' if TOST says so, else 'different' if Welch's test does, else 'undecided': p
    values of `welch`."""
    if equivalent < level:
        return "equivalent"
    return "different" if different < level else "undecided"
