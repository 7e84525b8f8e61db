"""What the paper says of resilience, asked where validation is no interpolation."""

from functools import partial

from qunlearn.studies.claims import measures
from qunlearn.studies.claims.claim import Claim
from qunlearn.studies.resilience.claims import OF_PLATEAUS

of_states = partial(
    Claim, section="Superior resilience, Fig. 2d", table="extrapolation", model="qnn"
)

CLAIMS = {
    "qnn_plateau_beyond_interpolation": of_states(
        sentence="The QNN has its plateau where validation is no interpolation, too.",
        measure=measures.worst_fall,
        quantity="largest fall of validation accuracy, worst of α = {alphas}",
        keys=("alphas", "least", "below"),
        nulls=OF_PLATEAUS,
    ),
    "unique_beyond_interpolation": of_states(
        sentence="The resilience is unique to quantum models where validation is no interpolation.",
        measure=measures.advantage_over_classical,
        quantity="validation accuracy, QNN - best classical that sees no arbitrary phase, "
        "α = {alphas}",
        keys=("alphas", "above"),
        nulls=("vote",),
    ),
}
