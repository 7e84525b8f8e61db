"""Fig. S "curvature": what clean and corrupted samples add to the curvature at trained models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qunlearn.studies.trained_analysis import TrainedAnalysis

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan


class Curvature(TrainedAnalysis):
    """Gauss-Newton and residual term of clean and of corrupted samples, bounds, and the LRR."""

    label = "curvature by samples"
    group = "supplement"
    section = "supplement.curvature"
    figure = "figS_curvature"
    tables = ("curvature",)

    def analysis_settings(self, plan: Plan, dataset: str, model: str):
        return {"bound": plan.model(dataset, model).curvature_bound()}
