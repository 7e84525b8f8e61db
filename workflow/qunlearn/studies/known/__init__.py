"""Fig. X "known": what unlearning regains where the poison is not known exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qunlearn.config.options import (
    Count,
    Distinct,
    ModelName,
    PoisonedAlpha,
    Positive,
    Refers,
    Several,
)
from qunlearn.experiment.telling import Telling, tellings
from qunlearn.parts.part import option
from qunlearn.runtime.errors import UserError
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

ChangedCorruption = Annotated[str, Refers("corruption", changes=True)]
ChangedMethod = Annotated[str, Refers("any method", changes=True)]
Share = Annotated[float, Field(gt=0, le=1)]


class Known(Study):
    """Unlearning that is told a part of the poison, or innocent samples beside it, or what the
    poisoned model itself accuses; what it is not told stays in the retain set."""

    label = "imperfect knowledge"
    section = "beyond.known"
    figure = "figX_known"
    tables = ("known",)

    models: Distinct[ModelName] = option(says="those unlearned")
    methods: Distinct[ChangedMethod] = option(says="unlearning methods, perhaps with changes")
    corruptions: Distinct[ChangedCorruption] = option(says="what is unlearned from")
    alphas: Distinct[PoisonedAlpha] = option(says="corrupted fractions")
    known: Distinct[Share] = option(says="fractions of the poison that are known")
    innocent: Several[Positive] = option(
        says="innocent samples that are accused beside all of the poison, over corrupted ones"
    )
    seeds: Count = option(says="the first so many of the study's seeds")

    def tellings(self) -> list[Telling]:
        """What unlearning is told, one run each."""
        return tellings(self.known, self.innocent)

    def sweeps(self, plan: Plan) -> list[tuple]:
        """(dataset, model, corruption) of what is unlearned; corruptions where they fit the data."""
        return [
            (dataset, model, corruption)
            for dataset in plan.config["datasets"]
            for model in self.models
            for corruption in self.corruptions
            if not plan.corruption(corruption).misfit(plan.source(dataset), dataset)
        ]

    def alphas_of(self, plan: Plan, corruption: str) -> list[float]:
        """All, or of a backdoor, which costs no accuracy that could be regained, that of the figure."""
        is_backdoor = plan.corruption(corruption).aims_at() == "backdoor"
        return [self._shown(plan)] if is_backdoor else self.alphas

    def needs(self, plan: Plan):
        grid = plan.grid
        cells = [
            grid.cells(self.name(), *case, alphas, seeds)
            for case in self.sweeps(plan)
            for alphas in grid.alpha_blocks(self.alphas_of(plan, case[2]))
            for seeds in grid.seed_blocks(*case[:2], first=self.seeds)
        ]
        return {"cells": cells}

    def settings(self, plan: Plan):
        return {"seeds": list(plan.grid.seeds[: self.seeds])}

    def drawing(self, plan: Plan):
        return {
            "rows": self.rows(plan),
            "models": self.models,
            "methods": self.methods,
            "alpha": self._shown(plan),
        }

    def rows(self, plan: Plan) -> list[tuple[str, str, str]]:
        """(dataset, corruption, column) of the figure's rows of panels: of every dataset what
        unlearning regains after the first corruption that is no backdoor, and what it leaves of the
        first one that is."""
        found = {}
        for dataset, corruption in self._fitting(plan):
            is_backdoor = plan.corruption(corruption).aims_at() == "backdoor"
            column = "attack_success" if is_backdoor else "val_accuracy"
            found.setdefault((dataset, column), (dataset, corruption, column))
        return sorted(found.values(), key=lambda row: plan.config["datasets"].index(row[0]))

    def _fitting(self, plan: Plan) -> list[tuple[str, str]]:
        """(dataset, corruption) of what is unlearned."""
        pairs = [(dataset, corruption) for dataset, _, corruption in self.sweeps(plan)]
        return list(dict.fromkeys(pairs))

    def _shown(self, plan: Plan) -> float:
        """The corrupted fraction of the figure: the pipeline's own where it is among these."""
        common = [alpha for alpha in plan.grid.unlearning_alphas if alpha in self.alphas]
        return max(common or self.alphas)

    def applies(self, plan: Plan):
        return bool(self.sweeps(plan))

    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        found = [f"models: {line}" for line in cell_problems(plan, "unlearning", self.models)]
        if found:
            return found
        for dataset, model, _ in self.sweeps(plan):
            declared = plan.model(dataset, model)
            for method in self.methods:
                found += [f"methods: {line}" for line in plan.method(method).problems(declared)]
        for dataset, corruption in self._fitting(plan):
            wrong = plan.poison_problems(dataset, corruption)
            found += [f"corruptions: {line}" for line in wrong]
        for dataset in plan.config["datasets"]:
            found += self._too_few(plan, dataset)
        return list(dict.fromkeys(found))

    def _too_few(self, plan: Plan, dataset: str) -> list[str]:
        """Tellings that come to no sample of a dataset, or to all."""
        samples, _ = plan.counts(dataset)
        found = []
        for alpha in self.alphas:
            for telling in self.tellings():
                try:
                    telling.count(round(alpha * samples), samples)
                except UserError as error:
                    found.append(f"{telling.kind}: on {dataset} at alpha {alpha:g}, {error}")
        return found

    # -- what a job is told ------------------------------------------------------------------------
    def analysis_alphas(self, plan: Plan):
        return tuple(self.alphas)

    def compared(self, plan: Plan) -> list[str]:
        """The methods."""
        return self.methods

    def runs(self, plan: Plan, dataset: str, model: str) -> dict[str, tuple[dict, dict]]:
        """Method -> its options and its schedule."""
        return plan.method_runs(dataset, model, self.methods)

    def request(self, requests, sweep, cells: int):
        """What a job asks a cluster for: every method, of so many cells and told everything, one after
        the other."""
        models, kept = len(self.tellings()) * cells, len(self.methods)
        return requests.one_by_one(
            requests.unlearn(sweep, cells, models, method, kept) for method in self.methods
        )
