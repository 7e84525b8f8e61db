"""Fig. S "controls": does the picture depend on a choice that is not the paper's subject?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field

from qunlearn.config.options import (
    Alpha,
    CorruptionName,
    Distinct,
    MethodName,
    ModelName,
    Options,
    PoisonedAlpha,
    Refers,
    Several,
    Text,
    option,
)
from qunlearn.grid.blocks import without_doubles
from qunlearn.grid.names import base, parse
from qunlearn.parts.corruptions.label_flipping import LabelFlipping
from qunlearn.runtime.errors import UserError
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

#: What bases meet, and controls that do not say otherwise.
CORRUPTION = LabelFlipping.name()

ChangedModel = Annotated[str, Refers("model", changes=True)]
ChangedDataset = Annotated[str, Refers("dataset", changes=True)]
AnyMethod = Annotated[str, Refers("any method")]


class Runs(NamedTuple):
    """What of a control, or of its base, was computed; `method` is empty where nothing was
    unlearned."""

    dataset: str
    model: str
    corruption: str
    method: str


class Control(NamedTuple):
    """One control on one dataset with one model, and the `base` it is compared with, seed by seed.
    `against` is the abscissa of its panel: alpha, updates or step."""

    name: str
    panel: str
    against: str
    run: Runs
    base: Runs


class Entry(Options):
    """A choice that is changed: every run of it is the base model, on the base dataset, under label
    flipping, but for what is named here."""

    name: Text = option(says="words of the figure")
    panel: Text = option(says="panel of the figure, shared by all entries with the same words")
    models: Distinct[ChangedModel] = option(says="architectures with changes")
    base_model: ModelName | None = option(
        None, says="what a model is compared with; null: the same without changes"
    )
    datasets: Distinct[ChangedDataset] | None = option(
        None, says="datasets with changes; null: all of the study"
    )
    corruption: CorruptionName = option(CORRUPTION, says="corruption")
    method: AnyMethod | None = option(None, says="unlearning by this method; null: training")
    base_method: MethodName | None = option(
        None, says="method of unlearning that is compared with; null: the same"
    )
    against: Literal["updates"] | None = option(None, says="updates: along one long training")

    def abscissa(self) -> str:
        """Of its panel."""
        return "step" if self.method else self.against or "alpha"

    def base_of(self, model: str) -> str:
        return self.base_model or base(model)


class Controls(Study):
    """Controls: does the picture depend on a choice that is not the paper's subject."""

    label = "controls"
    section = "controls"
    figure = "figS_controls"
    tables = ("controls", "control_effects")

    alpha: PoisonedAlpha = option(
        says="where differences are taken; runs against updates and unlearning run here only"
    )
    max_alpha: Alpha = option(says="the others run at the study's alphas up to this one")
    within: Annotated[float, Field(gt=0, le=1)] = option(
        says="the picture stays where the whole interval of the difference is within this"
    )
    runs: Several[Entry] = option(says="controls; [] for none")

    # -- what is compared with what ----------------------------------------------------------------
    def chosen(self, plan: Plan) -> list[Control]:
        """Every control on every dataset of the study that it is for, with each of its models."""
        datasets = plan.config["datasets"]
        found = []
        for entry in self.runs:
            for dataset in entry.datasets or datasets:
                if base(dataset) in datasets:
                    found += [control(entry, dataset, model) for model in entry.models]
        return found

    def alphas(self, plan: Plan) -> tuple[float, ...]:
        """Corrupted fractions of what is drawn against them."""
        shared = [alpha for alpha in plan.grid.alphas if alpha <= self.max_alpha]
        return tuple(sorted({self.alpha, *shared}))

    def files(self, plan: Plan, against: str) -> list[str]:
        """Training files of the controls drawn against 'alpha' or 'updates' and of their bases;
        against 'step' their unlearning files."""
        grid = plan.grid
        alphas = self.alphas(plan) if against == "alpha" else (self.alpha,)
        paths = []
        for control in self.chosen(plan):
            if control.against != against:
                continue
            *run, method = control.run
            *origin, base_method = control.base
            if against == "step":
                paths += grid.unlearned([(*run, self.alpha)], [method])
                paths += grid.unlearned([(*origin, self.alpha)], [base_method])
            else:
                # a base is trained with the whole study, a control at these alphas alone
                seeds = grid.seeds_of(*control.run[:3])
                paths += grid.trained_alone(*run, alphas, seeds)
                paths += grid.trained(*origin, alphas, seeds)
        return without_doubles(paths)

    # -- what its rules are told -------------------------------------------------------------------
    def applies(self, plan: Plan):
        return bool(self.chosen(plan))

    def needs(self, plan: Plan):
        chosen = self.chosen(plan)
        datasets = [runs.dataset for control in chosen for runs in (control.run, control.base)]
        return {
            "data": [plan.grid.data(name) for name in without_doubles(datasets)],
            "against_alpha": self.files(plan, "alpha"),
            "against_updates": self.files(plan, "updates"),
            "against_step": self.files(plan, "step"),
        }

    def settings(self, plan: Plan):
        claims = plan.study("claims")
        return {
            "controls": self.chosen(plan),
            "alpha": self.alpha,
            "alphas": list(self.alphas(plan)),
            "within": self.within,
            "seeds": list(plan.grid.seeds),
            "margin": plan.config["statistics"]["collapsed_margin"],
            "confidence": claims.confidence,
            "resamples": claims.resamples,
            "looks": claims.looks,
        }

    def drawing(self, plan: Plan):
        confidence = plan.study("claims").confidence
        return {"chosen": self.chosen(plan), "confidence": confidence}

    # -- checks ------------------------------------------------------------------------------------
    def problems(self, plan: Plan):
        found = []
        if self.max_alpha < self.alpha:
            found.append(
                "max_alpha: is below controls.alpha, where controls are compared; raise it"
            )
        names = [entry.name for entry in self.runs]
        for place, entry in enumerate(self.runs):
            path = f"runs[{place}]"
            if entry.name in names[:place]:
                found.append(f"{path}.name: '{entry.name}' occurs more than once")
            found += [f"{path}.{line}" for line in entry_problems(entry, plan)]
        return found


