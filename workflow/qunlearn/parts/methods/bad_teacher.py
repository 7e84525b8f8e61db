"""Bad teacher: the retain set is learnt from the poisoned model, the forget set from an untrained one."""

from typing import Annotated, ClassVar

from pydantic import Field

from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import option


class BadTeacher(UnlearningMethod):
    """KL(retain, from the poisoned model) + weight KL(forget, from an untrained model) (Chundawat, Tarun, Mandal &
    Kankanhalli, AAAI 2023, arXiv:2205.08096).

    Theirs weighs samples alike: a weight of |forget| / |retain| does. Labels are never read, so that whatever the
    poisoned model gets wrong on the retain set is kept.
    """

    label = "bad teacher"
    source = "Chundawat et al. 2023, arXiv:2205.08096"
    colour = "#1B9E77"
    teacher = True
    untrained_teacher = True
    scan: ClassVar = {"weight": (0.1, 0.4, 1.0)}

    weight: Annotated[float, Field(ge=0)] = option(
        0.4, says="weight of the divergence from the untrained model on the forget set"
    )

    def loss(self, retain, forget):
        astray = forget.divergence(teacher="untrained")
        return retain.divergence() + self.weight * astray
