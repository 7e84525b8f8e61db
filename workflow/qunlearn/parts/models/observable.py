"""The best observable: the ceiling of every QNN with the same light cone."""

from typing import ClassVar

from qunlearn.parts.models.qnn import CircuitModel


class Observable(CircuitModel):
    """The Hermitian operator of norm 1 on a QNN's light cone whose logit s Tr(O rho) fits best.

    Options are those of the QNN whose ceiling this is; `rotations` do not change it.
    """

    label = "best observable"
    fitted: ClassVar[bool] = True

    def build(self, rows):
        from qunlearn.quantum.best_observable import BestObservableClassifier

        return BestObservableClassifier(rows, self.circuit_on, self.readout_scale, split=self.split)
