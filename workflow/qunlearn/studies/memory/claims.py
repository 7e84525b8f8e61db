"""What the paper says of how much models can learn by heart (Discussion)."""

from functools import partial

from qunlearn.statistics.quantities import SHARE, Extreme
from qunlearn.statistics.runs import Missing, cells
from qunlearn.studies.claims.claim import Claim


def best_memory(frame, model, criterion, quantum):
    """Training accuracy on random labels of the model of either kind that has most of it."""
    names = sorted(frame.loc[frame["quantum"] == quantum, "model"].unique())
    if not names:
        raise Missing("no such model")
    samples = cells(frame, "train_accuracy", {}, {"model": names})  # (seeds, models)
    return samples, Extreme("max", lambda runs: runs.mean(0), SHARE)


of_memory = partial(
    Claim,
    section="Discussion",
    table="memory",
    quantity="training accuracy on random labels, best model",
    keys=("above",),
    nulls=("constant",),
)

CLAIMS = {
    "qnn_can_memorise": of_memory(
        sentence="A QNN is expressive enough to fit pure noise.",
        model="quantum",
        measure=partial(best_memory, quantum=True),
    ),
    "classical_can_memorise": of_memory(
        sentence="A classical network is expressive enough to fit pure noise.",
        model="classical",
        measure=partial(best_memory, quantum=False),
    ),
}
