"""Fig. X "scaling": is the transition of a quantum model a finite-size effect?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qunlearn.config.options import Count, Distinct, ModelName, PoisonedAlpha
from qunlearn.grid.names import spell
from qunlearn.parts.corruptions.label_flipping import LabelFlipping
from qunlearn.parts.part import option
from qunlearn.runtime.errors import UserError
from qunlearn.studies.quantum_models import family_problems
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

#: What is scaled -> the option of data that scales it, which is also the study's list of sizes.
SCALED = {"samples": "train_per_class", "length": "lengths"}


class Scaling(Study):
    """The transition of a quantum model under label flipping against the size of the task."""

    label = "finite-size scaling"
    section = "beyond.scaling"
    figure = "figX_scaling"
    tables = ("scaling", "scaling_fits", "scaling_exponents")

    model: ModelName = option(says="quantum model; as many updates at every number of samples")
    alphas: Distinct[PoisonedAlpha] = option(says="corrupted fractions beside the study's")
    train_per_class: Distinct[Count] = option(
        says="training samples of either class, of data that have this option"
    )
    lengths: Distinct[Count] = option(says="of chains, that is of data with the option length")

    def cases(self, plan: Plan) -> list[dict]:
        """Of each (dataset, what is scaled, size) the names of data and model."""
        datasets = plan.config["datasets"]
        cases = []
        for dataset in datasets:
            if has_option(plan, dataset, "train_per_class"):
                cases += self._samples(plan, dataset)
        for dataset in datasets:
            if has_option(plan, dataset, "length"):
                cases += self._lengths(plan, dataset)
        return cases

    def _samples(self, plan: Plan, dataset: str) -> list[dict]:
        """A smaller training set is trained for more epochs: as many updates as the largest has by
        the model's own schedule."""
        schedule = plan.training_schedule(dataset, self.model)
        counts = sorted(self.train_per_class)
        steps = [math.ceil(2 * count / (schedule["batch"] or 2 * count)) for count in counts]
        cases = []
        for count, step in zip(counts, steps):
            epochs = round(schedule["epochs"] * steps[-1] / step)
            changes = {} if epochs == schedule["epochs"] else {"epochs": epochs}
            case = {"dataset": dataset, "scaled": "samples", "size": 2 * count}
            case["data"] = spell(dataset, {"train_per_class": count})
            cases.append(case | {"model": spell(self.model, changes)})
        return cases

    def _lengths(self, plan: Plan, dataset: str) -> list[dict]:
        cases = []
        for length in sorted(self.lengths):
            case = {"dataset": dataset, "scaled": "length", "size": length}
            cases.append(case | {"data": of_length(plan, dataset, length), "model": self.model})
        return cases

    def left_out(self, plan: Plan) -> list[str]:
        """Datasets of the study that have no size to scale."""
        scaled = {case["dataset"] for case in self.cases(plan)}
        return [name for name in plan.config["datasets"] if name not in scaled]

    def sweep(self):
        return self.alphas

    def needs(self, plan: Plan):
        cases = self.cases(plan)
        if not cases:
            raise UserError(
                "beyond.scaling: no dataset of the study has an option `train_per_class` or "
                "`length`; add one that has under datasets."
            )
        cells = {path for case in cases for path in self.trained(plan, case["data"], case["model"])}
        data = {plan.grid.data(case["data"]) for case in cases}
        return {"data": sorted(data), "cells": sorted(cells)}

    def trained(self, plan: Plan, data: str, model: str) -> list[str]:
        """Training files of a case: those of the study's alphas, and those of the finer grid."""
        grid, corruption = plan.grid, LabelFlipping.name()
        fine = grid.off_grid(self.alphas)
        shared = [alpha for alpha in self.all_alphas(plan) if alpha not in fine]
        files = grid.trained(data, model, corruption, shared, self.seeds(plan))
        for block in grid.train_blocks(data, model, corruption, fine):
            for seeds in grid.seed_blocks(data, model, self.seeds(plan)):
                files.append(grid.train(data, model, corruption, block, seeds))
        return files

    def seeds(self, plan: Plan) -> list[int]:
        """Those that all sizes have."""
        runs = [(case["data"], case["model"]) for case in self.cases(plan)]
        return list(plan.grid.common_seeds(runs))

    def all_alphas(self, plan: Plan) -> list[float]:
        return sorted({*self.alphas, *plan.grid.alphas})

    def settings(self, plan: Plan):
        claims = plan.study("claims")
        return {
            "cases": self.cases(plan),
            "left_out": self.left_out(plan),
            "alphas": self.all_alphas(plan),
            "seeds": self.seeds(plan),
            "margin": plan.config["statistics"]["collapsed_margin"],
            "confidence": claims.confidence,
            "resamples": claims.resamples,
        }

    def drawing(self, plan: Plan):
        return {"model": self.model}

    def applies(self, plan: Plan):
        return bool(self.cases(plan))

    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        if found := family_problems(plan, self.model):
            return found
        found = cell_problems(plan, "training", [self.model])
        if found:
            return [f"model: {line}" for line in found]
        for case in self.cases(plan):
            key = SCALED[case["scaled"]]
            lines = plan.problems(case["data"], case["model"])
            found += [f"{key}: {line}" for line in lines]
        return list(dict.fromkeys(found))


def has_option(plan: Plan, dataset: str, name: str) -> bool:
    """Whether data of this kind have an option."""
    return name in plan.source_kind(dataset).model_fields


def of_length(plan: Plan, dataset: str, length: int) -> str:
    """Name of a dataset of chains at this length."""
    own = plan.source(dataset).length
    return dataset if length == own else spell(dataset, {"length": length})
