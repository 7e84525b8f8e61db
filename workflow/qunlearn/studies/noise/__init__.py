"""Fig. X "noise": resilience to flipped labels of a quantum model on a noisy device."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from qunlearn.config.options import Count, Distinct
from qunlearn.grid.names import spell
from qunlearn.parts.part import option
from qunlearn.studies.hardware import Hardware

#: Options of a model that are kinds of noise.
KINDS = ("depolarizing", "readout_error")


class Noise(Hardware):
    """Flipped labels met by a quantum model on a noisy device, in training and in use."""

    label = "noisy hardware"
    section = "beyond.noise"
    figure = "figX_noise"
    tables = ("noise", "noise_summary")
    varied = (*KINDS, "shots")

    depolarizing: Distinct[Annotated[float, Field(gt=0, le=1)]] = option(
        says="probability per qubit after each layer that its state is lost"
    )
    readout_error: Distinct[Annotated[float, Field(gt=0, le=0.5)]] = option(
        says="probability of reading the wrong bit"
    )
    shots: Count = option(says="each strength with exact expectation values and with so many shots")

    def models(self) -> list[str]:
        """The model at every strength of either noise, exact and with shots."""
        noises = [{}, *({kind: value} for kind in KINDS for value in getattr(self, kind))]
        readings = ({}, {"shots": self.shots})
        return [spell(self.model, noise | reading) for reading in readings for noise in noises]
