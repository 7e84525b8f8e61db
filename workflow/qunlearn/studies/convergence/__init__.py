"""Fig. X "convergence": what unlearning saves against retraining that has the time to converge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qunlearn.grid.blocks import without_doubles
from qunlearn.parts.methods.retrain_as_trained import RetrainAsTrained
from qunlearn.parts.registry import find
from qunlearn.studies.convergence.claims import CLAIMS
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan


class Convergence(Study):
    """Retraining for as many steps as unlearning, and for as long as training: which of them is
    unlearning sooner than, and better than?"""

    label = "retraining to convergence"
    group = "beyond"
    section = "beyond.convergence"
    figure = "figX_convergence"
    tables = ("convergence",)
    claims = CLAIMS

    def methods(self, plan: Plan) -> list[str]:
        """The long retraining, and the study's methods."""
        return without_doubles([RetrainAsTrained.name(), *plan.config["methods"]])

    def needs(self, plan: Plan):
        cases = plan.grid.unlearning_cases()
        return {
            "data": plan.grid.all_data(),
            "cells": plan.grid.unlearned(cases, self.methods(plan)),
        }

    def settings(self, plan: Plan):
        corruptions = plan.config["unlearning"]["corruptions"]
        return {
            "seeds": list(plan.grid.seeds),
            "poisons": {name: plan.corruption_options(name) for name in corruptions},
        }

    def drawing(self, plan: Plan):
        return {
            "datasets": plan.config["datasets"],
            "models": plan.grid.stage_models("unlearning"),
            "methods": self.methods(plan),
            "target": RetrainAsTrained.name(),
            "begin_poisoned": begin_poisoned(plan.config["methods"]),
        }

    def pipeline_problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        return cell_problems(plan, "unlearning", plan.grid.stage_models("unlearning"))


def begin_poisoned(methods: list[str]) -> list[str]:
    """Methods that start from the poisoned model."""
    return [name for name in methods if not find("method", name).fresh]
