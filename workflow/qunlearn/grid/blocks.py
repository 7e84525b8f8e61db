"""Blocks: the tuple of alphas (or seeds) that one job computes together, as a path spells it.

One value (`alpha0.30`, `seed2`) or a range (`alpha0.00-0.90`, `seed0-4`): every value between the two ends of the grid
that holds both.
"""

from __future__ import annotations

from qunlearn.runtime.errors import UserError

ALPHAS_PATTERN = r"0\.\d{2,4}(-0\.\d{2,4})?"
POISONED_PATTERN = r"0\.\d*[1-9]\d*"
SEEDS_PATTERN = r"\d+(-\d+)?"


def format_alpha(alpha: float) -> str:
    """0.3 -> '0.30'; four decimals at most, two at least."""
    whole, decimals = f"{alpha:.4f}".split(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def format_block(values: tuple, form=str) -> str:
    """(0, 1, 2) -> '0-2'; (3,) -> '3'."""
    if len(values) == 1:
        return form(values[0])
    return f"{form(values[0])}-{form(values[-1])}"


def parse_block(name: str, grids: list[tuple], convert) -> tuple:
    """The values that `name` stands for: one value, or all values of the first grid that holds both ends.

    Raises UserError when no grid holds the ends of a range.
    """
    first, *rest = (convert(part) for part in name.split("-"))
    if not rest:
        return (first,)
    last = rest[0]
    for grid in grids:
        if first in grid and last in grid and first < last:
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
