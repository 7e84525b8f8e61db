"""Blocks: the tuple of alphas (or seeds) that one job computes together, as a path spells it.

One value (`alpha0.30`, `seed2`) or a range (`alpha0.00-0.90`, `seed0-4`): every value between the two ends of the grid
that holds both.
"""

from __future__ import annotations

from qunlearn.runtime.errors import UserError


def canonical(alpha: float) -> float:
    """The float that stands for a corrupted fraction everywhere: four decimals, so that 0.1 + 0.2 is 0.3."""
    return round(float(alpha), 4)


def format_alpha(alpha: float) -> str:
    """0.3 -> '0.30'; four decimals at most, two at least."""
    whole, decimals = f"{alpha:.4f}".split(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def format_block(values: tuple, form=str) -> str:
    """(0, 1, 2) -> '0-2'; (3,) -> '3'."""
    if len(values) == 1:
        return form(values[0])
    return f"{form(values[0])}-{form(values[-1])}"


def parse_alpha(name: str) -> float:
    """The corrupted fraction that '0.30' spells. Raises UserError for any other spelling, and for what is none."""
    try:
        alpha = canonical(float(name))
        spelt = format_alpha(alpha)
    except ValueError:
        raise UserError(f"'{name}' in a path is no corrupted fraction such as 0.30") from None
    if not 0 <= alpha < 1:
        raise UserError(f"'{name}' in a path is no corrupted fraction: these are from 0 to below 1")
    if name != spelt:
        raise UserError(
            f"'{name}' in a path: corrupted fractions have two to four decimals; spell it {spelt}"
        )
    return alpha


def parse_seed(name: str) -> int:
    """The seed that '3' spells. Raises UserError for any other spelling, and for what is none."""
    if not (name.isascii() and name.isdigit()):
        raise UserError(f"'{name}' in a path is no seed such as 3")
    if name != str(int(name)):
        raise UserError(f"'{name}' in a path: spell the seed {int(name)}")
    return int(name)


def parse_block(name: str, grids: list[tuple], parse) -> tuple:
    """The values that `name` stands for: one value, or all values of the first grid that holds both ends.

    Raises UserError when no grid holds the ends of a range.
    """
    first, *rest = (parse(part) for part in name.split("-"))
    if not rest:
        return (first,)
    last = rest[0]
    for grid in grids:
        if len(rest) == 1 and first in grid and last in grid and first < last:
            return tuple(value for value in sorted(grid) if first <= value <= last)
    known = "; ".join(", ".join(str(value) for value in grid) for grid in grids)
    raise UserError(f"no block '{name}' on this grid: both ends of a range must be on it ({known})")


def chunk(values, size: int) -> list[tuple]:
    """Consecutive blocks of at most `size` sorted values."""
    values = sorted(values)
    return [tuple(values[i : i + size]) for i in range(0, len(values), size)]


def without_doubles(values) -> list:
    """Each once, in the order of first appearance."""
    return list(dict.fromkeys(values))
