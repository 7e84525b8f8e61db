"""Fig. S "models": resilience of comparison models beside that of the study's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qunlearn.config.options import Distinct, ModelName
from qunlearn.parts.part import option
from qunlearn.studies.models.claims import CLAIMS
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan


#: Panel of classical models to which the phase of a state is hidden, as it is to a circuit.
HIDDEN = "phase hidden"


class Models(Study):
    """Resilience of comparison models: linear, by kernels and neighbours, networks, and those that
    see no more of a state than a circuit does."""

    label = "comparison models"
    group = "supplement"
    section = "supplement"
    figure = "figS_models"
    tables = ("models",)
    claims = CLAIMS

    models: Distinct[ModelName] = option(says="architectures whose resilience is compared")

    def needs(self, plan: Plan):
        grid = plan.grid
        return {"data": grid.all_data(), "cells": grid.all_trained(self.models)}

    def settings(self, plan: Plan):
        return {
            "alphas": list(plan.grid.alphas),
            "seeds": list(plan.grid.seeds),
            "margin": plan.config["statistics"]["collapsed_margin"],
        }

    def drawing(self, plan: Plan):
        config = plan.config
        references = self.references(plan)
        panels: dict[str, list[str]] = {}
        for name in self.models:
            if name not in references:
                model = plan.model(config["datasets"][0], name)
                is_blind = model.is_phase_blind() and not model.quantum
                panel = HIDDEN if is_blind else model.panel
                panels.setdefault(panel, []).append(name)
        return {
            "datasets": config["datasets"],
            "corruptions": config["corruptions"],
            "references": references,
            "panels": panels,
        }

    def references(self, plan: Plan) -> list[str]:
        """Models that every panel shows: the study's own that have a colour of their own."""
        looks = plan.looks()["models"]
        own = [name for name in self.models if name in plan.config["models"]]
        return [name for name in own if looks[name]["colour"]]

    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        return [f"models: {line}" for line in cell_problems(plan, "training", self.models)]
