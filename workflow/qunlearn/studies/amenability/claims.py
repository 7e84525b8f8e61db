"""The title's second half: amenability to unlearning."""

from __future__ import annotations

import numpy as np

from qunlearn.statistics.quantities import Extreme
from qunlearn.statistics.runs import Missing
from qunlearn.studies.amenability.contrast import RUN, paired
from qunlearn.studies.claims.claim import Claim, Null


def smallest_contrast(frame, model, criterion):
    """Validation accuracy that the model regains minus that of the classical rival that comes closest,
    mean over methods, corruptions and what is told of the poison, each where both start equally well."""
    rivals = sorted(frame.loc[~frame["quantum"], "model"].unique())
    if not rivals:
        raise Missing("no classical model")
    found = []
    for rival in rivals:
        differences = _differences(frame, (model, rival), criterion["tolerance"])
        if differences:
            found.append(np.mean(differences, axis=0))
    if not found:
        raise Missing("no corrupted fractions at which models start equally well")
    return np.stack(found, axis=1), Extreme("min", _means)


def _differences(frame, models: tuple[str, str], within: float) -> list[np.ndarray]:
    """(seeds,) of every run of both models that has an equal start."""
    both = frame[frame["model"].isin(models) & frame["attack_success"].isna()]
    found = []
    for _, part in both.groupby(RUN, sort=False):
        pair = paired(part, models)
        places = pair.matched(within) if len(pair.alphas) else None
        if places:
            found.append(pair.difference(*places))
    return found


def _means(runs: np.ndarray) -> np.ndarray:
    """(rivals,) of runs (seeds, rivals)."""
    return runs.mean(0)


def idle(rows):
    """Unlearning that does nothing."""
    return rows.assign(val_accuracy=rows["begun_val_accuracy"])


CLAIMS = {
    "qnn_regains_more": Claim(
        sentence="QNNs are more amenable to unlearning than classical models that start equally well.",
        section="Title",
        table="known",
        model="qnn",
        measure=smallest_contrast,
        quantity="validation accuracy regained, QNN - classical, where starts differ by at most {tolerance}",
        keys=("tolerance", "above"),
        nulls=(Null("unlearning that does nothing", idle),),
    ),
}
