"""Fig. S "capacity": resilience against the width of perceptrons, the depth of circuits, and the
number of parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qunlearn.config.options import Alpha, Distinct, ModelName
from qunlearn.parts.corruptions.label_flipping import LabelFlipping
from qunlearn.parts.part import option
from qunlearn.studies.capacity.claims import CLAIMS
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan
    from qunlearn.parts.models import Model

CORRUPTION = LabelFlipping.name()
#: Words for options that models are compared by, where their names are none.
WORDS = {"hidden": "width"}


class Capacity(Study):
    """Resilience to flipped labels against width, depth and number of parameters."""

    label = "capacity and depth"
    group = "supplement"
    section = "supplement.capacity"
    figure = "figS_capacity"
    tables = ("capacity",)
    claims = CLAIMS

    models: Distinct[ModelName] = option(says="architectures, compared within their families")
    max_alpha: Alpha = option(says="up to this corrupted fraction of the study's")

    def alphas(self, plan: Plan) -> tuple[float, ...]:
        return tuple(alpha for alpha in plan.grid.alphas if alpha <= self.max_alpha)

    def needs(self, plan: Plan):
        cells = [
            path
            for dataset in plan.config["datasets"]
            for model in self.models
            for path in self.trained(plan, dataset, model)
        ]
        return {"data": plan.grid.all_data(), "cells": cells}

    def trained(self, plan: Plan, dataset: str, model: str, seeds=None) -> list[str]:
        """Training files of a model, of all its seeds or of those given. What is trained at every alpha
        for other ends is taken from there; all others are trained at these alphas alone."""
        grid = plan.grid
        stages = [*grid.stage_models("unlearning"), *grid.stage_models("landscape")]
        compared = plan.study("models").models
        files = grid.trained_alone
        if model in {*plan.config["models"], *compared, *stages}:
            files = grid.trained
        seeds = seeds or grid.seeds_of(dataset, model)
        return files(dataset, model, CORRUPTION, self.alphas(plan), seeds)

    def settings(self, plan: Plan):
        return {
            "alphas": list(self.alphas(plan)),
            "seeds": list(plan.grid.seeds),
            "margin": plan.config["statistics"]["collapsed_margin"],
        }

    def drawing(self, plan: Plan):
        datasets = plan.config["datasets"]
        return {
            "datasets": datasets,
            "families": self.families(plan),
            "sizes": {dataset: self.sizes(plan, dataset) for dataset in datasets},
        }

    def families(self, plan: Plan) -> dict[str, dict]:
        """Label and first colour of each family, and what of its models is compared."""
        members: dict[type[Model], list[Model]] = {}
        for name in self.models:
            part = plan.model(plan.config["datasets"][0], name)
            members.setdefault(type(part), []).append(part)
        return {
            family.name(): {
                "label": family.words(),
                "colour": next(iter(family.colours), ""),
                "compared": compared(parts),
            }
            for family, parts in members.items()
        }

    def sizes(self, plan: Plan, dataset: str) -> dict[str, dict]:
        """Of every model its family, what tells it from others there, and the `variant`: what else
        than a size does, empty for the first of the family."""
        found, firsts = {}, {}
        for name in self.models:
            part = plan.model(dataset, name)
            first = firsts.setdefault(type(part), part)
            found[name] = {
                "family": part.name(),
                "label": part.size(),
                "variant": variant(part, first),
            }
        return found

    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        found = [f"models: {line}" for line in cell_problems(plan, "training", self.models)]
        if not self.alphas(plan):
            found.append(f"max_alpha: {self.max_alpha} is below every value of alphas; raise it")
        return found


def variant(part: Model, first: Model) -> str:
    """'ring': words and switches among the options of a model that the first of its family does not
    share."""
    names = differing([part, first])
    values = {name: getattr(part, name) for name in names}
    words = [value for value in values.values() if isinstance(value, str)]
    switches = [name.replace("_", " ") for name, value in values.items() if value is True]
    return ", ".join(words + switches)


def compared(parts: list[Model]) -> str:
    """'depth': the first option in which models differ; empty where they do in none."""
    found = next(iter(differing(parts)), "")
    return WORDS.get(found, found.replace("_", " "))


def differing(parts: list[Model]) -> list[str]:
    """Options that are not the same in all of these models of a family."""
    first, *others = parts
    return [
        name
        for name in type(first).model_fields
        if any(getattr(part, name) != getattr(first, name) for part in others)
    ]
