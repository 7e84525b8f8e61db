"""Fig. X "tuned": every unlearning method at the learning rate and the step that are best for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qunlearn.config.options import Distinct, Positive
from qunlearn.grid.names import spell
from qunlearn.parts.part import option
from qunlearn.studies.study import Study
from qunlearn.studies.tuned.claims import CLAIMS

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan


class Tuned(Study):
    """Best against best: learning rate and step of every method, retraining among them, chosen on
    clean samples that neither training nor unlearning read."""

    label = "tuned unlearning"
    group = "beyond"
    section = "beyond.tuned"
    figure = "figX_tuned"
    tables = ("tuned",)
    claims = CLAIMS

    set_aside: Annotated[float, Field(gt=0, le=0.5)] = option(
        says="fraction of the training set that nothing reads; choices are made on its clean part"
    )
    learning_rates: Distinct[Positive] = option(
        says="Adam's, tried for every method beside the one under `unlearning`"
    )

    def cases(self, plan: Plan) -> list[tuple]:
        """(dataset, model, corruption, alpha) of what is unlearned, the model with samples set
        aside; models that are fitted in one call have nothing to tune."""
        changes = {"set_aside": self.set_aside}
        return [
            (dataset, spell(model, changes), corruption, alpha)
            for dataset, model, corruption, alpha in plan.grid.unlearning_cases()
            if not plan.family(model).fitted
        ]

    def rates(self, plan: Plan, dataset: str, model: str) -> list[float]:
        """Learning rates of a job, sorted, the study's own among them."""
        own = plan.unlearning_schedule(dataset, model)["learning_rate"]
        return sorted({own, *self.learning_rates})

    def request(self, requests, sweep, seeds: int):
        """What a job asks a cluster for: every learning rate is a model of its own, for every
        seed."""
        rates = len(self.rates(requests.plan, sweep.dataset, sweep.model))
        return requests.unlearn(sweep, seeds, models=rates * seeds)

    def needs(self, plan: Plan):
        cells = [
            plan.grid.cells("tuned", *case[:3], case[3:], seeds, method)
            for case in self.cases(plan)
            for method in plan.config["methods"]
            for seeds in plan.grid.seed_blocks(*case[:2])
        ]
        return {"cells": cells}

    def settings(self, plan: Plan):
        return {"seeds": list(plan.grid.seeds)}

    def drawing(self, plan: Plan):
        models = plan.grid.stage_models("unlearning")
        return {
            "datasets": plan.config["datasets"],
            "models": [name for name in models if not plan.family(name).fitted],
            "methods": plan.config["methods"],
        }

    def applies(self, plan: Plan):
        return bool(self.cases(plan))

    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        found = []
        for dataset, model, _, _ in self.cases(plan):
            found += cell_problems(plan, "unlearning", [model], [dataset])
        return [f"set_aside: {line}" for line in dict.fromkeys(found)]
