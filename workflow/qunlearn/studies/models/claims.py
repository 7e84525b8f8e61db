"""What the paper says about other models (Supplementary Sections II and IV)."""

from functools import partial

from qunlearn.studies.claims import measures
from qunlearn.studies.claims.claim import Claim

of_models = partial(
    Claim, section="Superior resilience; Supplementary Sections II and IV", table="models"
)

CLAIMS = {
    "linear_models_degrade": of_models(
        sentence="Linear classifiers degrade at once.",
        model="linear",
        measure=partial(measures.smallest_fall, kinds=("linear",)),
        quantity="smallest fall of any linear model, α = {alphas}",
        keys=("alphas", "above"),
        nulls=("constant", "line"),
        unless="arbitrary phase",  # no linear model learns states of random phase
    ),
    "deep_models_degrade": of_models(
        sentence="Deep networks and low-pass filters of features degrade at once.",
        model="deep",
        measure=partial(measures.smallest_fall, kinds=("cnn", "resnet", "random_features")),
        quantity="smallest fall of a CNN, ResNet or random features, α = {alphas}",
        keys=("alphas", "above"),
        nulls=("learner",),
    ),
    "unique_to_quantum": of_models(
        sentence="The resilience is unique to quantum models.",
        model="qnn",
        measure=measures.advantage_over_classical,
        quantity="validation accuracy, QNN - best classical that sees no arbitrary phase, "
        "α = {alphas}",
        keys=("alphas", "above"),
        nulls=("vote",),
    ),
}
