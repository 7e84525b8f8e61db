"""Fig. S "spectrum": Hessian eigenvalues at clean and at poisoned models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qunlearn.parts.part import option
from qunlearn.studies.trained_analysis import TrainedAnalysis

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

#: Numbers of a forward pass over all samples in the direction of one parameter.
TANGENTS = 50_000


class Spectrum(TrainedAnalysis):
    """Hessian eigenvalues at clean and at poisoned models."""

    label = "Hessian spectra"
    group = "supplement"
    section = "supplement.spectrum"
    figure = "figS_spectrum"
    tables = ("spectrum", "eigenvalues")

    exact: Annotated[int, Field(ge=1, le=20_000)] = option(
        says="parameters up to which all are computed; above, stochastic Lanczos quadrature"
    )
    steps: Annotated[int, Field(ge=2, le=1000)] = option(
        says="Lanczos steps, nodes of the quadrature"
    )
    probes: Annotated[int, Field(ge=1, le=1000)] = option(says="random vectors")
    zero: Annotated[float, Field(gt=0, lt=1)] = option(
        says="eigenvalues below this fraction of the largest magnitude count as zero"
    )

    def analysis_settings(self, plan: Plan, dataset: str, model: str):
        return {"exact": self.exact, "steps": self.steps, "probes": self.probes}

    def analysis_numbers(self, plan: Plan, weights: float):
        """The basis of all Lanczos steps, and the whole Hessian of as many parameters as `exact`, three times, with as
        many tangents of the samples."""
        size = min(self.exact, weights)
        return (self.steps + 4) * weights + 3 * size**2 + TANGENTS * size

    def analysis_passes(self, plan: Plan):
        return self.exact + self.probes * self.steps

    def settings(self, plan: Plan):
        return super().settings(plan) | {"zero": self.zero}
