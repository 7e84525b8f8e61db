"""Fig. X "attacks": does the resilience survive an attacker who chooses which samples are poisoned,
and how?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from qunlearn.config.blocks import of_dataset, unknown_datasets
from qunlearn.config.options import Distinct, ModelName, PerDataset, PoisonedAlpha, Refers
from qunlearn.grid.blocks import without_doubles
from qunlearn.parts.corruptions.label_flipping import LabelFlipping
from qunlearn.parts.part import option
from qunlearn.studies.attacks.claims import CLAIMS
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

ChangedCorruption = Annotated[str, Refers("corruption", changes=True)]
#: Models are trained under it for other studies, too, at all alphas.
RANDOM = LabelFlipping.name()


class Attacks(Study):
    """Resilience to flips that are chosen, to graded noise, and to backdoors."""

    label = "chosen poison"
    section = "beyond.attacks"
    figure = "figX_attacks"
    tables = ("attacks",)
    claims = CLAIMS

    corruptions: Distinct[ChangedCorruption] = option(
        says="attacks, perhaps with changes; each on the datasets whose kind of data it fits"
    )
    models: PerDataset[Distinct[ModelName]] = option(says="models that are attacked")
    max_alpha: PoisonedAlpha = option(
        says="at the grid's alphas up to this one; at 0.5 flipped labels say nothing"
    )

    # -- what is run -------------------------------------------------------------------------------
    def models_of(self, dataset: str) -> list[str]:
        """Models on a dataset; none where the list has none for it."""
        return of_dataset(self, "models", dataset) or []

    def attacks_on(self, plan: Plan, dataset: str) -> list[str]:
        """Corruptions that fit a dataset's kind of data."""
        source = plan.source(dataset)
        return [
            name for name in self.corruptions if not plan.corruption(name).misfit(source, dataset)
        ]

    def datasets(self, plan: Plan) -> list[str]:
        """Datasets of the study that have models, and attacks that fit them."""
        names = plan.config["datasets"]
        return [name for name in names if self.models_of(name) and self.attacks_on(plan, name)]

    def alphas(self, plan: Plan) -> list[float]:
        """Those of the grid that are not too large, and 0."""
        return [0.0, *(alpha for alpha in plan.grid.alphas if 0 < alpha <= self.max_alpha)]

    def needs(self, plan: Plan):
        grid, cells = plan.grid, []
        for dataset in self.datasets(plan):
            for model in self.models_of(dataset):
                seeds = grid.seeds_of(dataset, model)
                for name in self.attacks_on(plan, dataset):
                    trained = grid.trained if name == RANDOM else grid.trained_alone
                    cells += trained(dataset, model, name, self.alphas(plan), seeds)
        return {"data": [grid.data(name) for name in self.datasets(plan)], "cells": cells}

    def settings(self, plan: Plan):
        parts = {name: plan.corruption(name) for name in self.corruptions}
        return {
            "aims": {name: part.aims_at() for name, part in parts.items()},
            "balanced": [name for name, part in parts.items() if part.balanced],
            "alphas": self.alphas(plan),
            "seeds": list(plan.grid.seeds),
            "margin": plan.config["statistics"]["collapsed_margin"],
        }

    def drawing(self, plan: Plan):
        models = {name: self.models_of(name) for name in self.datasets(plan)}
        return {"corruptions": self.corruptions, "models": models}

    def applies(self, plan: Plan):
        return bool(self.datasets(plan))

    # -- checks ------------------------------------------------------------------------------------
    def problems(self, plan: Plan):
        found = unknown_datasets(self, "models", plan.config["data"])
        if len(self.alphas(plan)) == 1:
            found.append(f"max_alpha: alphas have none above 0 up to {self.max_alpha:g}")
        for dataset in plan.config["datasets"]:
            for model in self.models_of(dataset):
                found += [f"models: {line}" for line in plan.problems(dataset, model)]
            for name in self.attacks_on(plan, dataset):
                lines = plan.poison_problems(dataset, name)
                found += [f"corruptions: {line}" for line in lines]
        return without_doubles(found)
