"""What the paper says about unlearning against retraining, where retraining may converge (Fig. 3a,
b)."""

from functools import partial

from qunlearn.studies.claims.claim import Claim
from qunlearn.studies.convergence import measures

of_convergence = partial(
    Claim,
    section="Quantum machine unlearning, Fig. 3a, b",
    table="convergence",
    stage="unlearning",
    nulls=("idle",),
)

CLAIMS = {
    "mlp_stays_below_converged_retrain": of_convergence(
        sentence="Approximate unlearning of the MLP stays below retraining for as long as training took.",
        model="mlp",
        measure=measures.gap_at_convergence,
        quantity="long retraining - best approximate method, at the end",
        keys=("above",),
    ),
    "qnn_sooner_than_retrain": of_convergence(
        sentence="Approximate unlearning of the QNN is there sooner than retraining at equal budget.",
        model="qnn",
        measure=measures.steps_saved,
        quantity="steps saved to the end of long retraining - {tolerance}",
        keys=("tolerance", "above"),
    ),
    "qnn_sooner_than_converged_retrain": of_convergence(
        sentence="Approximate unlearning of the QNN reads fewer samples than retraining until it converges.",
        model="qnn",
        measure=measures.passes_saved,
        quantity="share of samples read saved to the end of long retraining - {tolerance}",
        keys=("tolerance", "above"),
    ),
}
