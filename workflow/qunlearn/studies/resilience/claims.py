"""What the paper says about resilience to poisoned training data (Fig. 2c, d)."""

from functools import partial

from qunlearn.studies.claims import measures
from qunlearn.studies.claims.claim import Claim

RANDOMISED = "feature_randomization"
FALL = "fall of validation accuracy, α = {alphas}"
TRAINING_FALL = "fall of training accuracy, α = {alphas}"
WORST = "largest fall of validation accuracy, worst of α = {alphas}"
WIDTH = "10-90 % width of the fitted sigmoid"
ADVANTAGE = "validation accuracy, QNN - MLP, α = {alphas}"

#: Null models of what the MLP and the QNN do under flipped labels, and of resistance to random
#: features.
TRAINED = ("learner",)
OF_LABELS = ("vote", "learner")
OF_CURVES = ("line", "vote", "learner")
OF_PLATEAUS = ("constant", "vote", "learner")

of_resilience = partial(Claim, section="Superior resilience, Fig. 2c, d", table="resilience")
train_fall = partial(measures.fall, column="train_accuracy")
randomised_fall = partial(measures.worst_fall, corruption=RANDOMISED)

CLAIMS = {
    "mlp_degrades_at_once": of_resilience(
        sentence="The MLP's validation accuracy falls from the first flipped labels on.",
        model="mlp",
        measure=measures.fall,
        quantity=FALL,
        keys=("alphas", "above"),
        nulls=TRAINED,
    ),
    "mlp_degrades_steadily": of_resilience(
        sentence="The MLP's validation accuracy falls continuously, without a transition.",
        model="mlp",
        measure=measures.transition_width,
        quantity=WIDTH,
        keys=("above",),
        nulls=OF_LABELS,
    ),
    "qnn_plateau": of_resilience(
        sentence="The QNN has a plateau of high validation accuracy below α = 0.5.",
        model="qnn",
        measure=measures.worst_fall,
        quantity=WORST,
        keys=("alphas", "least", "below"),
        nulls=OF_PLATEAUS,
    ),
    "qnn_transition_at_half": of_resilience(
        sentence="The QNN's plateau ends in a transition at α = 0.5.",
        model="qnn",
        measure=measures.critical_alpha,
        quantity="critical α of the fitted sigmoid",
        keys=("above", "below"),
        nulls=OF_CURVES,
    ),
    "qnn_transition_is_sharp": of_resilience(
        sentence="The QNN's transition is sharp.",
        model="qnn",
        measure=measures.transition_width,
        quantity=WIDTH,
        keys=("below",),
        nulls=OF_CURVES,
    ),
    "qnn_beats_mlp": of_resilience(
        sentence="The QNN generalises better than the MLP from flipped labels.",
        model="qnn",
        measure=partial(measures.advantage, over="mlp"),
        quantity=ADVANTAGE,
        keys=("alphas", "above"),
        nulls=OF_LABELS,
    ),
    "qnn_ignores_outliers": of_resilience(
        sentence="The QNN's training accuracy falls, as it ignores wrong labels.",
        model="qnn",
        measure=train_fall,
        quantity=TRAINING_FALL,
        keys=("alphas", "above"),
        nulls=OF_LABELS,
    ),
    "mlp_memorises": of_resilience(
        sentence="The MLP's training accuracy stays high, as it memorises wrong labels.",
        model="mlp",
        measure=train_fall,
        quantity=TRAINING_FALL,
        keys=("alphas", "below"),
        nulls=TRAINED,
    ),
    "mlp_stands_randomisation": of_resilience(
        sentence="The MLP stands random features at moderate α.",
        model="mlp",
        measure=randomised_fall,
        quantity=WORST,
        keys=("alphas", "least", "below"),
        nulls=OF_PLATEAUS,
    ),
    "qnn_stands_randomisation": of_resilience(
        sentence="The QNN stands random features at moderate α.",
        model="qnn",
        measure=randomised_fall,
        quantity=WORST,
        keys=("alphas", "least", "below"),
        nulls=OF_PLATEAUS,
    ),
    "qnn_stands_scarce_data": of_resilience(
        sentence="The QNN stands random features even when clean data are scarce.",
        model="qnn",
        measure=randomised_fall,
        quantity=WORST,
        keys=("alphas", "least", "below"),
        nulls=OF_PLATEAUS,
    ),
    "mlp_suffers_from_scarce_data": of_resilience(
        sentence="With scarce clean data the MLP's validation accuracy falls, on small datasets.",
        model="mlp",
        measure=partial(measures.fall, corruption=RANDOMISED),
        quantity=FALL,
        keys=("alphas", "above"),
        unless="large",
        nulls=TRAINED,
    ),
    "qnn_beats_mlp_on_scarce_data": of_resilience(
        sentence="With scarce clean data the QNN beats the MLP, on small datasets.",
        model="qnn",
        measure=partial(measures.advantage, over="mlp", corruption=RANDOMISED),
        quantity=ADVANTAGE,
        keys=("alphas", "above"),
        unless="large",
        nulls=OF_LABELS,
    ),
}
