"""The tables 'extrapolation', one row per trained model, and 'neighbours', one row per validation
state."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qunlearn.results.csv import stem
from qunlearn.results.datasets import read_dataset
from qunlearn.results.trained import trained_table


def tabulate(
    data: list[str], cells: list[str], *, alphas, seeds, margin: float, progress=lambda *_: None
) -> dict[str, pd.DataFrame]:
    """Accuracy and loss of the models in the files `cells`; how near the validation states of the
    files `data` come to training states."""
    near = pd.concat([neighbours(path) for path in data], ignore_index=True)
    return {
        "extrapolation": trained_table(cells, data, alphas, seeds, margin),
        "neighbours": near,
    }


def neighbours(path: str) -> pd.DataFrame:
    """Of every validation state its coordinate, its class `label`, the largest fidelity with a
    training state (`fidelity`), and that one's class (`neighbour_label`)."""
    found = read_dataset(path)
    overlaps = found.x_validation.conj() @ found.x_train.T  # (M, N)
    fidelities = np.abs(overlaps) ** 2
    return pd.DataFrame(
        {
            "dataset": stem(path),
            "coordinate": found.coordinate_validation,
            "label": found.y_validation,
            "fidelity": fidelities.max(axis=1),
            "neighbour_label": found.y_train[fidelities.argmax(axis=1)],
        }
    )
