"""What the paper says about unlearning (Fig. 3a, b)."""

from functools import partial

from qunlearn.studies.claims import measures
from qunlearn.studies.claims.claim import Claim

REPAIR = "best method at the end - poisoned model"
DIP = "depth below start and end, mean over methods"

of_unlearning = partial(Claim, section="Quantum machine unlearning, Fig. 3a, b", table="unlearning")

CLAIMS = {
    "mlp_needs_repair": of_unlearning(
        sentence="Poisoning leaves an MLP in need of repair.",
        model="mlp",
        measure=measures.repair,
        quantity=REPAIR,
        keys=("above",),
        nulls=("learner",),
    ),
    "qnn_needs_repair": of_unlearning(
        sentence="Poisoning leaves a QNN in need of repair.",
        model="qnn",
        measure=measures.repair,
        quantity=REPAIR,
        keys=("above",),
        nulls=("learner",),
    ),
    "mlp_stays_below_retrain": of_unlearning(
        sentence="Approximate unlearning of the MLP stays below retraining.",
        model="mlp",
        measure=measures.gap,
        quantity="retrain - best approximate method, at the end",
        keys=("above",),
        nulls=("learner",),
    ),
    "qnn_dips": of_unlearning(
        sentence="The QNN's accuracy dips transiently while it unlearns.",
        model="qnn",
        measure=measures.dip,
        quantity=DIP,
        keys=("above",),
        nulls=("learner",),
    ),
    "mlp_does_not_dip": of_unlearning(
        sentence="The MLP's accuracy does not dip while it unlearns.",
        model="mlp",
        measure=measures.dip,
        quantity=DIP,
        keys=("below",),
        nulls=("learner",),
    ),
    "qnn_recovers_forget_set": of_unlearning(
        sentence="Approximate unlearning gives the QNN the right labels of the forget set.",
        model="qnn",
        measure=measures.recovered,
        quantity="accuracy on the forget set, clean labels, best approximate method",
        keys=("above",),
        nulls=("learner",),
    ),
    "mlp_recovers_less_than_retrain": of_unlearning(
        sentence="The MLP's memories of the forget set are stubborn.",
        model="mlp",
        measure=measures.forget_gap,
        quantity="accuracy on the forget set, retrain - best approximate method",
        keys=("above",),
        nulls=("learner",),
    ),
    "qnn_retrain_is_less_stable": of_unlearning(
        sentence="Retraining the QNN is less stable than approximate unlearning.",
        model="qnn",
        measure=measures.instability,
        quantity="change of accuracy from step to step, second half, retrain - approximate methods",
        keys=("above",),
        nulls=("learner",),
    ),
}
