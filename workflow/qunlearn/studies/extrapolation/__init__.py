"""Fig. X "extrapolation": resilience on data whose validation samples have no neighbours among the
training samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from qunlearn.config.options import Distinct, ModelName, Name, Refers
from qunlearn.grid.blocks import without_doubles
from qunlearn.parts.corruptions.label_flipping import LabelFlipping
from qunlearn.parts.part import option
from qunlearn.runtime.errors import UserError
from qunlearn.studies.extrapolation.claims import CLAIMS
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

ChangedDataset = Annotated[str, Refers("dataset", changes=True)]
CORRUPTION = LabelFlipping.name()


class Extrapolation(Study):
    """Who resists flipped labels where validation is no interpolation between training samples."""

    label = "beyond interpolation"
    section = "beyond.extrapolation"
    figure = "figX_extrapolation"
    tables = ("extrapolation", "neighbours")
    claims = CLAIMS

    beside: dict[Name, Distinct[ChangedDataset]] = option(
        says="for a dataset of the study, others that may have changes in their names; its own name "
        "may be among them"
    )
    models: Distinct[ModelName] = option(says="models that are compared")

    def datasets(self, plan: Plan) -> list[str]:
        """Names of all data that stand beside a dataset of the study."""
        found = []
        for name in plan.config["datasets"]:
            found += self.beside.get(name, [])
        return without_doubles(found)

    # -- what its rules are told -------------------------------------------------------------------
    def applies(self, plan: Plan):
        return bool(self.datasets(plan))

    def needs(self, plan: Plan):
        grid, cells = plan.grid, []
        datasets = self.datasets(plan)
        for dataset in datasets:
            for model in self.models:
                seeds = grid.seeds_of(dataset, model)
                cells += grid.trained(dataset, model, CORRUPTION, grid.alphas, seeds)
        return {"data": [grid.data(name) for name in datasets], "cells": cells}

    def settings(self, plan: Plan):
        return {
            "alphas": list(plan.grid.alphas),
            "seeds": list(plan.grid.seeds),
            "margin": plan.config["statistics"]["collapsed_margin"],
        }

    def drawing(self, plan: Plan):
        return {"datasets": self.datasets(plan), "models": self.models}

    # -- checks ------------------------------------------------------------------------------------
    def problems(self, plan: Plan):
        found = []
        known = plan.config["data"]
        for name in self.beside:
            if name not in known:
                allowed = ", ".join(known)
                found.append(f"beside.{name}: no dataset '{name}' (allowed: {allowed})")
        for dataset in self.datasets(plan):
            found += self._problems_of(plan, dataset)
        return without_doubles(found)

    def _problems_of(self, plan: Plan, dataset: str) -> list[str]:
        try:
            source = plan.source(dataset)
        except UserError as error:
            return [f"beside: {error}"]
        if not source.is_complex():
            return [f"beside: {dataset} holds no states, whose fidelities are drawn; leave it out"]
        found = []
        for model in self.models:
            found += [f"models: {line}" for line in plan.problems(dataset, model)]
        return found
