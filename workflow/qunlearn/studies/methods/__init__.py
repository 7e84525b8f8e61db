"""Fig. X "methods": every unlearning method of the field, each at its best values on one budget of passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qunlearn.config.options import Count, Distinct, ModelName, Positive, Refers, Several
from qunlearn.grid.names import base, spell
from qunlearn.parts.part import option
from qunlearn.parts.registry import find
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

MethodWithChanges = Annotated[str, Refers("any method", changes=True)]


class Methods(Study):
    """Best against best: learning rate, step and each method's own weights chosen on clean samples that neither
    training nor unlearning read, on one budget of passes over the training set."""

    label = "unlearning methods"
    group = "beyond"
    section = "beyond.methods"
    figure = "figX_methods"
    tables = ("best_methods",)

    methods: Distinct[MethodWithChanges] = option(says="those compared, with changes perhaps")
    models: Several[ModelName] = option(says="those unlearned; []: those of `unlearning`")
    seeds: Count = option(says="the first so many of the study's seeds")
    set_aside: Annotated[float, Field(gt=0, le=0.5)] = option(
        says="fraction of the training set that nothing reads; choices are made on its clean part"
    )
    learning_rates: Distinct[Positive] = option(says="Adam's, tried for every method with a loss")
    passes: Positive = option(
        says="samples that a run may send through the model and back, over those of the training set"
    )

    def cases(self, plan: Plan) -> list[tuple]:
        """(dataset, model, corruption, alpha) of what is unlearned, the model with samples set aside; models that are
        fitted in one call have nothing to choose."""
        unlearning = plan.config["unlearning"]
        models = self.models or plan.grid.stage_models("unlearning")
        return [
            (dataset, spell(model, {"set_aside": self.set_aside}), corruption, alpha)
            for dataset in plan.config["datasets"]
            for model in models
            if not plan.family(model).fitted
            for corruption in unlearning["corruptions"]
            for alpha in unlearning["alphas"]
        ]

    def seed_blocks(self, plan: Plan, case: tuple) -> list[tuple]:
        """Blocks of seeds of a case's jobs."""
        return plan.grid.seed_blocks(*case[:2], first=self.seeds)

    def tuned(self, plan: Plan, case: tuple, method: str, seeds: tuple) -> str:
        """Path of the models of a block of seeds that a method found."""
        return plan.grid.cells("methods", *case[:3], case[3:], seeds, method)

    def needs(self, plan: Plan):
        return {
            "cells": [
                self.tuned(plan, case, method, seeds)
                for case in self.cases(plan)
                for method in self.methods
                for seeds in self.seed_blocks(plan, case)
            ]
        }

    def settings(self, plan: Plan):
        return {"seeds": list(plan.grid.seeds)[: self.seeds]}

    def drawing(self, plan: Plan):
        cases = self.cases(plan)
        return {
            "datasets": list(dict.fromkeys(case[0] for case in cases)),
            "models": list(dict.fromkeys(base(case[1]) for case in cases)),
            "methods": self.methods,
            "passes": self.passes,
        }

    def applies(self, plan: Plan):
        return bool(self.cases(plan))

    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        found = []
        for dataset, model, _, _ in self.cases(plan):
            wrong = cell_problems(plan, "unlearning", [model], [dataset])
            found += [f"models: {line}" for line in wrong]
            for method in [] if wrong else self.methods:
                declared = plan.model(dataset, model)
                found += [f"methods: {line}" for line in plan.method(method).problems(declared)]
        return list(dict.fromkeys(found))

    # -- what a job is told ------------------------------------------------------------------------
    def scan(self, plan: Plan, method: str) -> dict[str, list[float]]:
        """Values that are tried of a method's weights, beside learning rates: those that it declares, but of weights
        that its name sets."""
        declared = find("method", base(method)).scan
        changed = {part.partition("=")[0] for part in method.partition("~")[2].split(",")}
        return {name: list(values) for name, values in declared.items() if name not in changed}

    def request(self, requests, sweep, method: str, seeds: int):
        """What a job asks a cluster for: every point is a model of its own, for every seed."""
        points = len(self.learning_rates)
        for values in self.scan(requests.plan, method).values():
            points *= len(values)
        return requests.unlearn(sweep, seeds, models=points * seeds)
