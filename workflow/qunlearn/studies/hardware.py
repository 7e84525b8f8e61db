"""What studies of imperfect hardware have in common: one quantum model, varied, under label flipping."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qunlearn.config.options import Alpha, ModelName
from qunlearn.parts.corruptions.label_flipping import LabelFlipping
from qunlearn.parts.part import option
from qunlearn.studies.quantum_models import family_problems
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan


class Hardware(Study):
    """Base class: a subclass says what is `varied`, and names the varied `models`."""

    is_base: ClassVar[bool] = True
    #: Options of the model that are varied.
    varied: ClassVar[tuple[str, ...]] = ()

    model: ModelName = option(says="quantum model")
    plateau: Alpha = option(says="plateau: mean over corrupted fractions up to this one")

    def models(self) -> list[str]:
        """The model with every change of its options, unchanged first."""
        raise NotImplementedError

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

        if found := family_problems(plan, self.model, self.varied):
            return found
        found = [f"model: {line}" for line in cell_problems(plan, "training", self.models())]
        if self.plateau < min(plan.grid.alphas):
            found.append(f"plateau: {self.plateau} is below every value of alphas; raise it")
        return found
