"""What follows from what the paper says of outliers: who refuses them should point at them."""

from __future__ import annotations

from functools import partial

import numpy as np

from qunlearn.lazy import pd
from qunlearn.statistics.runs import Missing, cells
from qunlearn.studies.claims.claim import Claim, Null
from qunlearn.studies.claims.measures import FLIPPING, Measure


def best_scores(frame, model, criterion, classical: bool) -> Measure:
    """Area under the ROC curve of the best score of the quantum model minus that of the best score of
    any classical model, or of the MLP alone, at the criterion's alphas."""
    here = frame[frame["quantum"] | (classical & ~frame["quantum"]) | (frame["kind"] == "mlp")]
    here = here.assign(pair=here["model"] + " " + here["score"])
    groups = [sorted(here.loc[here["quantum"] == kind, "pair"].unique()) for kind in (True, False)]
    if not all(groups):
        raise Missing("no quantum or no classical model")
    axes = {"pair": [*groups[0], *groups[1]], "alpha": criterion["alphas"]}
    samples = cells(here, "auroc", {"corruption": FLIPPING}, axes)  # (seeds, pairs, alphas)

    def statistic(runs):
        means = runs.mean((0, 2))
        ours, theirs = np.split(means, [len(groups[0])])
        return ours.max() - theirs.max()

    return samples, statistic


def coin(rows: pd.DataFrame) -> pd.DataFrame:
    """Samples are accused by chance."""
    return rows.assign(auroc=0.5)


of_detection = partial(
    Claim,
    section="Superior resilience",
    table="detection",
    model="quantum",
    keys=("alphas", "above"),
    nulls=(Null("a coin", coin),),
)


def against(words: str, classical: bool) -> dict:
    """What two claims differ in."""
    quantity = f"area under the ROC curve of the best score, QNN - {words}, α = {{alphas}}"
    return {"quantity": quantity, "measure": partial(best_scores, classical=classical)}


CLAIMS = {
    "qnn_points_at_poison": of_detection(
        sentence="A QNN, which ignores wrong labels, points at them better than an MLP.",
        **against("MLP", classical=False),
    ),
    "qnn_points_best": of_detection(
        sentence="A QNN points at wrong labels better than any classical model.",
        **against("best classical", classical=True),
    ),
}
