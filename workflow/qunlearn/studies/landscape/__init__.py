"""The landscape roughening ratio (Eq. 1), and the loss around trained models; Fig. 3 draws both."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from qunlearn.config.options import Count
from qunlearn.grid.blocks import without_doubles
from qunlearn.grid.names import base
from qunlearn.parts import registry
from qunlearn.parts.part import option
from qunlearn.studies.landscape.claims import CLAIMS
from qunlearn.studies.study import Study


class Landscape(Study):
    """Curvature of the loss at clean and at poisoned models, and their ratio (Fig. 3d).

    Options are those of the surfaces of the loss (Fig. 3c), which the module `surface` describes.
    """

    group = ""
    section = "surface"
    tables = ("landscape",)
    claims = CLAIMS

    radius: Annotated[float, Field(gt=0, le=1000)] = option(
        says="farthest step along an eigenvector, in the parameters' own unit"
    )
    steps: Annotated[Count, Field(le=100)] = option(
        says="points of the surface from its centre to its edge"
    )

    def needs(self, plan):
        grid = plan.grid
        cells = grid.analysed("landscape", grid.landscape_alphas)
        return {"data": grid.all_data(), "cells": cells}

    def settings(self, plan):
        section = plan.config["landscape"]
        return {
            "seeds": list(plan.grid.seeds),
            "margin": plan.config["statistics"]["collapsed_margin"],
            "ratio": section.get("ratio", "paired"),
            "drop_dead": section.get("drop_dead", False),
        }

    def pipeline_problems(self, plan):
        from qunlearn.config.check import cell_problems

        models = plan.grid.stage_models("landscape")
        found = [
            f"landscape.architectures: {model} keeps training samples, not parameters of a loss, so it "
            "has no loss landscape: name another architecture for it there"
            for model in models
            if not plan.family(model).landscape
        ]
        found += cell_problems(plan, "training", models)
        return found or trace_problems(plan, models)

    # -- surfaces ------------------------------------------------------------------------------------
    def surface_models(self, plan) -> list[str]:
        """Models whose surfaces are drawn: the study's, or where one has no landscape what stands for
        it."""
        replace = plan.config["landscape"]["architectures"]
        names = []
        for model in plan.config["models"]:
            has_landscape = plan.family(model).landscape
            names += [model] if has_landscape else replace.get(model, [model])
        return without_doubles(names)

    def surface_task(self, plan) -> dict:
        """What surfaces are of: the models that the first case of unlearning starts from, of the first
        seed; beside each its clean twin."""
        models = self.surface_models(plan)
        corruption = plan.config["unlearning"]["corruptions"][0]
        return {
            "architectures": {
                dataset: {model: plan.architecture(dataset, model) for model in models}
                for dataset in plan.config["datasets"]
            },
            "corruption": corruption,
            "poison": plan.corruption_options(corruption),
            "alpha": plan.grid.unlearning_alphas[0],
            "seed": plan.grid.seeds[0],
        }

    def surface_files(self, plan) -> list[str]:
        """Training files of these models."""
        grid, task = plan.grid, self.surface_task(plan)
        files = []
        for dataset in plan.config["datasets"]:
            for model in self.surface_models(plan):
                alphas = (0.0, task["alpha"])
                files += grid.trained(dataset, model, task["corruption"], alphas, grid.seeds[:1])
        return files

    def request(self, requests):
        """What the job that computes surfaces asks a cluster for: of a clean and a poisoned model on every dataset the
        leading eigenvectors, and the loss at every point."""
        plan, task = requests.plan, self.surface_task(requests.plan)
        passes = self.analysis_passes(plan) + (2 * self.steps + 1) ** 2
        asked = []
        for dataset, models in task["architectures"].items():
            for model in models:
                sweep = requests.sweep(dataset, model, task["corruption"])
                numbers = self.analysis_numbers(plan, requests.weights_of(sweep))
                asked.append(requests.inspect(sweep, 1, 2, numbers, passes))
        return requests.one_by_one(asked)

    def code_files(self, plan) -> list[Path]:
        """What the job runs that computes surfaces."""
        corruption = registry.find("corruption", base(self.surface_task(plan)["corruption"]))
        parts = [*(plan.family(model) for model in self.surface_models(plan)), corruption]
        return [self.folder() / "tabulate_surface.py", *map(registry.file_of, parts)]


def trace_problems(plan, models: list[str], datasets: list[str] | None = None) -> list[str]:
    """What of the curvature of these models cannot be computed, on the datasets of the study or those given:
    'landscape.KEY: sentence'."""
    found = []
    for dataset in datasets or plan.config["datasets"]:
        counts = plan.source(dataset).sample_counts()
        for model in models:
            options = plan.trace_options(dataset, model)
            samples = options["samples"]
            if counts and samples and samples > counts[1]:
                found.append(
                    f"landscape.samples: {samples} are more than the {counts[1]} validation samples of {dataset}; "
                    "choose fewer, or null for all"
                )
            reason = plan.model(dataset, model).without_complex_angles()
            if options["trace"] == "complexified" and reason:
                found.append(f"landscape.trace: {model} has no complexified trace with {reason}")
    return without_doubles(found)
