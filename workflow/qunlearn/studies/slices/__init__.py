"""Fig. S "slices": the loss along lines through clean and poisoned models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qunlearn.config.options import Options
from qunlearn.parts.part import option
from qunlearn.studies.trained_analysis import TrainedAnalysis

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

Reach = Annotated[float, Field(gt=0, le=100)]


class Extent(Options):
    """Largest displacement, in units of the norm of the parameters."""

    random: Reach = option(says="along random directions")
    top: Reach = option(says="along the top eigenvector")


class Slices(TrainedAnalysis):
    """The loss along random directions and along the Hessian's top eigenvector."""

    label = "loss along lines"
    group = "supplement"
    section = "supplement.slices"
    figure = "figS_slices"
    tables = ("slices",)

    extent: Extent = option(says="largest displacements")
    points: Annotated[int, Field(ge=1, le=10_000)] = option(
        says="on either side of the trained model"
    )
    directions: Annotated[int, Field(ge=1, le=100)] = option(says="random directions per model")

    def analysis_settings(self, plan: Plan, dataset: str, model: str):
        return {
            "extent": self.extent.model_dump(),
            "points": self.points,
            "directions": self.directions,
        }
