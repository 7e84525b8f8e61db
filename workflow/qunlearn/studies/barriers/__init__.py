"""Fig. X "barriers": does unlearning climb over anything? The loss on the retain set along its path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qunlearn.studies.barriers.claims import CLAIMS
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan


class Barriers(Study):
    """The loss on the retain set along the path of unlearning, and the dip of accuracy beside it."""

    label = "barriers"
    section = "beyond.barriers"
    figure = "figX_barriers"
    tables = ("barriers", "barrier_paths")
    claims = CLAIMS

    def needs(self, plan: Plan):
        grid = plan.grid
        cells = grid.unlearned(grid.unlearning_cases(), plan.config["methods"])
        return {"cells": cells}

    def settings(self, plan: Plan):
        return {"seeds": list(plan.grid.seeds)}

    def drawing(self, plan: Plan):
        return {
            "datasets": plan.config["datasets"],
            "models": plan.grid.stage_models("unlearning"),
            "methods": plan.config["methods"],
        }
