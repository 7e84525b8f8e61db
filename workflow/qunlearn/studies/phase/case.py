"""What Fig. X "phase" is made of."""

from typing import NamedTuple


class Case(NamedTuple):
    """A model on data in one gauge: whether their phase is seen, hidden or fixed (`phase`), the
    `dataset` of the study, the name of the data (`run_dataset`), and the model."""

    phase: str
    dataset: str
    run_dataset: str
    model: str