def control(entry: Entry, dataset: str, model: str) -> Control:
    """An entry on one dataset (its name may carry changes) with one model."""
    method = entry.method or ""
    changed = Runs(dataset, model, entry.corruption, method)
    unchanged = Runs(
        base(dataset),
        entry.base_of(model),
        CORRUPTION,
        entry.base_method or method,
    )
    return Control(entry.name, entry.panel, entry.abscissa(), changed, unchanged)


def entry_problems(entry: Entry, plan: Plan) -> list[str]:
    """What is wrong with an entry whose names all exist: 'KEY: sentence'."""
    found = shared_bases("models", [entry.base_of(model) for model in entry.models])
    found += shared_bases("datasets", [base(name) for name in entry.datasets or ()])
    for place, model in enumerate(entry.models):
        key = f"models[{place}]"
        found += cell_lines(plan, key, plan.config["datasets"], model)
        if entry.against and "epochs" not in parse(model)[1]:
            found.append(
                f"{key}: '{model}' changes no epochs, so there is nothing to follow `against` "
                "updates"
            )
    if entry.base_model:
        found += cell_lines(plan, "base_model", plan.config["datasets"], entry.base_model)
    for place, dataset in enumerate(entry.datasets or ()):
        key = f"datasets[{place}]"
        if base(dataset) in plan.config["datasets"]:
            found += cell_lines(plan, key, [dataset], base(entry.models[0]))
        else:
            found += dataset_lines(plan, key, dataset)
    return found


def shared_bases(key: str, bases: list[str]) -> list[str]:
    """Two controls of one entry must not be compared with the same base."""
    if len(set(bases)) == len(bases):
        return []
    return [f"{key}: two of them have the same base; give each control an entry of its own"]


def cell_lines(plan: Plan, key: str, datasets: list[str], model: str) -> list[str]:
    """What keeps a model from being trained on these datasets."""
    from qunlearn.config.check import cell_problems

    return [f"{key}: {line}" for line in cell_problems(plan, "training", [model], datasets)]


def dataset_lines(plan: Plan, key: str, dataset: str) -> list[str]:
    """What is wrong with the name of a dataset that the study does not compute."""
    try:
        plan.data_options(dataset)
    except UserError as error:
        return [f"{key}: {error}"]
    return []
