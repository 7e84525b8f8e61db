"""Fig. X "amenability": does a quantum model regain more by unlearning than a classical one?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qunlearn.parts.part import option
from qunlearn.studies.amenability.claims import CLAIMS
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan


class Amenability(Study):
    """What a quantum model regains by unlearning minus what a classical one regains, over methods,
    corruptions and what is known of the poison, where both start equally well."""

    label = "amenability to unlearning"
    section = "beyond.amenability"
    figure = "figX_amenability"
    tables = ("amenability",)
    claims = CLAIMS

    within: Annotated[float, Field(gt=0, le=0.5)] = option(
        says="largest difference of starting accuracies of models that are compared"
    )

    def needs(self, plan: Plan):
        return {"known": [plan.grid.table("known")]}

    def settings(self, plan: Plan):
        claims = plan.study("claims")
        models = plan.study("known").models
        quantum = [name for name in models if plan.family(name).quantum]
        return {
            "quantum": quantum,
            "classical": [name for name in models if name not in quantum],
            "within": self.within,
            "confidence": claims.confidence,
            "resamples": claims.resamples,
        }

    def drawing(self, plan: Plan):
        known = plan.study("known")
        return {
            "datasets": plan.config["datasets"],
            "models": known.models,
            "methods": known.methods,
            "confidence": plan.study("claims").confidence,
        }

    def problems(self, plan: Plan):
        known = plan.study("known")
        if all(plan.corruption(name).aims_at() == "backdoor" for name in known.corruptions):
            return [
                "within: beyond.known.corruptions has backdoors only, which cost no accuracy; name another"
            ]
        kinds = {bool(plan.family(name).quantum) for name in known.models}
        if len(kinds) == 2:
            return []
        return [
            "within: beyond.known.models has no quantum and no classical model to compare; name one of "
            "each"
        ]
