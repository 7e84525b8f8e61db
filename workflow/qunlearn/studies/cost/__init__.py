"""Fig. S "cost": what each unlearning method spends, and how soon it is as good as retraining."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qunlearn.grid.blocks import format_alpha
from qunlearn.parts import registry
from qunlearn.parts.methods.retrain import Retrain
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan


class Cost(Study):
    """What unlearning costs, in updates, passes and seconds, against retraining."""

    label = "costs of unlearning"
    group = "supplement"
    section = "supplement.cost"
    figure = "figS_cost"
    tables = ("cost",)

    #: Copies of a model that are timed together (`measure.REPLICAS`).
    models: ClassVar[int] = 50

    def methods(self, plan: Plan) -> list[str]:
        """Retraining, which all are measured by, and those of the study's methods that make steps."""
        names = dict.fromkeys([Retrain.name(), *plan.config["methods"]])
        return [name for name in names if plan.method(name).defines("loss")]

    def weights(self, plan: Plan) -> dict[str, dict]:
        """Options of every method that is measured."""
        return {name: plan.method_options(name) for name in self.methods(plan)}

    def code_files(self, plan: Plan) -> list[str]:
        """What a measurement runs."""
        methods = [registry.find("method", name) for name in self.methods(plan)]
        files = [self.folder() / "measure_cost.py", *map(registry.file_of, methods)]
        return [str(file) for file in files]

    def measured(self, plan: Plan, dataset: str, model: str, corruption: str, alpha: float) -> str:
        """Path of the measurements of all methods on one model."""
        folder = plan.grid.root / "cost" / dataset / model / corruption
        return str(folder / f"alpha{format_alpha(alpha)}.json")

    def needs(self, plan: Plan):
        cases = plan.grid.unlearning_cases()
        return {
            "costs": [self.measured(plan, *case) for case in cases],
            "cells": plan.grid.unlearned(cases, self.methods(plan)),
        }

    def settings(self, plan: Plan):
        return {"seeds": list(plan.grid.seeds)}

    def drawing(self, plan: Plan):
        return {"cases": plan.grid.unlearning_cases(), "methods": self.methods(plan)}
