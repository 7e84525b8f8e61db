"""Fig. X "shots": resilience to flipped labels of a quantum model that is read with few shots."""

from __future__ import annotations

from qunlearn.config.options import Count, Distinct
from qunlearn.grid.names import spell
from qunlearn.parts.part import option
from qunlearn.studies.hardware import Hardware


class Shots(Hardware):
    """Flipped labels met by a quantum model whose expectation values are means of few outcomes."""

    label = "finite shots"
    section = "beyond.shots"
    figure = "figX_shots"
    tables = ("shots", "shots_summary")
    precision = "double"
    varied = ("shots",)

    shots: Distinct[Count] = option(says="circuit runs per expectation value")

    def models(self) -> list[str]:
        """The model, exact and with every number of shots."""
        return [self.model, *(spell(self.model, {"shots": n}) for n in sorted(self.shots))]
