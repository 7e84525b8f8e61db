"""Fig. X "detection": do models point at the poison they were trained on?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qunlearn.config.options import Count, Distinct, PoisonedAlpha, Refers
from qunlearn.grid.names import base
from qunlearn.parts.part import option
from qunlearn.studies.detection.claims import CLAIMS
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

ChangedModel = Annotated[str, Refers("model", changes=True)]
ChangedCorruption = Annotated[str, Refers("corruption", changes=True)]


class Detection(Study):
    """Rankings of training samples by suspicion, against the truth."""

    label = "finding the poison"
    group = "beyond"
    section = "beyond.detection"
    figure = "figX_detection"
    tables = ("detection",)
    claims = CLAIMS

    models: Distinct[ChangedModel] = option(
        says="models that rank the samples they were trained on"
    )
    corruptions: Distinct[ChangedCorruption] = option(says="what is to be found")
    alphas: Distinct[PoisonedAlpha] = option(says="corrupted fractions")
    folds: Annotated[int, Field(ge=2, le=100)] = option(
        says="parts of the training set that a model is trained without, for confident learning"
    )
    seeds: Count = option(says="the first so many of those at the top")

    def sweeps(self, plan: Plan) -> list[tuple]:
        """(dataset, model, corruption) of what is ranked."""
        return [
            (dataset, model, corruption)
            for dataset in plan.config["datasets"]
            for model in self.models
            for corruption in self.corruptions
        ]

    def needs(self, plan: Plan):
        grid = plan.grid
        cells = [
            grid.cells(self.name(), *case, (alpha,), seeds)
            for case in self.sweeps(plan)
            for alpha in self.alphas
            for seeds in grid.seed_blocks(*case[:2], first=self.seeds)
        ]
        return {"cells": cells}

    def settings(self, plan: Plan):
        return {"seeds": list(plan.grid.seeds[: self.seeds])}

    def drawing(self, plan: Plan):
        return {
            "datasets": plan.config["datasets"],
            "models": self.models,
            "corruptions": self.corruptions,
        }

    def request(self, requests, sweep, seeds: int):
        """What a job asks a cluster for: of every seed the model itself, and one without each part."""
        epochs = requests.plan.training_schedule(sweep.dataset, sweep.model)["epochs"]
        return requests.optimise(sweep, seeds, (1 + self.folds) * seeds, epochs)

    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        found = [f"models: {line}" for line in cell_problems(plan, "training", self.models)]
        for model in self.models:
            if plan.family(base(model)).fitted:
                found.append(
                    f"models: '{model}' is fitted in one call and has no margin along its training; leave it out"
                )
        return found
