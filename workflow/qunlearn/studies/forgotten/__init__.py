"""Fig. X "forgotten": by every measure of the field, has an unlearned model forgotten?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qunlearn.config.options import Count, Refers, Several
from qunlearn.parts.methods.retrain_as_trained import RetrainAsTrained
from qunlearn.parts.part import option
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

ChangedModel = Annotated[str, Refers("model", changes=True)]
ChangedCorruption = Annotated[str, Refers("corruption", changes=True)]
ChangedMethod = Annotated[str, Refers("any method", changes=True)]


class Forgotten(Study):
    """Relearning time, agreement, distances of outputs, parameters and observables, p-values and epsilon of
    unlearned models, all between retrained models and poisoned ones."""

    label = "has it forgotten"
    group = "beyond"
    section = "beyond.forgotten"
    figure = "figX_forgotten"
    tables = ("forgotten",)

    models: Several[ChangedModel] = option(says="those unlearned; []: those of `unlearning`")
    corruptions: Several[ChangedCorruption] = option(says="[]: those of `unlearning`")
    methods: Several[ChangedMethod] = option(says="those compared; []: the study's")
    copies: Annotated[int, Field(ge=6, le=1000)] = option(
        says="models of each forget set and kind: poisoned, unlearned, retrained (twice); 6 are the least that a rank "
        "test can tell apart at 1 %"
    )
    seeds: Count = option(says="forget sets: the first so many of the study's seeds")
    relearning_updates: Count = option(
        says="most updates to relearn the forget set; models that take longer count as one more"
    )

    def cases(self, plan: Plan) -> list[tuple]:
        """(dataset, model, corruption, alpha) of what is unlearned; models that are fitted in one call
        do not relearn."""
        unlearning = plan.config["unlearning"]
        return [
            (dataset, model, corruption, alpha)
            for dataset in plan.config["datasets"]
            for model in self.models or plan.grid.stage_models("unlearning")
            if not plan.family(model).fitted
            for corruption in self.corruptions or unlearning["corruptions"]
            for alpha in unlearning["alphas"]
        ]

    def compared(self, plan: Plan) -> list[str]:
        """The methods."""
        return self.methods or plan.config["methods"]

    def needs(self, plan: Plan):
        files = []
        for *names, alpha in self.cases(plan):
            for seeds in plan.grid.seed_blocks(*names[:2], first=self.seeds):
                files.append(plan.grid.cells(self.name(), *names, (alpha,), seeds))
        return {"comparisons": files}

    def settings(self, plan: Plan):
        seeds = list(plan.grid.seeds)[: self.seeds]
        return {"seeds": seeds, "updates": self.relearning_updates}

    def drawing(self, plan: Plan):
        return {"cases": self.cases(plan), "methods": self.compared(plan)}

    def applies(self, plan: Plan):
        return bool(self.cases(plan))

    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        found = []
        for dataset, model, corruption, _ in self.cases(plan):
            wrong = cell_problems(plan, "unlearning", [model], [dataset])
            found += [f"models: {line}" for line in wrong]
            if self.corruptions:
                found += [
                    f"corruptions: {line}" for line in plan.poison_problems(dataset, corruption)
                ]
            for method in [] if wrong else self.compared(plan):
                declared = plan.model(dataset, model)
                found += [f"methods: {line}" for line in plan.method(method).problems(declared)]
        return list(dict.fromkeys(found))

    # -- what a job is told ------------------------------------------------------------------------
    def told(self, plan: Plan, dataset: str, model: str) -> dict[str, tuple[dict, dict]]:
        """Options and schedule of every method."""
        return plan.method_runs(dataset, model, self.compared(plan))

    def retraining(self, plan: Plan, dataset: str, model: str) -> dict:
        """The schedule of retraining in full."""
        return plan.method_schedule(dataset, model, RetrainAsTrained.name())

    def request(self, requests, sweep, seeds: int):
        """What a job asks a cluster for: copies of every forget set are trained three times, unlearned by
        every method, and relearn."""
        plan, models = requests.plan, seeds * self.copies
        training = plan.training_schedule(sweep.dataset, sweep.model)["epochs"]
        methods = self.told(plan, sweep.dataset, sweep.model).values()
        epochs = 3 * [training] + [schedule["epochs"] for _, schedule in methods]
        epochs += (2 + len(methods)) * [self.relearning_updates]
        kept = 3 + len(methods)  # the models themselves, till they are compared
        return requests.one_by_one(
            requests.optimise(sweep, seeds, models, each, 4 + kept) for each in epochs
        )
