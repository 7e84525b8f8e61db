"""Gradient ascent on the forget set, beside descent on the retain set."""

from typing import Annotated

from pydantic import Field

from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import option


class GradientAscent(UnlearningMethod):
    """CE(retain) - beta CE(forget, polluted labels) (Eq. 7)."""

    label = "gradient ascent"
    colour = "#D55E00"
    line = ":"
    of_paper = True

    beta: Annotated[float, Field(ge=0)] = option(says="weight of the ascent on the forget set")

    def loss(self, retain, forget):
        return retain.cross_entropy() - self.beta * forget.cross_entropy()
