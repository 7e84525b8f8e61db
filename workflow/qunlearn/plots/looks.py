"""What figures call things, and how they draw them: one name, one colour, one line, wherever it
appears."""

from __future__ import annotations

from dataclasses import dataclass

from qunlearn.plots.style import SPARE

#: Colours of methods that bring none.
OWN_METHODS = ["#0072B2", "#E69F00", "#56B4E9", "#999999"]


@dataclass(frozen=True)
class Look:
    """`label`: what it is called; `title`: what it is ('MLP [64, 16]'); `colour`; `line`: a style of
    matplotlib."""

    label: str
    title: str
    colour: str
    line: str = "-"


@dataclass(frozen=True)
class Looks:
    """Words and colours by name, as declared by parts (`config.plan.Plan.looks`); a name that is
    unknown stands for itself."""

    datasets: dict[str, str]
    corruptions: dict[str, str]
    methods: dict[str, dict]
    models: dict[str, dict]

    def dataset(self, name: str) -> str:
        return self.datasets.get(name, name)

    def corruption(self, name: str) -> str:
        return self.corruptions.get(name, name)

    def model(self, name: str, among: list[str] | None = None) -> Look:
        """`among`: the models drawn together; one without a colour of its own has a spare one by
        its place there."""
        unknown = {"label": name, "title": name, "colour": ""}
        found = self.models.get(name, unknown)
        colour = found["colour"] or spare(SPARE, name, among or [])
        return Look(found["label"], found["title"], colour)

    def method(self, name: str) -> Look:
        """A method without a colour of its own has a spare one by its place among such methods."""
        unknown = {"label": name, "colour": "", "line": "-."}
        found = self.methods.get(name, unknown)
        colourless = [other for other, look in self.methods.items() if not look["colour"]]
        colour = found["colour"] or spare(OWN_METHODS, name, colourless)
        return Look(found["label"], found["label"], colour, found["line"])


def spare(colours: list[str], name: str, among: list[str]) -> str:
    """The colour of a name's place among others, the first for a name that is not there."""
    place = among.index(name) if name in among else 0
    return colours[place % len(colours)]
