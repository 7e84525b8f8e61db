"""Fig. X "noise": resilience to flipped labels of a quantum model on a noisy device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qunlearn.config.options import Alpha, Count, Distinct, ModelName
from qunlearn.grid.names import spell
from qunlearn.parts.corruptions.label_flipping import LabelFlipping
from qunlearn.parts.part import option
from qunlearn.studies.quantum_models import family_problems
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

#: Options of a model that are kinds of noise.
KINDS = ("depolarizing", "readout_error")


class Noise(Study):
    """Flipped labels met by a quantum model on a noisy device, in training and in use."""

    label = "noisy hardware"
    section = "beyond.noise"
    figure = "figX_noise"
    tables = ("noise", "noise_summary")

    model: ModelName = option(says="quantum model")
    depolarizing: Distinct[Annotated[float, Field(gt=0, le=1)]] = option(
        says="probability per qubit after each layer that its state is lost"
    )
    readout_error: Distinct[Annotated[float, Field(gt=0, le=0.5)]] = option(
        says="probability of reading the wrong bit"
    )
    shots: Count = option(says="each strength with exact expectation values and with so many shots")
    plateau: Alpha = option(says="plateau: mean over corrupted fractions up to this one")

    def models(self) -> list[str]:
        """The model at every strength of either noise, exact and with shots."""
        noises = [{}, *({kind: value} for kind in KINDS for value in getattr(self, kind))]
        readings = ({}, {"shots": self.shots})
        return [spell(self.model, noise | reading) for reading in readings for noise in noises]

    def needs(self, plan: Plan):
        grid = plan.grid
        cells = grid.trained_under(LabelFlipping.name(), self.models())
        return {"data": grid.all_data(), "cells": cells}

    def settings(self, plan: Plan):
        claims = plan.study("claims")
        return {
            "alphas": list(plan.grid.alphas),
            "seeds": list(plan.grid.seeds),
            "margin": plan.config["statistics"]["collapsed_margin"],
            "plateau": self.plateau,
            "confidence": claims.confidence,
            "resamples": claims.resamples,
        }

    def drawing(self, plan: Plan):
        return {"datasets": plan.config["datasets"]}

    def problems(self, plan: Plan):
        from qunlearn.config.check import cell_problems

        if found := family_problems(plan, self.model, (*KINDS, "shots")):
            return found
        found = [f"model: {line}" for line in cell_problems(plan, "training", self.models())]
        if self.plateau < min(plan.grid.alphas):
            found.append(f"plateau: {self.plateau} is below every value of alphas; raise it")
        return found
