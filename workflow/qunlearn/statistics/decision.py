"""A decided question as a row: of the table of claims, and of what controls change."""

from __future__ import annotations

import math
from typing import NamedTuple

#: Section of rows that are no claims of the paper, but controls of the study.
CONTROLS = "Controls: does the picture stay?"


class Decision(NamedTuple):
    """A row of the table of claims. `low` and `high`: ends of the interval of `value`; `firm`: half
    or twice the threshold would not change the verdict. `failed`: seeds of which a run that decides
    was flagged, and `failed_at_most` the bound on their share. `level`: the smallest 1 - confidence
    at which the verdict is reached; `stands`: it does so together with all others of the table.
    `seeds_needed`: about how many seeds decide it; `runs`, of what gets more seeds: those that it
    takes, as 'dataset/model/corruption' with blanks between. `published_*` and `null_*`: the same of the
    authors' runs, and of the `null_model` that is trained; `nulls`: the other null models with their
    values; `also_true_of`: those of all null models that fulfil the claim, too."""

    claim: str
    sentence: str
    section: str
    dataset: str
    model: str
    quantity: str
    seeds: int
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    above: float = math.nan
    below: float = math.nan
    published: float = math.nan
    remark: str = ""
    verdict: str = "undecided"
    firm: bool = True
    failed: int = 0
    failed_at_most: float = math.nan
    level: float = math.nan
    stands: bool = False
    seeds_needed: float = math.nan
    runs: str = ""
    published_low: float = math.nan
    published_high: float = math.nan
    published_verdict: str = ""
    null_model: str = ""
    null: float = math.nan
    null_low: float = math.nan
    null_high: float = math.nan
    null_verdict: str = ""
    nulls: str = ""
    also_true_of: str = ""
