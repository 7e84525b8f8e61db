"""What the paper says is unique to quantum models, of models that see the same of a state."""

from functools import partial

import numpy as np

from qunlearn.statistics.runs import Missing, cells
from qunlearn.studies.claims.claim import Claim


def best_against_best(frame, model, criterion, phase):
    """Validation accuracy of the best quantum model minus that of the best classical one, mean over
    the criterion's alphas, of models with the same sight of the phase."""
    here = frame[frame["phase"] == phase]
    kinds = []
    for is_quantum in (True, False):
        names = here.loc[here["quantum"] == is_quantum, "model"]
        kinds.append(sorted(names.unique()))
    quantum, classical = kinds
    if not quantum or not classical:
        raise Missing("no quantum or no classical model")
    axes = {"model": [*quantum, *classical], "alpha": criterion["alphas"]}
    samples = cells(here, "val_accuracy", {}, axes)

    def statistic(runs):  # (seeds, models, alphas)
        accuracies = runs.mean((0, 2))
        ours, theirs = np.split(accuracies, [len(quantum)])
        return ours.max() - theirs.max()

    return samples, statistic


def of_phase(phase: str, words: str) -> Claim:
    return Claim(
        sentence=f"The resilience is unique to quantum models: {words}.",
        section="Discussion",
        table="phase",
        model="quantum",
        measure=partial(best_against_best, phase=phase),
        quantity="validation accuracy, best quantum - best classical, α = {alphas}",
        keys=("alphas", "above"),
        nulls=("constant", "vote"),
    )


CLAIMS = {
    "unique_where_phase_seen": of_phase("seen", "where both see the phase of a state"),
    "unique_where_phase_hidden": of_phase("hidden", "where the phase is hidden to both"),
    "unique_where_phase_fixed": of_phase("fixed", "where the phase is fixed"),
}
