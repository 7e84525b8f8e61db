"""Fig. S "forgetting": unlearning in full, with what is forgotten and what is retained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qunlearn.config.options import (
    CorruptionName,
    DatasetName,
    Distinct,
    Options,
    PoisonedAlpha,
    Several,
)
from qunlearn.parts.part import option
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan


class Case(Options):
    """Models poisoned otherwise than those of the section `unlearning`."""

    dataset: DatasetName = option(says="name under `data`; left out where the study lacks it")
    corruption: CorruptionName = option(says="corruption")
    alpha: PoisonedAlpha = option(says="corrupted fraction")


class Forgetting(Study):
    """Unlearning in full: forget, retain and validation accuracy, at several fractions."""

    label = "unlearning in full"
    group = "supplement"
    section = "supplement.forgetting"
    figure = "figS_forgetting"
    tables = ("forgetting",)

    alphas: Distinct[PoisonedAlpha] = option(says="fractions beside those of `unlearning`")
    extras: Several[Case] = option(says="further cases, of the study's own models only")

    def needs(self, plan: Plan):
        return {"cells": plan.grid.unlearned(self.cases(plan), plan.config["methods"])}

    def cases(self, plan: Plan) -> list[tuple]:
        """(dataset, model, corruption, alpha) of all that is unlearned."""
        grid = plan.grid
        cases = grid.unlearning_cases(sorted({*grid.unlearning_alphas, *self.alphas}))
        for dataset, corruption, alpha in self.further(plan):
            cases += [(dataset, model, corruption, alpha) for model in plan.config["models"]]
        return list(dict.fromkeys(cases))

    def further(self, plan: Plan) -> list[tuple]:
        """(dataset, corruption, alpha) of the extras, where the study has the dataset."""
        cases = [(case.dataset, case.corruption, case.alpha) for case in self.extras]
        return [case for case in cases if case[0] in plan.config["datasets"]]

    def settings(self, plan: Plan):
        return {"seeds": list(plan.grid.seeds), "start_seed": plan.start_seed()}

    def drawing(self, plan: Plan):
        return {
            "cases": plan.grid.unlearning_cases(),
            "alphas": self.alphas,
            "extras": self.further(plan),
            "models": plan.config["models"],
            "methods": plan.config["methods"],
        }

    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        datasets = list(dict.fromkeys(dataset for dataset, _, _ in self.further(plan)))
        if not datasets:
            return []
        lines = cell_problems(plan, "unlearning", plan.config["models"], datasets)
        return [f"extras: {line}" for line in lines]
