"""Fig. X "phase": resilience where the arbitrary phase of a state is seen, where it is hidden, and
where there is none, of quantum and of classical models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qunlearn.config.options import Distinct, ModelName
from qunlearn.grid.blocks import without_doubles
from qunlearn.grid.names import base, spell
from qunlearn.parts.corruptions.label_flipping import LabelFlipping
from qunlearn.parts.part import option
from qunlearn.studies.phase.case import Case
from qunlearn.studies.phase.claims import CLAIMS
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

CORRUPTION = LabelFlipping.name()
#: Option of data that says which phase a state has, and its value where models are asked about it.
GAUGE = "gauge"
GAUGES = {"seen": "random", "hidden": "random", "fixed": "fixed"}


class Phase(Study):
    """Who resists flipped labels where the phase of a state is seen, hidden or fixed."""

    label = "phase seen or hidden"
    section = "beyond.phase"
    figure = "figX_phase"
    tables = ("phase",)
    claims = CLAIMS

    seen: Distinct[ModelName] = option(says="models that see the phase, on states of random phase")
    hidden: Distinct[ModelName] = option(
        says="models to which the phase is hidden, on states of random phase"
    )
    fixed: Distinct[ModelName] = option(says="models on states whose phase is fixed")

    def datasets(self, plan: Plan) -> list[str]:
        """Datasets of the study whose states have a phase that can be chosen."""
        names = plan.config["datasets"]
        return [name for name in names if GAUGE in plan.source_kind(name).model_fields]

    def cases(self, plan: Plan) -> list[Case]:
        found = []
        for dataset in self.datasets(plan):
            for phase, gauge in GAUGES.items():
                run = in_gauge(plan, dataset, gauge)
                found += [Case(phase, dataset, run, model) for model in getattr(self, phase)]
        return found

    # -- what its rules are told -------------------------------------------------------------------
    def applies(self, plan: Plan):
        return bool(self.datasets(plan))

    def needs(self, plan: Plan):
        grid, cases = plan.grid, self.cases(plan)
        data = [grid.data(case.run_dataset) for case in cases]
        cells = []
        for case in cases:
            seeds = grid.seeds_of(case.run_dataset, case.model)
            cells += grid.trained(case.run_dataset, case.model, CORRUPTION, grid.alphas, seeds)
        return {"data": without_doubles(data), "cells": without_doubles(cells)}

    def settings(self, plan: Plan):
        return {
            "cases": self.cases(plan),
            "quantum": [name for name in self.names() if plan.family(name).quantum],
            "alphas": list(plan.grid.alphas),
            "seeds": list(plan.grid.seeds),
            "margin": plan.config["statistics"]["collapsed_margin"],
        }

    def drawing(self, plan: Plan):
        return {"models": self.names()}

    def names(self) -> list[str]:
        """All models, each once."""
        return without_doubles([*self.seen, *self.hidden, *self.fixed])

    # -- checks ------------------------------------------------------------------------------------
    def problems(self, plan: Plan):
        found = []
        for case in self.cases(plan):
            wrong = plan.problems(case.run_dataset, case.model)
            if not wrong and case.phase != "fixed":
                wrong = self._sight_problems(plan, case)
            found += [f"{case.phase}: {line}" for line in wrong]
        return without_doubles(found)

    def _sight_problems(self, plan: Plan, case: Case) -> list[str]:
        """Whether a model sees the phase where it should, and does not where it should not."""
        is_blind = plan.model(case.run_dataset, case.model).is_phase_blind()
        if is_blind == (case.phase == "hidden"):
            return []
        words = "does not see" if is_blind else "sees"
        other = "hidden" if is_blind else "seen"
        return [f"'{case.model}' {words} the phase of a state; list it under `{other}`"]


def in_gauge(plan: Plan, dataset: str, gauge: str) -> str:
    """Name of a dataset whose states have their phases from this gauge."""
    has_it = getattr(plan.source(dataset), GAUGE) == gauge
    return dataset if has_it else spell(base(dataset), {GAUGE: gauge})
