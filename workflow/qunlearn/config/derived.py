"""Architectures that derive from another: `qnn_ring: {base: qnn, entangler: ring}` is `qnn` but for what it says.

They follow their base whichever way it was changed: in the file, in one on top, on the command line.
"""

from __future__ import annotations

from qunlearn.config.words import dotted, nearest

KEY = "base"


def derive(blocks: dict, at: tuple) -> tuple[dict, list[str]]:
    """(the blocks with what each has from its base, without the key `base`; what is wrong, a line each) of a section
    that stands `at` a path."""
    derived, problems = {}, []
    for name, block in blocks.items():
        try:
            derived[name] = _whole(name, blocks, at, ())
        except _Wrong as wrong:
            problems.append(str(wrong))
            derived[name] = block
    return derived, list(dict.fromkeys(problems))


def said_once(problems: list[str], blocks, at: tuple) -> list[str]:
    """The problems without those of a derived architecture's keys of which its base's own line tells."""
    places = [line.partition(":")[0] for line in problems]
    return [
        line for line, place in zip(problems, places) if _at_base(place, blocks, at) not in places
    ]


def _at_base(place: str, blocks, at: tuple) -> str | None:
    """The dotted path of a derived architecture's key in its base; None for any other path."""
    section = f"{dotted(at)}."
    if not isinstance(blocks, dict) or not place.startswith(section):
        return None
    name, _, key = place.removeprefix(section).partition(".")
    block = blocks.get(name)
    if not isinstance(block, dict):
        return None
    base = block.get(KEY)
    return f"{section}{base}.{key}" if isinstance(base, str) else None


class _Wrong(Exception):
    """A base that cannot be, in words."""


def _whole(name: str, blocks: dict, at: tuple, above: tuple) -> dict:
    """The block of a name with its base's values beneath its own; `above`: names that derive from it."""
    block = blocks[name]
    if not isinstance(block, dict) or KEY not in block:
        return block
    base, place = block[KEY], (*at, name, KEY)
    known = [other for other in blocks if other != name]
    if not isinstance(base, str) or base not in blocks:
        allowed = f"{nearest(base, known)} (defined: {', '.join(known)})"
        raise _Wrong(f"{dotted(place)}: no architecture {base!r} to derive from{allowed}")
    if base in (*above, name):
        line = (*above, name)
        circle = ", ".join(sorted(line[line.index(base) :]))
        raise _Wrong(
            f"{dotted(at)}: {circle} derive from one another in a circle; give one of them a family"
        )
    beneath = _whole(base, blocks, at, (*above, name))
    own = {key: value for key, value in block.items() if key != KEY}
    return {**beneath, **own} if isinstance(beneath, dict) else own
