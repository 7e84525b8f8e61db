"""What the paper says about networks of other sizes (Supplementary Section III)."""

from functools import partial

from qunlearn.studies.claims import measures
from qunlearn.studies.claims.claim import Claim

of_sizes = partial(
    Claim, section="Superior resilience; Supplementary Section III", table="capacity"
)

CLAIMS = {
    "mlp_degrades_at_any_width": of_sizes(
        sentence="MLPs of every width degrade at once.",
        model="mlp",
        measure=partial(measures.smallest_fall, kinds=("mlp",)),
        quantity="smallest fall of any MLP, α = {alphas}",
        keys=("alphas", "above"),
        nulls=("learner",),
    ),
    "qnn_plateau_at_any_depth": of_sizes(
        sentence="QNNs of every depth have the plateau.",
        model="qnn",
        measure=partial(measures.largest_fall, kinds=("qnn",)),
        quantity="largest fall of any QNN, worst of α = {alphas}",
        keys=("alphas", "least", "below"),
        nulls=("constant", "vote", "learner"),
    ),
    "advantage_at_any_size": of_sizes(
        sentence="The QNN's advantage persists over depth and width.",
        model="qnn",
        measure=partial(measures.advantage_over_kind, kind="qnn", over="mlp"),
        quantity="validation accuracy, worst QNN - best MLP, α = {alphas}",
        keys=("alphas", "above"),
        nulls=("vote", "learner"),
    ),
}
