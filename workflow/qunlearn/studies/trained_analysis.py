"""What studies have in common that analyse trained models of the stage `landscape`, beside clean ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qunlearn.config.options import Distinct, PoisonedAlpha
from qunlearn.parts.part import option
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan


class TrainedAnalysis(Study):
    """Base class: models and corruptions of `landscape`, on the data each model was trained on."""

    is_base: ClassVar[bool] = True
    analyses = True

    alphas: Distinct[PoisonedAlpha] = option(says="corrupted fractions, against 0")

    def analysis_alphas(self, plan: Plan):
        return tuple(sorted({0.0, *self.alphas}))

    def needs(self, plan: Plan):
        cells = plan.grid.analysed(self.name(), self.analysis_alphas(plan))
        return {"data": plan.grid.all_data(), "cells": cells}

    def settings(self, plan: Plan):
        margin = plan.config["statistics"]["collapsed_margin"]
        return {"seeds": list(plan.grid.seeds), "margin": margin}

    def drawing(self, plan: Plan):
        return {"models": plan.grid.stage_models("landscape")}

    def problems(self, plan: Plan):
        return [
            f"alphas: '{name}' has no loss landscape: name another architecture under "
            "landscape.architectures"
            for name in plan.grid.stage_models("landscape")
            if not plan.family(name).landscape
        ]
