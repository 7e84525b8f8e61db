"""SCRUB as published: steps away from the poisoned model on the forget set, and steps near it on the retain set."""

from typing import Annotated

from pydantic import Field

from qunlearn.lazy import jnp
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import option

Weight = Annotated[float, Field(ge=0)]


class ScrubAlternating(UnlearningMethod):
    """-KL(forget) and lambda_kl KL(retain) + lambda_ce CE(retain) in turns, KL of both outcomes from the poisoned model
    (Kurmanji, Triantafillou, Hayes & Triantafillou, NeurIPS 2023, arXiv:2302.09880, where the weights are gamma and
    alpha).

    Steps 1, 3, ... maximise KL(forget) until there were `max_steps` of them; all others minimise. In the published code
    3 of 10 epochs maximise, with these weights; the default is as large a part of 50 steps. Different here: the
    optimiser is that of every method, and outputs are not softened by a temperature. At the poisoned model KL has no
    gradient, so that the first step follows rounding errors alone.
    """

    label = "SCRUB as published"
    colour = "#56B4E9"
    line = "-"
    teacher = True

    lambda_ce: Weight = option(1.0, says="weight of the cross-entropy on the retain set")
    lambda_kl: Weight = option(0.5, says="weight of the divergence on the retain set")
    max_steps: Annotated[int, Field(ge=0)] = option(
        15, says="steps that maximise the divergence on the forget set, every other one until then"
    )

    def loss(self, retain, forget, step):
        leave = -forget.divergence()
        stay = self.lambda_kl * retain.divergence() + self.lambda_ce * retain.cross_entropy()
        leaves_now = (step % 2 == 1) & (step < 2 * self.max_steps)
        return jnp.where(leaves_now, leave, stay)
