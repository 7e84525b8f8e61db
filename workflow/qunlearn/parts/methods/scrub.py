"""Scrub: stay near the poisoned model on the retain set, go away from it on the forget set."""

from typing import Annotated, Literal

from pydantic import Field

from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import option

Weight = Annotated[float, Field(ge=0)]


class Scrub(UnlearningMethod):
    """lambda_ce CE(retain) + lambda_kl KL(retain) - lambda_fo KL(forget), KL from the poisoned model's outputs
    (Eq. 8).

    The paper's text does not define KL. `two_sided` is that of both outcomes, p log(p/q) + (1 - p) log((1-p)/(1-q)),
    p the poisoned model's probability and q this one's; `one_sided`, as the authors' code computes it, is its first
    term alone, on the retain set and on the forget set.
    """

    label = "scrub"
    colour = "#CC79A7"
    line = "--"
    teacher = True
    of_paper = True

    lambda_ce: Weight = option(says="weight of the cross-entropy on the retain set")
    lambda_kl: Weight = option(says="weight of the divergence on the retain set")
    lambda_fo: Weight = option(says="weight of the divergence on the forget set")

    divergence: Literal["two_sided", "one_sided"] = option(
        "two_sided", says="KL of both outcomes, or its term of class 1 alone: the authors' code"
    )

    def loss(self, retain, forget):
        kind = self.divergence
        kept = self.lambda_ce * retain.cross_entropy() + self.lambda_kl * retain.divergence(kind)
        return kept - self.lambda_fo * forget.divergence(kind)
