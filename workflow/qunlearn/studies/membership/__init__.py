"""Fig. X "membership": is an unlearned model told from models that never saw the forget set?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from qunlearn.config.options import Count, Distinct, Refers, Several, option
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

#: How retrains are trained: as long as the models were, or as many steps as unlearning has.
SCHEDULES = Literal["training", "unlearning"]

ChangedModel = Annotated[str, Refers("model", changes=True)]


class Membership(Study):
    """Is an unlearned model told from models that never saw the forget set, by every method."""

    label = "membership"
    section = "beyond.membership"
    figure = "figX_membership"
    tables = ("membership",)

    models: Several[ChangedModel] = option(says="those unlearned; []: those of `unlearning`")
    retrains: Annotated[int, Field(ge=39, le=10_000)] = option(
        says="models per seed that never saw the forget set; 39 is the least for a 95 % range"
    )
    seeds: Count = option(says="the first so many of the study's seeds")
    schedules: Distinct[SCHEDULES] = option(
        says="how they are trained: as the models are (the costly one), as `retrain` is"
    )

    def cases(self, plan: Plan) -> list[tuple]:
        """(dataset, model, corruption, alpha) of what is unlearned and audited."""
        return plan.grid.unlearning_cases(models=self.models)

    def needs(self, plan: Plan):
        audits = []
        for dataset, model, corruption, alpha in self.cases(plan):
            for seeds in plan.grid.seed_blocks(dataset, model, first=self.seeds):
                names = dataset, model, corruption, (alpha,)
                audits.append(plan.grid.cells("audit", *names, seeds))
        return {"audits": audits}

    def settings(self, plan: Plan):
        return {
            "seeds": list(plan.grid.seeds),
            "margin": plan.config["statistics"]["collapsed_margin"],
        }

    def drawing(self, plan: Plan):
        return {
            "cases": self.cases(plan),
            "methods": plan.config["methods"],
            "schedules": self.schedules,
        }

    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        named = "models" if self.models else "schedules"
        models = self.models or plan.grid.stage_models("unlearning")
        found = cell_problems(plan, "unlearning", models)
        for dataset, model, _, _ in [] if found else self.cases(plan):
            declared = plan.model(dataset, model)
            for method in plan.config["methods"]:
                found += plan.method(method).problems(declared)
        return [f"{named}: {line}" for line in dict.fromkeys(found)]

    def pipeline_problems(self, plan: Plan):
        if plan.start_seed() is None:
            return []
        return [
            "unlearning.shared_start: membership is audited seed by seed, each with its own forget "
            "set; set it to false for that"
        ]

    # -- what a job is told ------------------------------------------------------------------------
    def unlearned(self, plan: Plan, case: tuple, seeds: tuple) -> list[str]:
        """For every method the file that holds the unlearned models of a block of seeds; `case`:
        (dataset, model, corruption, alpha)."""
        return plan.grid.unlearned([case], plan.config["methods"], seeds)

    def request(self, requests, sweep, seeds: list[int]):
        """What an audit of a sweep (dataset, model, corruption) asks a cluster for."""
        schedules = self.retrain_schedules(requests.plan, sweep.dataset, sweep.model).values()
        return requests.audit(sweep, len(seeds), len(seeds) * self.retrains, schedules)

    def retrain_schedules(self, plan: Plan, dataset: str, model: str) -> dict[str, dict]:
        """Kind of retrain -> its schedule."""
        of = {"training": plan.training_schedule, "unlearning": plan.unlearning_schedule}
        return {name: of[name](dataset, model) for name in self.schedules}
