"""A claim of the paper: its sentence, and what it takes to decide it.

Studies declare the claims that their tables decide (`Study.claims`); thresholds come from the
configuration. Sections are those of Chen & Zhang, Nat. Commun. 17, 3716 (2026). Claims are read
while planning: nothing heavy is imported here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from qunlearn.parts import registry


class Null(NamedTuple):
    """A null model that needs no training: what it is called, and rows of a table -> the same rows
    with its numbers in the place of what was measured."""

    words: str
    instead: Callable


@dataclass(frozen=True)
class Claim:
    """A sentence of the paper, its section, and what decides it.

    `measure(frame, model, criterion)` gives numbers of independent runs and a statistic of them
    (`claims.measures`) from the rows of one dataset in `table`, and `quantity` says what that is in
    words. The table names runs in its columns `dataset`, `model` and `seed` and flags those that
    failed in `collapsed`. `keys` are those of the criterion in the configuration: `above` and
    `below`, one of them or both, the threshold or the range that the claim says the quantity lies
    above, below or in, and what else `measure` reads of it; `quantity` may name them as {key}. The
    claim is of every dataset but those with the trait `unless`. `nulls`: models in whose place the
    claim would be no finding, names of `claims.nulls` or nulls of its own table. `stage`: the stage
    whose networks stand for the model in the table; by default the one of the table's name.
    """

    sentence: str
    section: str
    table: str
    model: str
    measure: Callable
    quantity: str
    keys: tuple[str, ...]
    unless: str = ""
    nulls: tuple[str | Null, ...] = ()
    stage: str = ""


def known_claims() -> dict[str, Claim]:
    """Every claim that the tables of some study decide, by name."""
    found = {}
    for study in registry.known("study").values():
        found |= study.claims
    return found
