"""What the paper says of the way out of a poisoned minimum (Fig. 3a)."""

from qunlearn.statistics.runs import Missing, cells
from qunlearn.studies.claims.claim import Claim, Null

#: The method that descends the loss on the retain set and nothing else.
DESCENT = "finetune"


def climb(frame, model, criterion):
    """How far the loss on the retain set rises above its start while it is descended: mean over
    seeds of each run's largest rise, at the smallest alpha."""
    here = frame.query("model == @model and corruption == 'label_flipping'")
    if here.empty:
        raise Missing(f"no {model} unlearned from flipped labels")
    select = {"alpha": here["alpha"].min()}
    samples = cells(here, "rise", select, {"method": [DESCENT]})
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
        nulls=(Null("straight descent", lambda rows: rows.assign(rise=0.0)),),
    ),
}
