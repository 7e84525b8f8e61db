"""Fig. X "gradients": is a flat landscape robust, or a barren plateau?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from qunlearn.config.options import Count, Distinct, ModelName, PoisonedAlpha
from qunlearn.grid.names import spell
from qunlearn.parts import registry
from qunlearn.parts.corruptions.label_flipping import LabelFlipping
from qunlearn.parts.part import option
from qunlearn.runtime.errors import UserError
from qunlearn.studies.quantum_models import family_problems
from qunlearn.studies.scaling import has_option, of_length
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

#: Passes over all samples for two draws of a circuit, and for a trained one: its Hessian's trace takes most.
PASSES = 12, 500


class Gradients(Study):
    """Mean squared gradients of a quantum model against depth and width, trained and untrained."""

    label = "gradients"
    section = "beyond.gradients"
    figure = "figX_gradients"
    tables = ("gradients",)
    #: What trained circuits met.
    corruption: ClassVar[str] = LabelFlipping.name()

    model: ModelName = option(says="quantum model")
    depths: Distinct[Count] = option(says="of untrained circuits")
    trained_depths: Distinct[Count] = option(says="of trained ones")
    lengths: Distinct[Count] = option(
        says="of chains (data with the option length), at the model's depth and at depth = length"
    )
    alphas: Distinct[PoisonedAlpha] = option(says="fractions of flipped labels, against 0")
    draws: Annotated[int, Field(ge=2, le=100_000)] = option(says="circuits of an ensemble")

    def circuits(self, plan: Plan) -> dict[str, dict[int, str]]:
        """What is measured: dataset -> depth -> the model's name."""
        depths = {name: {*self.depths, *self.trained_depths} for name in plan.config["datasets"]}
        for dataset, chains in self.chains(plan).items():
            own = plan.model(dataset, self.model).depth
            for length, chain in zip(sorted(self.lengths), chains):
                depths.setdefault(chain, set()).update({own, length})
        return {
            dataset: {depth: self.deep(plan, dataset, depth) for depth in sorted(wanted)}
            for dataset, wanted in depths.items()
        }

    def chains(self, plan: Plan) -> dict[str, list[str]]:
        """Dataset -> its names at all lengths, shortest first; without data that have no length."""
        return {
            dataset: [of_length(plan, dataset, length) for length in sorted(self.lengths)]
            for dataset in plan.config["datasets"]
            if has_option(plan, dataset, "length")
        }

    def deep(self, plan: Plan, dataset: str, depth: int) -> str:
        """Name of the model with this depth on a dataset."""
        own = plan.model(dataset, self.model).depth
        return self.model if own == depth else spell(self.model, {"depth": depth})

    def trained(self, plan: Plan, dataset: str) -> list[str]:
        """Training files of the models measured on a dataset: of the study itself, or of just these
        cells."""
        grid, config = plan.grid, plan.config
        files = []
        if dataset not in config["datasets"]:
            return files
        for depth in self.trained_depths:
            name = self.deep(plan, dataset, depth)
            case = dataset, name, self.corruption
            if name in config["models"]:
                files += grid.trained(*case, self.all_alphas(), grid.seeds_of(dataset, name))
                continue
            for alpha in self.all_alphas():
                blocks = grid.seed_blocks(dataset, name)
                files += [grid.train(*case, (alpha,), seeds) for seeds in blocks]
        return files

    def architectures(self, plan: Plan, dataset: str) -> dict[str, dict]:
        """Of the circuits measured on a dataset, by name. Raises UserError where there are none."""
        circuits = self.circuits(plan)
        if dataset not in circuits:
            raise UserError(f"{self.section}: nothing is measured on '{dataset}'.")
        return {name: plan.architecture(dataset, name) for name in circuits[dataset].values()}

    def code_files(self, plan: Plan) -> list[str]:
        """What a measurement runs."""
        parts = [plan.family(self.model), registry.find("corruption", self.corruption)]
        files = [self.folder() / "measure_gradients.py", *map(registry.file_of, parts)]
        return [str(file) for file in files]

    def request(self, requests, dataset: str):
        """What a measurement asks a cluster for: for every circuit states rearranged whole, and the derivatives of its
        draws, and of trained models where these are."""
        plan = requests.plan
        cells = len(self.all_alphas()) * len(plan.grid.seeds)
        numbers = 4 * requests.samples_of(dataset)
        asked = []
        for depth, name in self.circuits(plan)[dataset].items():
            passes = PASSES[0] * self.draws + PASSES[1] * cells * (depth in self.trained_depths)
            sweep = requests.sweep(dataset, name, self.corruption)
            asked.append(requests.inspect(sweep, 1, 1, numbers, passes))
        return requests.one_by_one(asked)

    def seeds(self, plan: Plan, dataset: str) -> dict[str, list[int]]:
        """Circuit -> seeds of its trained models on a dataset."""
        names = self.circuits(plan).get(dataset, {}).values()
        return {name: list(plan.grid.seeds_of(dataset, name)) for name in names}

    def all_alphas(self) -> list[float]:
        return sorted({0.0, *self.alphas})

    def measured(self, plan: Plan, dataset: str) -> str:
        """Path of the measurements on a dataset."""
        return str(plan.grid.root / "gradients" / f"{dataset}.csv")

    def needs(self, plan: Plan):
        datasets = list(self.circuits(plan))
        return {
            "data": [plan.grid.data(name) for name in datasets],
            "cells": [self.measured(plan, name) for name in datasets],
        }

    def settings(self, plan: Plan):
        return {"margin": plan.config["statistics"]["collapsed_margin"]}

    def drawing(self, plan: Plan):
        return {"datasets": plan.config["datasets"], "chains": self.chains(plan)}

    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        if found := family_problems(plan, self.model, ("depth",)):
            return found
        found = cell_problems(plan, "training", [self.model])
        if found:
            return [f"model: {line}" for line in found]
        for dataset, names in self.circuits(plan).items():
            key = "depths" if dataset in plan.config["datasets"] else "lengths"
            lines = cell_problems(plan, "training", names.values(), [dataset])
            found += [f"{key}: {line}" for line in lines]
        return list(dict.fromkeys(found))
