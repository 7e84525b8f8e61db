"""Between the text's settings and the authors': names of what is computed with some switches on.

Read while planning: nothing heavy is imported here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from qunlearn.runtime.errors import UserError

#: The ends of the bridge.
TEXT, AUTHORS = "text", "authors"


class Number(NamedTuple):
    """A headline number: of which of the study's two models, and what it is taken from: 'resilience'
    (accuracy against alpha), 'unlearning' or 'landscape'. `ratio`: shown on a logarithmic scale.
    """

    name: str
    role: str
    stage: str
    words: str
    ratio: bool = False


NUMBERS = (
    Number("plateau", "quantum", "resilience", "fall at α = {plateau:g}"),
    Number("critical_alpha", "quantum", "resilience", "critical α"),
    Number("dip", "quantum", "unlearning", "depth of the dip"),
    Number("retrain_gap", "quantum", "unlearning", "retrain - best other"),
    Number("retrain_gap", "classical", "unlearning", "retrain - best other"),
    Number("roughening", "quantum", "landscape", "LRR", ratio=True),
    Number("roughening", "classical", "landscape", "LRR", ratio=True),
)


class Names(NamedTuple):
    """What a number is taken from: names with changes; `methods` for unlearning alone."""

    dataset: str
    model: str
    corruption: str
    methods: tuple[str, ...] = ()


class Step(NamedTuple):
    """A number of one dataset and model with one switch moved, and the same without: from the end
    `context` of the bridge. An end itself has no switch, and nothing it is compared with."""

    number: Number
    dataset: str
    model: str
    context: str
    switch: str
    run: Names
    base: Names | None


# -- names with the changes of several switches ----------------------------------------------------
def merged(first: str, others: Iterable[str]) -> str:
    """'qnn', ['qnn~depth=3', 'qnn~entangler=ring'] -> 'qnn~depth=3,entangler=ring', changes sorted;
    one of the `others` may have another name in place of `first`.

    Raises UserError where two of them want different things.
    """
    name, changes = first, {}
    for other in others:
        wanted, _, text = other.partition("~")
        if wanted != first:
            if name not in (first, wanted):
                raise UserError(f"'{first}' cannot be both '{name}' and '{wanted}'")
            name = wanted
        for change in filter(None, text.split(",")):
            key, _, value = change.partition("=")
            if changes.setdefault(key, value) != value:
                raise UserError(f"{key} of '{first}' cannot be both {changes[key]} and {value}")
    words = ",".join(f"{key}={value}" for key, value in sorted(changes.items()))
    return f"{name}~{words}" if words else name


class Switch(NamedTuple):
    """A choice of the authors' code: what names are there instead. `only`: datasets that it is for,
    none for all; `stages`: what it is for."""

    name: str
    datasets: Mapping[str, str]
    models: Mapping[str, str]
    corruption: str
    methods: Mapping[str, str]
    only: tuple[str, ...]
    stages: tuple[str, ...]

    def is_for(self, dataset: str, stage: str) -> bool:
        return stage in self.stages and (not self.only or dataset in self.only)


class Start(NamedTuple):
    """Names of the text's settings."""

    models: Mapping[str, str]
    corruption: str
    methods: tuple[str, ...]


def names_with(switches: Iterable[Switch], start: Start, number: Number, dataset: str) -> Names:
    """What a number is taken from where these switches are on."""
    on = [switch for switch in switches if switch.is_for(dataset, number.stage)]
    model = start.models[number.role]
    methods = ()
    if number.stage == "unlearning":
        methods = tuple(
            merged(name, (switch.methods.get(name, name) for switch in on))
            for name in start.methods
        )
    return Names(
        merged(dataset, (switch.datasets.get(dataset, dataset) for switch in on)),
        merged(model, (switch.models.get(model, model) for switch in on)),
        merged(start.corruption, (switch.corruption or start.corruption for switch in on)),
        methods,
    )


def steps_of(switches: list[Switch], start: Start, dataset: str, numbers: list[str]) -> list[Step]:
    """Of the numbers of these names both ends of the bridge, and one step per switch from either: towards the
    other. A switch that changes nothing of a number makes no step there."""
    found = []
    for number in NUMBERS:
        if number.name not in numbers:
            continue
        model = start.models[number.role]
        ends = {TEXT: [], AUTHORS: switches}
        for context, on in ends.items():
            end = names_with(on, start, number, dataset)
            found.append(Step(number, dataset, model, context, "", end, None))
            for switch in switches:
                moved = [*on, switch] if context == TEXT else [s for s in on if s != switch]
                run = names_with(moved, start, number, dataset)
                if run != end:
                    found.append(Step(number, dataset, model, context, switch.name, run, end))
    return found
