"""What the paper says of the way out of a poisoned minimum (Fig. 3a)."""

from qunlearn.statistics.runs import Missing, cells
from qunlearn.studies.claims.claim import Claim

#: The method that descends the loss on the retain set and nothing else.
DESCENT = "finetune"


def climb(frame, model, criterion):
    """How far the loss on the retain set rises above its start while it is descended, of the mean
    curve's runs: mean over seeds of each one's largest rise."""
    here = frame.query("model == @model and corruption == 'label_flipping' and method == @DESCENT")
    if here.empty:
        raise Missing(f"no {model} unlearned by {DESCENT}")
    samples = cells(here, "rise", {"alpha": here["alpha"].min()}, {})
    return samples, lambda runs: runs.mean()


CLAIMS = {
    "qnn_climbs_out": Claim(
        sentence="Unlearning takes a QNN over a barrier of the loss, out of a minimum.",
        section="Quantum machine unlearning, Fig. 3a, b",
        table="barriers",
        model="qnn",
        measure=climb,
        quantity="rise of the loss on the retain set along finetuning, nats",
        keys=("above",),
    ),
}
