"""Fig. 3: unlearning, and the curvature of the loss that models start it from."""

from qunlearn.grid.names import base
from qunlearn.parts.methods.retrain_as_trained import RetrainAsTrained
from qunlearn.parts.registry import find
from qunlearn.studies.reproduction import published_runs, read_published
from qunlearn.studies.reproduction.layouts import UNLEARNING
from qunlearn.studies.study import Study
from qunlearn.studies.unlearning.claims import CLAIMS


class Unlearning(Study):
    """Accuracy against the unlearning step, by method, and the landscape roughening ratio
    (Fig. 3)."""

    group = "main"
    figure = "fig3"
    tables = ("unlearning",)
    reads = ("unlearning", "convergence", "landscape", "surface")
    claims = CLAIMS

    def needs(self, plan):
        grid = plan.grid
        return {"cells": grid.unlearned(grid.unlearning_cases(), plan.config["methods"])}

    def settings(self, plan):
        return {"seeds": list(plan.grid.seeds), "start_seed": plan.start_seed()}

    def drawing(self, plan):
        return {
            "datasets": plan.config["datasets"],
            "models": plan.grid.stage_models("unlearning"),
            "surface_models": plan.study("landscape").surface_models(plan),
            "landscape_models": plan.grid.stage_models("landscape"),
            "methods": plan.config["methods"],
            "replaced": plan.config["unlearning"]["architectures"],
            "target": RetrainAsTrained.name(),
        }

    def drawn_files(self, plan):
        files = published_runs(plan, UNLEARNING)
        return {"published": files} if files else {}

    def read_drawn(self, name, path):
        if name == "published":
            return read_published(path, UNLEARNING)
        return super().read_drawn(name, path)

    def pipeline_problems(self, plan):
        from qunlearn.config.check import cell_problems

        models = plan.grid.stage_models("unlearning")
        methods = plan.config["methods"]
        wrong = one_call_problems(plan, models) + cell_problems(plan, "unlearning", models)
        return wrong or method_problems(plan, models, methods, plan.config["datasets"])


def one_call_problems(plan, models: list[str]) -> list[str]:
    """Models that are fitted in one call read one set of samples, the retain set."""
    methods = {name: find("method", base(name)) for name in plan.config["methods"]}
    more_than_fits = [name for name, method in methods.items() if not method.is_fit()]
    if not more_than_fits:
        return []
    return [
        f"unlearning.architectures: {model} is fitted in one call and cannot follow "
        f"{' and '.join(more_than_fits)}: name another architecture for it there, or other methods"
        for model in models
        if plan.family(model).fitted
    ]


def method_problems(plan, models: list[str], methods: list[str], datasets: list[str]) -> list[str]:
    """Methods that a model, which can be unlearned on each of the datasets, cannot follow."""
    found = []
    for dataset in datasets:
        for model in models:
            for method in methods:
                declared = plan.model(dataset, model)
                found += [f"methods: {line}" for line in plan.method(method).problems(declared)]
    return list(dict.fromkeys(found))
