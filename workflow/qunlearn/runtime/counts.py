"""Counts that come from fractions."""

from __future__ import annotations

from qunlearn.runtime.errors import UserError


def share(fraction: float, available: int, of: str, even: bool = False) -> int:
    """round(fraction * available), or the largest even number up to fraction * available; 0 for the fraction 0 alone.

    Raises UserError where a fraction above 0 comes to none of what is `available`, or to all: 'alpha 0.01 of 20
    training samples is none of them'.
    """
    count = 2 * (int(fraction * available) // 2) if even else round(fraction * available)
    if fraction == 0 or 0 < count < available:
        return count
    what = "all of them" if count else "none of them"
    least = f"at least {2 / available:.2g}" if even else f"above {0.5 / available:.2g}"
    most = f"below {1 - 0.5 / available:.2g}"
    raise UserError(
        f"{of.format(fraction=fraction, available=available)} is {what}; with so few samples it has to lie {least} "
        f"and {most}"
    )
