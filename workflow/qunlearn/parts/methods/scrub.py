"""Scrub: stay near the poisoned model on the retain set, go away from it on the forget set."""

from typing import Annotated

from pydantic import Field

from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import option

Weight = Annotated[float, Field(ge=0)]


class Scrub(UnlearningMethod):
    """lambda_ce CE(retain) + lambda_kl KL(retain) - lambda_fo KL(forget), KL from the poisoned model's outputs
    (Eq. 8)."""

    label = "scrub"
    colour = "#CC79A7"
    line = "--"
    teacher = True
    of_paper = True

    lambda_ce: Weight = option(says="weight of the cross-entropy on the retain set")
    lambda_kl: Weight = option(says="weight of the divergence on the retain set")
    lambda_fo: Weight = option(says="weight of the divergence on the forget set")

    def loss(self, retain, forget):
        kept = self.lambda_ce * retain.cross_entropy() + self.lambda_kl * retain.divergence()
        return kept - self.lambda_fo * forget.divergence()
