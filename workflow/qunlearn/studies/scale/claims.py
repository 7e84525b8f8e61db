"""What is said of the plateau, asked of every readout scale, and of classical models with one."""

from functools import partial

from qunlearn.studies.claims import measures
from qunlearn.studies.claims.claim import Claim
from qunlearn.studies.resilience.claims import OF_PLATEAUS

KEYS = ("alphas", "least")

CLAIMS = {
    "qnn_plateau_at_any_scale": Claim(
        sentence="The QNN's plateau does not depend on the readout scale.",
        section="Methods: Model architectures; Superior resilience",
        table="scale",
        model="qnn",
        measure=partial(measures.largest_fall, kinds=("qnn",)),
        quantity="largest fall over readout scales, worst of α = {alphas}",
        keys=(*KEYS, "below"),
        nulls=OF_PLATEAUS,
    ),
    "no_plateau_by_scale_alone": Claim(
        sentence="A bound on the logit gives no classical model the plateau.",
        section="Discussion",
        table="scale",
        model="classical",
        measure=measures.smallest_classical_fall,
        quantity="smallest fall over classical models and bounds, worst of α = {alphas}",
        keys=(*KEYS, "above"),
        nulls=("constant", "line"),
    ),
}
