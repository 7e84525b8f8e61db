"""Fig. X "scale": how much of the resilience is one classical number, the largest |logit|?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qunlearn.config.options import Count, Distinct, ModelName, PoisonedAlpha, Positive
from qunlearn.grid.names import spell
from qunlearn.parts.corruptions.label_flipping import LabelFlipping
from qunlearn.parts.part import option
from qunlearn.studies.scale.claims import CLAIMS
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

CORRUPTION = LabelFlipping.name()


class Scale(Study):
    """Resilience to flipped labels against the largest logit that a model can give."""

    label = "readout scale"
    section = "beyond.scale"
    figure = "figX_scale"
    tables = ("scale", "scale_summary")
    claims = CLAIMS

    models: Distinct[ModelName] = option(
        says="architectures whose logit has a bound: s of a QNN, logit_bound of an MLP"
    )
    scales: Distinct[Positive] = option(says="largest |logit|")
    plateau: PoisonedAlpha = option(says="corrupted fractions up to this one count")
    seeds: Count = option(says="independent runs, of the seeds from 0 on")

    def varied(self, plan: Plan) -> dict[str, dict]:
        """Name of every varied model -> its `model` and `scale`."""
        found = {}
        for model in self.models:
            bound = plan.family(model).bound_option
            for scale in sorted(self.scales):
                name = spell(model, {bound: f"{scale:g}"})
                found[name] = {"model": model, "scale": scale}
        return found

    def alphas(self, plan: Plan) -> list[float]:
        return [alpha for alpha in plan.grid.alphas if alpha <= self.plateau]

    def more_seeds(self):
        return list(range(self.seeds))

    def seeds_of(self, plan: Plan, dataset: str, model: str) -> list[int]:
        """Its own, and where a run was given more by name (`fewer_seeds.runs`) these."""
        named = plan.grid.named_runs.get((dataset, model), {}).get(CORRUPTION, 0)
        return sorted({*range(self.seeds), *plan.grid.seeds[:named]})

    # -- what its rules are told -------------------------------------------------------------------
    def needs(self, plan: Plan):
        grid, cells = plan.grid, []
        for dataset in plan.config["datasets"]:
            for model in self.varied(plan):
                case = dataset, model, CORRUPTION
                seeds = self.seeds_of(plan, dataset, model)
                cells += grid.trained(*case, self.alphas(plan), seeds)
        return {"data": grid.all_data(), "cells": cells}

    def settings(self, plan: Plan):
        claims = plan.study("claims")
        seeds = [
            self.seeds_of(plan, dataset, model)
            for dataset in plan.config["datasets"]
            for model in self.varied(plan)
        ]
        return {
            "varied": self.varied(plan),
            "alphas": self.alphas(plan),
            "seeds": sorted(set().union(*seeds)),
            "margin": plan.config["statistics"]["collapsed_margin"],
            "confidence": claims.confidence,
            "resamples": claims.resamples,
        }

    def drawing(self, plan: Plan):
        return {
            "datasets": plan.config["datasets"],
            "models": self.models,
            "plateau": max(self.alphas(plan)),
        }

    # -- checks ------------------------------------------------------------------------------------
    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        found = []
        for model in self.models:
            if not plan.family(model).bound_option:
                found.append(f"models: the logit of '{model}' has no bound to set; leave it out")
        if found:
            return found
        if len(self.alphas(plan)) < 2 or plan.grid.alphas[0] > 0:
            found.append(
                f"plateau: alphas must hold 0 and another one up to {self.plateau}; add them"
            )
        lines = cell_problems(plan, "training", self.varied(plan))
        return found + [f"models: {line}" for line in lines]
