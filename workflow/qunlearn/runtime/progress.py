"""Progress of work that is done in parts."""

from __future__ import annotations

from collections.abc import Callable


def part_of(progress: Callable, begin: float, end: float, name: str = "") -> Callable:
    """What tells the progress of one part: `progress(fraction, text)` of the whole goes from `begin`
    to `end`, and the text says the part's name, if there is one."""

    def tell(fraction: float, text: str) -> None:
        said = f"{name}: {text}" if name else text
        progress(begin + fraction * (end - begin), said)

    return tell
