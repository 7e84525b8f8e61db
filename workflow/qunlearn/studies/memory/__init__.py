"""Fig. X "memory": how much of labels that mean nothing can a model learn by heart?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from qunlearn.config.options import Count, Distinct, Refers
from qunlearn.grid.blocks import without_doubles
from qunlearn.grid.names import base, parse, spell
from qunlearn.parts.corruptions.label_flipping import LabelFlipping
from qunlearn.parts.part import option
from qunlearn.studies.memory.claims import CLAIMS
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

ChangedModel = Annotated[str, Refers("model", changes=True)]
CORRUPTION = LabelFlipping.name()
#: Where half of the labels are flipped, they say nothing.
RANDOM = 0.5


class Memory(Study):
    """Training accuracy on random labels against the number of parameters."""

    label = "capacity to memorise"
    section = "beyond.memory"
    figure = "figX_memory"
    tables = ("memory",)
    claims = CLAIMS

    models: Distinct[ChangedModel] = option(says="models, perhaps with changes")
    longer: Count = option(says="times as many epochs as a model's schedule has")

    def varied(self, plan: Plan, dataset: str) -> dict[str, str]:
        """Name with as many epochs -> the name of the configuration."""
        found = {}
        for model in self.models:
            name, changes = parse(model)
            if not plan.family(model).fitted:
                epochs = plan.training_schedule(dataset, model)["epochs"]
                changes |= {"epochs": self.longer * epochs}
            found[spell(name, changes)] = model
        return found

    # -- what its rules are told -------------------------------------------------------------------
    def needs(self, plan: Plan):
        grid, cells = plan.grid, []
        for dataset in plan.config["datasets"]:
            for model in self.varied(plan, dataset):
                seeds = grid.seeds_of(dataset, model)
                cells += grid.trained_alone(dataset, model, CORRUPTION, (RANDOM,), seeds)
        return {"data": grid.all_data(), "cells": cells}

    def settings(self, plan: Plan):
        datasets = plan.config["datasets"]
        return {
            "names": {dataset: self.varied(plan, dataset) for dataset in datasets},
            "seeds": list(plan.grid.seeds),
            "margin": plan.config["statistics"]["collapsed_margin"],
            "confidence": plan.study("claims").confidence,
        }

    def drawing(self, plan: Plan):
        datasets = plan.config["datasets"]
        sizes = {}
        for dataset in datasets:
            sizes[dataset] = {name: plan.model(dataset, name).size() for name in self.models}
        return {"datasets": datasets, "groups": self.groups(plan), "sizes": sizes}

    def groups(self, plan: Plan) -> dict[str, list[str]]:
        """Words -> models: those of one family that see the same of a sample."""
        found = {}
        for name in self.models:
            model = plan.model(plan.config["datasets"][0], name)
            sees = "" if model.quantum or not model.is_phase_blind() else " on ρ"
            found.setdefault(type(model).words() + sees, []).append(name)
        return found

    # -- checks ------------------------------------------------------------------------------------
    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        found = cell_problems(plan, "training", self.models)
        for model in self.models:
            if "epochs" in parse(model)[1]:
                found.append(f"'{model}' has epochs of its own; set `longer` instead")
            elif not plan.family(base(model)).landscape:
                found.append(f"'{model}' keeps training samples, and has no parameters to count")
        return without_doubles(f"models: {line}" for line in found)
