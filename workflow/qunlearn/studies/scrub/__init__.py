"""Fig. X "scrub": three forms of scrub side by side, and the one that is published, rewound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qunlearn.grid.names import spell
from qunlearn.parts.methods.gradient_ascent import GradientAscent
from qunlearn.parts.methods.scrub import Scrub as OneLoss
from qunlearn.parts.methods.scrub_alternating import ScrubAlternating
from qunlearn.parts.part import option
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

ONE_SIDED = spell(OneLoss.name(), {"divergence": "one_sided"})
#: Methods that are drawn, the one that is rewound last.
FORMS = (GradientAscent.name(), OneLoss.name(), ONE_SIDED, ScrubAlternating.name())


class Scrub(Study):
    """Scrub by the paper's loss with KL of both outcomes and of one, and SCRUB as published, which
    alternates and rewinds."""

    label = "forms of scrub"
    group = "beyond"
    section = "beyond.scrub"
    figure = "figX_scrub"
    tables = ("scrub",)

    set_aside: Annotated[float, Field(gt=0, le=0.5)] = option(
        says="fraction of the training set that nothing reads, by whose clean part SCRUB rewinds"
    )

    def cases(self, plan: Plan) -> list[tuple]:
        """(dataset, model, corruption, alpha) of what is unlearned, the model with samples set
        aside; models that are fitted in one call take no steps."""
        changes = {"set_aside": self.set_aside}
        return [
            (dataset, spell(model, changes), corruption, alpha)
            for dataset, model, corruption, alpha in plan.grid.unlearning_cases()
            if not plan.family(model).fitted
        ]

    def needs(self, plan: Plan):
        return {"cells": plan.grid.unlearned(self.cases(plan), list(FORMS))}

    def settings(self, plan: Plan):
        return {"seeds": list(plan.grid.seeds), "rewound": ScrubAlternating.name()}

    def drawing(self, plan: Plan):
        models = plan.grid.stage_models("unlearning")
        return {
            "datasets": plan.config["datasets"],
            "models": [name for name in models if not plan.family(name).fitted],
            "rewound": ScrubAlternating.name(),
        }

    def applies(self, plan: Plan):
        return bool(self.cases(plan))

    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        found = []
        for dataset, model, _, _ in self.cases(plan):
            found += cell_problems(plan, "unlearning", [model], [dataset])
        return [f"set_aside: {line}" for line in dict.fromkeys(found)]
