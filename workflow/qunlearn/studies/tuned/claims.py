"""What the paper says about unlearning against retraining, with the values that are best for each
(Fig. 3a, b)."""

from __future__ import annotations

import numpy as np

from qunlearn.lazy import pd
from qunlearn.statistics.runs import Missing, cells
from qunlearn.studies.claims.claim import Claim, Null
from qunlearn.studies.claims.measures import FLIPPING, REFERENCE, Measure


def tuned_gap(frame, model, criterion) -> Measure:
    """Tuned retrain's validation accuracy minus that of the tuned approximate method whose loss on
    samples set aside is lowest."""
    here = frame[frame["choice"] == "tuned"]
    here = here[here["alpha"] == here["alpha"].min()]
    others = sorted(set(here.query("approximate")["method"]))
    if not others:
        raise Missing("no approximate unlearning method")
    select = {"model": model, "corruption": FLIPPING}
    axes = {"method": [REFERENCE, *others]}
    found = [cells(here, name, select, axes) for name in ("val_accuracy", "set_aside_loss")]

    def gap(runs):  # (seeds, accuracy and loss, methods)
        accuracies, losses = runs.mean(0)
        best = 1 + np.argmin(losses[1:])
        return float(accuracies[0] - accuracies[best])

    return np.stack(found, axis=1), gap


def idle(rows: pd.DataFrame) -> pd.DataFrame:
    """Approximate methods at their start; retraining as it is."""
    begun = rows["begun_val_accuracy"]
    return rows.assign(val_accuracy=begun.where(rows["approximate"], rows["val_accuracy"]))


CLAIMS = {
    "mlp_stays_below_tuned_retrain": Claim(
        sentence="Approximate unlearning of the MLP stays below retraining, each at its best values.",
        section="Quantum machine unlearning, Fig. 3a, b",
        table="tuned",
        stage="unlearning",
        model="mlp",
        measure=tuned_gap,
        quantity="tuned retrain - best tuned approximate method",
        keys=("above",),
        nulls=(Null("leaving it poisoned", idle),),
    ),
}
