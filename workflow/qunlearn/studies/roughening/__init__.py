"""Fig. X "roughening": what the landscape roughening ratio (LRR) measures, against training time, at
matched training loss, and against resilience across models."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qunlearn.config.options import Count, Distinct, ModelName, PoisonedAlpha
from qunlearn.grid.blocks import without_doubles
from qunlearn.grid.names import spell
from qunlearn.parts.corruptions.label_flipping import LabelFlipping
from qunlearn.parts.part import option
from qunlearn.studies.roughening.claims import CLAIMS
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan


class Roughening(Study):
    """The LRR against training time, training loss, and resilience."""

    label = "what the LRR measures"
    section = "beyond.roughening"
    figure = "figX_roughening"
    tables = ("roughening",)
    claims = CLAIMS
    analyses = True
    #: What poisoned models met.
    corruption: ClassVar[str] = LabelFlipping.name()

    alpha: PoisonedAlpha = option(says="fraction of flipped labels, against 0")
    along: Distinct[ModelName] = option(says="architectures trained for each number of epochs")
    epochs: Distinct[Count] = option(says="of these trainings")
    across: Distinct[ModelName] = option(
        says="architectures, trained by their own schedules, whose LRR is compared with their resilience"
    )

    # -- what is trained ---------------------------------------------------------------------------
    def trainings(self) -> dict[str, tuple[str, int]]:
        """Model trained for a number of epochs -> (architecture, epochs). Its learning curve has two
        points: only the end is looked at."""
        return {
            spell(model, {"epochs": epochs, "record": epochs}): (model, epochs)
            for model in self.along
            for epochs in sorted(self.epochs)
        }

    def models(self) -> list[str]:
        """Every model that is analysed."""
        return without_doubles([*self.trainings(), *self.across])

    def analysis_alphas(self, plan: Plan):
        return (0.0, self.alpha)

    def analysed_from(self, plan: Plan, dataset, model, corruption, alphas, seeds):
        """Training files: of the comparison of sizes where that has the model, else of these
        corrupted fractions and those between."""
        capacity = plan.study("capacity")
        if model in capacity.models and set(alphas) <= set(capacity.alphas(plan)):
            return capacity.trained(plan, dataset, model, seeds)
        if model in plan.config["models"]:
            return plan.grid.trained(dataset, model, corruption, alphas, seeds)
        return plan.grid.trained_alone(dataset, model, corruption, alphas, seeds)

    # -- what its rules are told -------------------------------------------------------------------
    def needs(self, plan: Plan):
        grid, config = plan.grid, plan.config
        cells = [
            grid.cells(self.name(), dataset, model, self.corruption, block, seeds)
            for dataset in config["datasets"]
            for model in self.models()
            for block in grid.alpha_blocks(self.analysis_alphas(plan))
            for seeds in grid.seed_blocks(dataset, model)
        ]
        return {"data": grid.all_data(), "cells": cells}

    def settings(self, plan: Plan):
        return {
            "trainings": self.trainings(),
            "seeds": list(plan.grid.seeds),
            "margin": plan.config["statistics"]["collapsed_margin"],
        }

    def drawing(self, plan: Plan):
        quantum = [name for name in self.across if plan.family(name).quantum]
        return {
            "datasets": plan.config["datasets"],
            "along": self.along,
            "across": self.across,
            "quantum": quantum,
            "sizes": {name: self.size(plan, name) for name in self.across},
        }

    def size(self, plan: Plan, name: str) -> str:
        """'[64, 16]', 'D = 4': what tells a model from others of its family."""
        part = plan.model(plan.config["datasets"][0], name)
        return part.title() if part.is_linear() else part.size()

    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        found = [
            f"{key}: '{name}' has no loss landscape; leave it out"
            for key in ("along", "across")
            for name in getattr(self, key)
            if not plan.family(name).landscape
        ]
        found += [
            f"along: '{name}' is fitted in one call, without epochs; leave it out"
            for name in self.along
            if plan.family(name).fitted
        ]
        if not found:
            lines = cell_problems(plan, "training", self.trainings())
            found += [f"along: {line}" for line in lines]
            found += [f"across: {line}" for line in cell_problems(plan, "training", self.across)]
        return found
