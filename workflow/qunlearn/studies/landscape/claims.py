"""What the paper says about the loss around trained models (Fig. 3d)."""

from functools import partial

from qunlearn.studies.claims import measures
from qunlearn.studies.claims.claim import Claim

of_landscape = partial(Claim, section="Mechanism of resilience, Fig. 3d", table="landscape")
on_training_data = partial(
    of_landscape, measure=measures.roughening, quantity="LRR on its training data"
)
on_clean_data = partial(
    of_landscape,
    measure=partial(measures.roughening, eval_set="validation"),
    quantity="LRR on validation data",
)

CLAIMS = {
    "mlp_roughens": on_training_data(
        sentence="Poisoning sharpens the MLP's loss by orders of magnitude.",
        model="mlp",
        keys=("above",),
        nulls=("learner",),
    ),
    "mlp_roughens_validation": on_clean_data(
        sentence="Poisoning sharpens the MLP's loss on clean data, too.",
        model="mlp",
        keys=("above",),
        nulls=("learner",),
    ),
    "qnn_stays_smooth": on_training_data(
        sentence="Poisoning leaves the QNN's loss about as flat as it was.",
        model="qnn",
        keys=("above", "below"),
        nulls=("learner",),
    ),
    "error_phase_cancels_curvature": of_landscape(
        sentence="At a poisoned QNN an error-phase term cancels positive curvature.",
        model="qnn",
        measure=measures.cancelled,
        quantity="- residual / Gauss-Newton trace on its training data",
        keys=("above",),
        nulls=("learner",),
    ),
    "qnn_stays_smooth_validation": on_clean_data(
        sentence="Poisoning leaves the QNN's loss on clean data as flat, too.",
        model="qnn",
        keys=("above", "below"),
        nulls=("learner",),
    ),
}
