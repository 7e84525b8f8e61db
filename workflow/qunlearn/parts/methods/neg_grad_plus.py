"""NegGrad+: descent on the retain set and ascent on the forget set, in a convex combination."""

from typing import Annotated, ClassVar

from pydantic import Field

from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import option


class NegGradPlus(UnlearningMethod):
    """beta CE(retain) - (1 - beta) CE(forget, polluted labels) (Kurmanji, Triantafillou, Hayes & Triantafillou,
    NeurIPS 2023, arXiv:2302.09880).

    Gradient ascent (Eq. 7) with weight w has the same minima as this with beta = 1 / (1 + w).
    """

    label = "NegGrad+"
    source = "Kurmanji et al. 2023, arXiv:2302.09880"
    colour = "#B8860B"
    scan: ClassVar = {"beta": (0.8, 0.95, 0.99)}

    beta: Annotated[float, Field(ge=0, le=1)] = option(
        0.95, says="weight of the retain set; the forget set has 1 minus this"
    )

    def loss(self, retain, forget):
        return self.beta * retain.cross_entropy() - (1 - self.beta) * forget.cross_entropy()
