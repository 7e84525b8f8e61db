"""Random labels: the forget set is learnt with labels that say nothing."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import option


class RandomLabels(UnlearningMethod):
    """CE(retain) + weight CE(forget, labels drawn at random).

    `labels: uniform` draws from both classes (Golatkar, Achille & Soatto, CVPR 2020, arXiv:1911.04933);
    `other` takes one that is not the polluted label (amnesiac unlearning: Graves, Nagisetty & Ganesh, AAAI 2021,
    arXiv:2010.10981). With two classes that is no draw, and where labels were flipped it is the true label: the method
    is then told how the poison was made.
    """

    label = "random labels"
    source = "Golatkar et al. 2020, arXiv:1911.04933; Graves et al. 2021, arXiv:2010.10981"
    colour = "#6A3D9A"
    scan: ClassVar = {"weight": (0.1, 0.3, 1.0)}

    weight: Annotated[float, Field(ge=0)] = option(0.3, says="weight of the forget set")
    labels: Literal["uniform", "other"] = option(
        "uniform", says="drawn from both classes, or the one that the poisoned sample does not have"
    )

    def relabel(self, labels, draw):
        if self.labels == "other":
            return 1 - labels
        return draw.integers(0, 2, size=len(labels)).astype(float)

    def loss(self, retain, forget):
        return retain.cross_entropy() + self.weight * forget.cross_entropy()
