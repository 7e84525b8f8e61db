"""Fig. X "scale": how much of the resilience is one classical number, the largest |logit|?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qunlearn.config.blocks import of_dataset, unknown_datasets
from qunlearn.config.options import (
    Count,
    Distinct,
    ModelName,
    PerDataset,
    PoisonedAlpha,
    Positive,
)
from qunlearn.grid.blocks import without_doubles
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

    models: PerDataset[Distinct[ModelName]] = option(
        says="architectures whose logit has a bound: s of a QNN, logit_bound of an MLP"
    )
    scales: Distinct[Positive] = option(says="largest |logit|")
    plateau: PoisonedAlpha = option(says="corrupted fractions up to this one count")
    seeds: Count = option(says="independent runs, of the seeds from 0 on")

    def models_of(self, dataset: str) -> list[str]:
        """Models on a dataset; none where the list has none for it."""
        return of_dataset(self, "models", dataset) or []

    def datasets(self, plan: Plan) -> list[str]:
        """Datasets of the study that have models."""
        return [name for name in plan.config["datasets"] if self.models_of(name)]

    def all_models(self, plan: Plan) -> list[str]:
        """Of any dataset."""
        return without_doubles(
            model for name in self.datasets(plan) for model in self.models_of(name)
        )

    def varied(self, plan: Plan, models: list[str]) -> dict[str, dict]:
        """Name of every variant of these models -> its `model` and `scale`."""
        found = {}
        for model in models:
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
        for dataset in self.datasets(plan):
            for model in self.varied(plan, self.models_of(dataset)):
                case = dataset, model, CORRUPTION
                seeds = self.seeds_of(plan, dataset, model)
                cells += grid.trained(*case, self.alphas(plan), seeds)
        return {"data": [grid.data(name) for name in self.datasets(plan)], "cells": cells}

    def settings(self, plan: Plan):
        claims = plan.study("claims")
        seeds = [
            self.seeds_of(plan, dataset, model)
            for dataset in self.datasets(plan)
            for model in self.varied(plan, self.models_of(dataset))
        ]
        return {
            "varied": self.varied(plan, self.all_models(plan)),
            "alphas": self.alphas(plan),
            "seeds": sorted(set().union(*seeds)),
            "margin": plan.config["statistics"]["collapsed_margin"],
            "confidence": claims.confidence,
            "resamples": claims.resamples,
        }

    def drawing(self, plan: Plan):
        return {
            "datasets": self.datasets(plan),
            "models": self.all_models(plan),
            "plateau": max(self.alphas(plan)),
        }

    def applies(self, plan: Plan):
        return bool(self.datasets(plan))

    # -- checks ------------------------------------------------------------------------------------
    def problems(self, plan: Plan):
        found = unknown_datasets(self, "models", plan.config["data"])
        for model in self.all_models(plan):
            if not plan.family(model).bound_option:
                found.append(f"models: the logit of '{model}' has no bound to set; leave it out")
        if found:
            return found
        if len(self.alphas(plan)) < 2 or plan.grid.alphas[0] > 0:
            found.append(
                f"plateau: alphas must hold 0 and another one up to {self.plateau}; add them"
            )
        for dataset in self.datasets(plan):
            for model in self.varied(plan, self.models_of(dataset)):
                found += [f"models: {line}" for line in plan.problems(dataset, model)]
        return without_doubles(found)
