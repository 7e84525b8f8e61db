"""Fig. X "bridge": which choice of the authors' code moves which number, one at a time, from the
text's settings and from theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from qunlearn.config.options import (
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
from qunlearn.parts.corruptions.label_flipping import LabelFlipping
from qunlearn.runtime.errors import UserError
from qunlearn.studies.bridge.settings import Names, Start, Step, Switch, steps_of
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

#: What all runs meet.
CORRUPTION = LabelFlipping.name()

AnyDataset = Annotated[str, Refers("dataset")]
ChangedDataset = Annotated[str, Refers("dataset", changes=True)]
ChangedModel = Annotated[str, Refers("model", changes=True)]
ChangedCorruption = Annotated[str, Refers("corruption", changes=True)]
ChangedMethod = Annotated[str, Refers("method", changes=True)]
Stage = Literal["resilience", "unlearning", "landscape"]
STAGES: list[Stage] = ["resilience", "unlearning", "landscape"]
NumberName = Literal["plateau", "critical_alpha", "dip", "retrain_gap", "roughening"]


class Entry(Options):
    """A choice in which the authors' code differs from the text: names of the study, and what takes
    their place."""

    name: Text = option(says="words of the figure")
    datasets: dict[AnyDataset, ChangedDataset] = option({}, says="dataset -> the same with changes")
    models: dict[ModelName, ChangedModel] = option(
        {}, says="model -> the same with changes, or another"
    )
    corruption: ChangedCorruption | None = option(None, says="label flips with changes")
    methods: dict[MethodName, ChangedMethod] = option(
        {}, says="unlearning method -> the same with changes, or another"
    )
    only: Distinct[AnyDataset] | None = option(None, says="datasets that it is for; null: all")
    stages: Distinct[Stage] = option(STAGES, says="what it is for")

    def switch(self) -> Switch:
        return Switch(
            self.name,
            self.datasets,
            self.models,
            self.corruption or "",
            self.methods,
            tuple(self.only or ()),
            tuple(self.stages),
        )


class Bridge(Study):
    """From the text's settings to the authors', one switch at a time and both ways."""

    label = "from the text to the authors' code"
    section = "beyond.bridge"
    figure = "figX_bridge"
    tables = ("bridge", "bridge_steps")
    reads = ("bridge",)

    quantum: ModelName = option(says="quantum model")
    classical: ModelName = option(says="classical model, of unlearning and landscape")
    plateau: PoisonedAlpha = option(
        says="the plateau is judged at the largest of the study's corrupted fractions up to this one"
    )
    alpha: PoisonedAlpha = option(says="corrupted fraction that is unlearned from")
    numbers: Distinct[NumberName] = option(says="numbers whose panels are drawn")
    methods: Distinct[MethodName] = option(
        says="unlearning methods; the first one is what the others are measured against"
    )
    eval_set: Literal["train", "validation"] = option(
        says="samples that the roughening ratio is taken on"
    )
    switches: Several[Entry] = option(says="choices of the authors' code; [] for no bridge")

    # -- what is compared with what ----------------------------------------------------------------
    def start(self) -> Start:
        models = {"quantum": self.quantum, "classical": self.classical}
        return Start(models, CORRUPTION, tuple(self.methods))

    def steps(self, plan: Plan) -> list[Step]:
        """Of all datasets of the study that a switch changes something of. Raises UserError where
        switches contradict each other."""
        switches = [entry.switch() for entry in self.switches]
        found = []
        for dataset in plan.config["datasets"]:
            steps = steps_of(switches, self.start(), dataset, self.numbers)
            if any(step.switch for step in steps):
                found += steps
        return found

    def runs(self, plan: Plan, stage: str) -> list[Names]:
        """What numbers of a stage are taken from."""
        steps = self.steps(plan)
        return without_doubles(step.run for step in steps if step.number.stage == stage)

    def seeds(self, plan: Plan) -> list[int]:
        """Those that all steps have, for they are compared seed by seed."""
        runs = [(step.run.dataset, step.run.model) for step in self.steps(plan)]
        return list(plan.grid.common_seeds(runs))

    def judged_at(self, plan: Plan) -> float:
        """The corrupted fraction at which the plateau is judged; 0 where there is none."""
        return max((alpha for alpha in plan.grid.alphas if alpha <= self.plateau), default=0.0)

    # -- what its rules are told -------------------------------------------------------------------
    def applies(self, plan: Plan):
        return bool(self.steps(plan))

    def needs(self, plan: Plan):
        grid, seeds = plan.grid, self.seeds(plan)
        sweeps, unlearned, curvatures = [], [], []
        for dataset, model, corruption, _ in self.runs(plan, "resilience"):
            sweeps += grid.trained(dataset, model, corruption, grid.alphas, seeds)
        for dataset, model, corruption, methods in self.runs(plan, "unlearning"):
            case = dataset, model, corruption, self.alpha
            unlearned += grid.unlearned([case], methods, seeds)
        for dataset, model, corruption, _ in self.runs(plan, "landscape"):
            curvatures += [
                grid.landscape(dataset, model, corruption, alphas, group)
                for alphas in grid.alpha_blocks(grid.landscape_alphas)
                for group in grid.seed_blocks(dataset, model, seeds)
            ]
        datasets = without_doubles(step.run.dataset for step in self.steps(plan))
        return {
            "data": [grid.data(name) for name in datasets],
            "sweeps": sweeps,
            "unlearned": without_doubles(unlearned),
            "curvatures": curvatures,
        }

    def settings(self, plan: Plan):
        claims = plan.study("claims")
        return {
            "steps": self.steps(plan),
            "alphas": list(plan.grid.alphas),
            "plateau": self.judged_at(plan),
            "eval_set": self.eval_set,
            "seeds": self.seeds(plan),
            "margin": plan.config["statistics"]["collapsed_margin"],
            "confidence": claims.confidence,
            "resamples": claims.resamples,
        }

    def drawing(self, plan: Plan):
        words = {"plateau": self.judged_at(plan)}
        steps = self.steps(plan)
        titles = {step.number.name: step.number.words.format(**words) for step in steps}
        return {"switches": [entry.name for entry in self.switches], "titles": titles}

    # -- checks ------------------------------------------------------------------------------------
    def problems(self, plan: Plan):
        names = [entry.name for entry in self.switches]
        found = [
            f"switches[{place}].name: '{name}' occurs more than once"
            for place, name in enumerate(names)
            if name in names[:place]
        ]
        if not self.judged_at(plan):
            found.append(f"plateau: alphas have none above 0 up to {self.plateau:g}; add one")
        if len(self.methods) < 2:
            found.append("methods: one beside the first is needed to compare with it")
        if 0.0 not in plan.grid.alphas:
            found.append("plateau: alphas have no 0, from which the fall is measured; add it")
        for name in ("quantum", "classical"):
            family = plan.family(getattr(self, name))
            if family.fitted or not family.landscape:
                found.append(f"{name}: {getattr(self, name)} has no loss to unlearn with or curve")
        return found or self._impossible(plan)

    def _impossible(self, plan: Plan) -> list[str]:
        """Steps that cannot be computed."""
        try:
            steps = self.steps(plan)
        except UserError as error:
            return [f"switches: {error}"]
        found = []
        for step in steps:
            run, stage = step.run, step.number.stage
            trained = "unlearning" if stage == "unlearning" else "training"
            lines = plan.problems(run.dataset, run.model, trained)
            words = f" with '{step.switch}'" if step.switch else ""
            found += [f"switches: {step.context}{words}: {line}" for line in lines]
        return without_doubles(found)[:MOST]


#: Most problems that are listed: one mistake is met in many steps.
MOST = 3
