"""What classical models see of a state: all its amplitudes, or no more than a QNN's light cone does."""

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from qunlearn.config.options import PerDataset
from qunlearn.parts.models import Model
from qunlearn.parts.part import option

#: Most qubits whose density matrix is written out: 4^8 numbers of a sample.
Qubits = Annotated[int, Field(ge=1, le=8)]


class FeatureModel(Model):
    """Base class of models of real features (`seen`), classical ones."""

    is_base: ClassVar[bool] = True

    last_qubits: PerDataset[Qubits | None] = option(
        None,
        says="of a sample as a state only the density matrix of so many last qubits, which is what a "
        "QNN's light cone sees and which hides the phase; null: all amplitudes, [Re x, Im x]",
    )

    def seen(self, x: np.ndarray) -> np.ndarray:
        """Raw samples (N, ...) as rows (N, inputs) of real numbers."""
        from qunlearn.training.features import real_features, reduced_features

        if self.last_qubits is None:
            return real_features(x)
        return reduced_features(x, self.last_qubits)

    def is_phase_blind(self):
        return self.last_qubits is not None

    def inputs(self, source):
        return super().inputs(source) if self.last_qubits is None else 4**self.last_qubits

    def on_what(self) -> str:
        """Ending of a title: ' on ρ' where a reduced density matrix is all that is seen."""
        return "" if self.last_qubits is None else " on ρ"
