"""Fig. X "shots": resilience to flipped labels of a quantum model that is read with few shots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qunlearn.config.options import Alpha, Count, Distinct, ModelName
from qunlearn.grid.names import spell
from qunlearn.parts.corruptions.label_flipping import LabelFlipping
from qunlearn.parts.part import option
from qunlearn.studies.quantum_models import family_problems
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan


class Shots(Study):
    """Flipped labels met by a quantum model whose expectation values are means of few outcomes."""

    label = "finite shots"
    section = "beyond.shots"
    figure = "figX_shots"
    tables = ("shots", "shots_summary")
    precision = "double"

    model: ModelName = option(says="quantum model")
    shots: Distinct[Count] = option(says="circuit runs per expectation value")
    plateau: Alpha = option(says="plateau: mean over corrupted fractions up to this one")

    def models(self) -> list[str]:
        """The model, exact and with every number of shots."""
        return [self.model, *(spell(self.model, {"shots": n}) for n in sorted(self.shots))]

    def needs(self, plan: Plan):
        grid = plan.grid
        cells = grid.trained_under(LabelFlipping.name(), self.models())
        return {"data": grid.all_data(), "cells": cells}

    def settings(self, plan: Plan):
        claims = plan.study("claims")
        return {
            "alphas": list(plan.grid.alphas),
            "seeds": list(plan.grid.seeds),
            "margin": plan.config["statistics"]["collapsed_margin"],
            "plateau": self.plateau,
            "confidence": claims.confidence,
            "resamples": claims.resamples,
        }

    def drawing(self, plan: Plan):
        return {"datasets": plan.config["datasets"]}

    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        if found := family_problems(plan, self.model, ("shots",)):
            return found
        found = [f"model: {line}" for line in cell_problems(plan, "training", self.models())]
        if self.plateau < min(plan.grid.alphas):
            found.append(f"plateau: {self.plateau} is below every value of alphas; raise it")
        return found
