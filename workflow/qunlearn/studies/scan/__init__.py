"""Fig. S "scan": final accuracies against the weights of the methods' losses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import ConfigDict, model_validator

from qunlearn.config.blocks import read_block
from qunlearn.config.options import CorruptionName, Count, Distinct, PoisonedAlpha, read_as
from qunlearn.config.words import unknown_key
from qunlearn.parts import registry
from qunlearn.parts.methods.retrain import Retrain
from qunlearn.parts.part import option
from qunlearn.runtime.errors import UserError
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

#: What stands under a method's name: values of some of its weights.
Weights = dict[str, Distinct[float]]
#: Most weights of a method that are scanned together.
MOST_WEIGHTS = 2


class Scan(Study):
    """Final accuracies against the weights of unlearning losses (Eqs. 7 and 8). Beside the keys
    below, the section has a block for each method that is scanned: under its name one or two
    weights of its loss, each with a list of values, every combination of which is tried."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Weights]

    label = "weights of unlearning losses"
    group = "supplement"
    section = "supplement.scan"
    figure = "figS_scan"
    tables = ("scan",)

    corruption: CorruptionName = option(says="corruption")
    alpha: PoisonedAlpha = option(says="corrupted fraction")
    seeds: Count = option(says="the first so many of the study's seeds")

    @model_validator(mode="before")
    @classmethod
    def _read_weights(cls, values):
        """Texts of a command line as the lists that they spell."""
        read = dict(values)
        for name, weights in values.items():
            if name not in cls.model_fields:
                read[name] = read_as(Weights, weights)
        return read

    @property
    def scanned(self) -> dict[str, dict[str, list[float]]]:
        """Method -> weight -> values, as they stand in the section."""
        return self.model_extra or {}

    def weights(self, plan: Plan, method: str) -> dict[str, list[float]]:
        """Values of every weight of a method's loss; one that is not scanned has its value under
        `unlearning`. Raises UserError for a method without a block."""
        if method not in self.scanned:
            raise UserError(f"{self.section}: no weights of '{method}' to scan; give it a block.")
        fixed = fixed_weights(plan, method)
        return {name: [value] for name, value in fixed.items()} | self.scanned[method]

    def request(self, requests, sweep, method: str, seeds: list[int]):
        """What a scan of a sweep (dataset, model, corruption) asks a cluster for: every combination
        of weights is a model of its own, for every seed."""
        values = self.weights(requests.plan, method).values()
        points = math.prod(len(of_weight) for of_weight in values)
        return requests.unlearn(sweep, len(seeds), models=points * len(seeds))

    def cases(self, plan: Plan) -> list[tuple]:
        """(dataset, model, corruption, alpha) of the models that are unlearned."""
        return [
            (dataset, model, self.corruption, self.alpha)
            for dataset in plan.config["datasets"]
            for model in plan.grid.stage_models("unlearning")
        ]

    def needs(self, plan: Plan):
        cells = [
            self.file(plan, *case, method, seeds)
            for case in self.cases(plan)
            for method in self.scanned
            for seeds in plan.grid.seed_blocks(*case[:2], first=self.seeds)
        ]
        retrained = plan.grid.unlearned(self.cases(plan), [Retrain.name()])
        return {"cells": cells, "retrained": retrained}

    def file(self, plan: Plan, dataset, model, corruption, alpha, method, seeds) -> str:
        """Path of a block of scanned cells."""
        return plan.grid.cells("scan", dataset, model, corruption, (alpha,), seeds, method)

    def settings(self, plan: Plan):
        names = [name for method in self.scanned for name in self.weights(plan, method)]
        return {"seeds": list(plan.grid.seeds), "weights": list(dict.fromkeys(names))}

    def drawing(self, plan: Plan):
        return {
            "cases": self.cases(plan),
            "scanned": self.scanned,
            "headline": {name: fixed_weights(plan, name) for name in self.scanned},
            "reference": Retrain.name(),
        }

    def applies(self, plan: Plan):
        return bool(self.scanned)

    def problems(self, plan: Plan):
        known = scannable()
        found = []
        for name, weights in self.scanned.items():
            if name not in known:
                found.append(unknown_key((name,), [*type(self).model_fields, *known]))
            elif not 1 <= len(weights) <= MOST_WEIGHTS:
                words = f"name one, or the {MOST_WEIGHTS} that a map has axes for"
                found.append(f"{name}: {len(weights)} weights; {words}")
            else:
                found += self._value_problems(plan, name)
        return found

    def _value_problems(self, plan: Plan, name: str) -> list[str]:
        """Values that a method's declaration does not allow for a weight."""
        method = registry.find("method", name)
        fixed, found = plan.method_options(name), []
        for weight, values in self.scanned[name].items():
            for value in values:
                found += read_block(method, fixed | {weight: value}, (name,))[1]
        return found


def scannable() -> list[str]:
    """Methods whose loss has weights."""
    methods = registry.known("method")
    return [name for name, part in methods.items() if part.weights() and not part.for_controls]


def fixed_weights(plan: Plan, method: str) -> dict[str, float]:
    """Weights of a method's loss in the main study."""
    declared = plan.method(method)
    return {name: getattr(declared, name) for name in declared.weights()}
