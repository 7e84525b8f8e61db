"""What decides a claim: numbers of independent runs, and the statistic of them that the claim
speaks of.

Every measure takes the rows of one dataset (`frame`), the `model` and the claim's `criterion` in
the configuration, and returns (samples, statistic): an array whose first axis is the seed, and a
function of such an array; an `Extreme` where it is the smallest or largest of several, so that its
interval is corrected for the choice. What else it takes, a claim binds by `partial`. Beside the
columns of the table, rows tell the `kind` of their model ('linear' where the logit is linear in the features, else
its family), whether it is `quantum`, whether it `sees_phase` where that is arbitrary, and whether
their method is one of the paper's `approximate` ones.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from qunlearn.statistics.quantities import SHARE, Extreme, Positive
from qunlearn.statistics.runs import FINAL, Missing, cells, dips

#: Unless a claim says otherwise, it is about flipped labels.
FLIPPING = "label_flipping"
#: What approximate methods are measured against.
REFERENCE = "retrain"

Measure = tuple[np.ndarray, Callable[[np.ndarray], float]]


def _flipped(frame, model):
    """Rows of a model under label flipping."""
    return frame.query("model == @model and corruption == @FLIPPING")


def _values(frame, column: str) -> np.ndarray:
    """Distinct values of a column, sorted."""
    return np.sort(frame[column].unique())


# -- accuracy against the corrupted fraction -------------------------------------------------------
def fall(frame, model, criterion, column="val_accuracy", corruption=FLIPPING) -> Measure:
    """Accuracy at alpha = 0 minus the mean over the criterion's alphas."""
    select = {"model": model, "corruption": corruption}
    alphas = [0.0, *criterion["alphas"]]
    samples = cells(frame, column, select, {"alpha": alphas})

    def statistic(runs):  # (seeds, alphas)
        clean, poisoned = runs[:, 0], runs[:, 1:]
        return clean.mean() - poisoned.mean()

    return samples, statistic


def _shortfalls(clean, poisoned, least: float) -> np.ndarray:
    """How far accuracies (..., alphas) fall below the clean one (...), or below `least` where that
    is higher: whoever learned nothing has no plateau."""
    level = np.maximum(clean, least)
    return level[..., None] - poisoned


def worst_fall(frame, model, criterion, corruption=FLIPPING) -> Measure:
    """Validation accuracy at alpha = 0, or the criterion's `least` where that is higher, minus that
    at the worst of the criterion's alphas."""
    select = {"model": model, "corruption": corruption}
    alphas = [0.0, *criterion["alphas"]]
    samples = cells(frame, "val_accuracy", select, {"alpha": alphas})

    def falls(runs):  # (seeds, alphas) -> (alphas > 0,)
        means = runs.mean(0)
        return _shortfalls(means[0], means[1:], criterion["least"])

    return samples, Extreme("max", falls)


def _transition(frame, model) -> Measure:
    """(critical alpha, width) of the transition fitted to the mean curve."""
    from qunlearn.statistics.transition import FEWEST_ALPHAS, fit_transition

    alphas = _values(_flipped(frame, model), "alpha")
    if len(alphas) < FEWEST_ALPHAS:
        raise Missing("fewer than five alphas, which the fit needs")
    select = {"model": model, "corruption": FLIPPING}
    samples = cells(frame, "val_accuracy", select, {"alpha": alphas})

    def statistic(runs):
        return fit_transition(alphas, runs.mean(0))

    return samples, statistic


def critical_alpha(frame, model, criterion) -> Measure:
    samples, fit = _transition(frame, model)
    return samples, lambda runs: fit(runs)[0]


def transition_width(frame, model, criterion) -> Measure:
    """10-90 % width of the transition, no less than the alphas resolve."""
    from qunlearn.statistics.transition import Width

    samples, fit = _transition(frame, model)
    alphas = _values(_flipped(frame, model), "alpha")
    return samples, Width(alphas, fit)


def advantage(frame, model, criterion, over, corruption=FLIPPING) -> Measure:
    """Validation accuracy of the model minus that of the model `over`, mean over the criterion's
    alphas."""
    axes = {"model": [model, over], "alpha": criterion["alphas"]}
    samples = cells(frame, "val_accuracy", {"corruption": corruption}, axes)

    def statistic(runs):  # (seeds, models, alphas)
        ours, theirs = runs[:, 0], runs[:, 1]
        return ours.mean() - theirs.mean()

    return samples, statistic


# -- unlearning ------------------------------------------------------------------------------------
def _curves(frame, model, methods, column: str = "val_accuracy") -> np.ndarray:
    """Validation accuracy, or another column, (seeds, methods, steps) while unlearning label flips
    at the smallest alpha."""
    here = _flipped(frame, model)
    select = {
        "model": model,
        "corruption": FLIPPING,
        "alpha": here["alpha"].min(),
    }
    axes = {"method": methods, "step": _values(here, "step")}
    return cells(frame, column, select, axes)


def _approximate(frame) -> list[str]:
    """The paper's approximate methods in the table, sorted."""
    found = frame.query("approximate")["method"]
    if found.empty:
        raise Missing("no approximate unlearning method")
    return sorted(set(found))


def _final(runs: np.ndarray) -> np.ndarray:
    """Mean accuracy at the end, by method, of runs (seeds, methods, steps)."""
    return runs[:, :, -FINAL:].mean((0, 2))


def repair(frame, model, criterion) -> Measure:
    """Accuracy at the end of the best method minus that of the poisoned model, where the
    approximate ones start."""
    samples = _curves(frame, model, [*_approximate(frame), REFERENCE])

    def gains(runs):  # (methods,)
        poisoned = runs[:, 0, 0].mean()
        return _final(runs) - poisoned

    return samples, Extreme("max", gains)


def gap(frame, model, criterion) -> Measure:
    """Retrain's accuracy at the end minus that of the best approximate method."""
    samples = _curves(frame, model, [REFERENCE, *_approximate(frame)])

    def gaps(runs):  # (methods,)
        retrained, *others = _final(runs)
        return retrained - np.array(others)

    return samples, Extreme("min", gaps)


def dip(frame, model, criterion) -> Measure:
    """How far the mean curve falls below both its start and its end, mean over the approximate
    methods."""
    samples = _curves(frame, model, _approximate(frame))
    return samples, lambda runs: dips(runs).mean()


def recovered(frame, model, criterion) -> Measure:
    """Accuracy on the forget set, against its clean labels, at the end of the best approximate
    method."""
    samples = _curves(frame, model, _approximate(frame), "forget_accuracy")
    return samples, Extreme("max", _final, SHARE)


def forget_gap(frame, model, criterion) -> Measure:
    """As `gap`, of accuracy on the forget set against its clean labels."""
    samples = _curves(frame, model, [REFERENCE, *_approximate(frame)], "forget_accuracy")

    def gaps(runs):  # (approximate methods,)
        retrained, *others = _final(runs)
        return retrained - np.array(others)

    return samples, Extreme("min", gaps)


def instability(frame, model, criterion) -> Measure:
    """Mean change of validation accuracy from step to step, up or down, over the second half of the
    steps, of retrain minus the mean over the approximate methods."""
    samples = _curves(frame, model, [REFERENCE, *_approximate(frame)])

    def statistic(runs):  # (seeds, methods, steps)
        late = runs[:, :, runs.shape[2] // 2 :]
        changes = np.abs(np.diff(late, axis=2)).mean((0, 2))  # (methods,)
        return changes[0] - changes[1:].mean()

    return samples, statistic


# -- landscape -------------------------------------------------------------------------------------
def roughening(frame, model, criterion, eval_set="train") -> Measure:
    """Geometric mean of LRR (Eq. 1) over runs and alphas > 0; not a number where a ratio is
    negative."""
    from qunlearn.statistics.roughening import geometric_mean

    alphas = _values(frame.query("model == @model and alpha > 0"), "alpha")
    select = {"model": model, "corruption": FLIPPING, "eval_set": eval_set}
    samples = cells(frame, "lrr", select, {"alpha": alphas})

    def statistic(runs):
        with np.errstate(divide="ignore", invalid="ignore"):
            return geometric_mean(runs)

    return samples, Positive(statistic)


def cancelled(frame, model, criterion) -> Measure:
    """What share of the Gauss-Newton term's trace the residual term cancels at poisoned models, on
    their own training data: minus the one over the other, mean over alphas > 0."""
    here = frame.query("model == @model and alpha > 0")
    share = here.assign(share=-here["residual"] / here["gauss_newton"])
    select = {"model": model, "corruption": FLIPPING, "eval_set": "train"}
    samples = cells(share, "share", select, {"alpha": _values(here, "alpha")})
    return samples, lambda runs: runs.mean()


# -- models of many kinds --------------------------------------------------------------------------
def _models(rows, words: str) -> list[str]:
    """Models of these rows, sorted; raises Missing, with `words` for them, where there are none."""
    if rows.empty:
        raise Missing(f"no {words}")
    return sorted(rows["model"].unique())


def _of_kind(frame, *kinds: str) -> list[str]:
    words = " or ".join(kinds)
    return _models(frame[frame["kind"].isin(kinds)], f"model of the kind {words}")


def smallest_fall(frame, model, criterion, kinds) -> Measure:
    """As `fall`, of the model of these kinds that falls least."""
    alphas = [0.0, *criterion["alphas"]]
    axes = {"model": _of_kind(frame, *kinds), "alpha": alphas}
    samples = cells(frame, "val_accuracy", {"corruption": FLIPPING}, axes)

    def falls(runs):  # (seeds, models, alphas) -> (models,)
        clean, poisoned = runs[:, :, 0], runs[:, :, 1:]
        return clean.mean(0) - poisoned.mean((0, 2))

    return samples, Extreme("min", falls)


def largest_fall(frame, model, criterion, kinds) -> Measure:
    """As `worst_fall`, of the model of these kinds and the alpha where it is largest."""
    alphas = [0.0, *criterion["alphas"]]
    axes = {"model": _of_kind(frame, *kinds), "alpha": alphas}
    samples = cells(frame, "val_accuracy", {"corruption": FLIPPING}, axes)

    def falls(runs):  # (seeds, models, alphas) -> (models and alphas > 0,)
        means = runs.mean(0)
        return _shortfalls(means[:, 0], means[:, 1:], criterion["least"]).ravel()

    return samples, Extreme("max", falls)


def smallest_classical_fall(frame, model, criterion) -> Measure:
    """As `worst_fall`, of the model that falls least of those that are no quantum circuits."""
    alphas = [0.0, *criterion["alphas"]]
    models = _models(frame.query("not quantum"), "classical model")
    axes = {"model": models, "alpha": alphas}
    samples = cells(frame, "val_accuracy", {"corruption": FLIPPING}, axes)

    def falls(runs):  # (seeds, models, alphas) -> (models,)
        means = runs.mean(0)
        return _shortfalls(means[:, 0], means[:, 1:], criterion["least"]).max(-1)

    return samples, Extreme("min", falls)


def _worst_against_best(frame, criterion, ours, others) -> Measure:
    """Validation accuracy of our worst model minus that of the best other one."""
    axes = {"model": [*ours, *others], "alpha": criterion["alphas"]}
    samples = cells(frame, "val_accuracy", {"corruption": FLIPPING}, axes)

    def differences(runs):  # (pairs,)
        accuracies = runs.mean((0, 2))
        here, there = np.split(accuracies, [len(ours)])
        return np.subtract.outer(here, there).ravel()

    return samples, Extreme("min", differences)


def advantage_over_kind(frame, model, criterion, kind, over) -> Measure:
    """Validation accuracy of the worst model of a kind minus that of the best of the kind
    `over`."""
    ours, others = _of_kind(frame, kind), _of_kind(frame, over)
    return _worst_against_best(frame, criterion, ours, others)


def advantage_over_classical(frame, model, criterion) -> Measure:
    """Validation accuracy of the model minus that of the best one that is no quantum circuit and
    that sees no arbitrary phase, which a circuit cannot see."""
    alike = frame.query("not quantum and not sees_phase")
    classical = _models(alike, "classical model that sees what the QNN sees")
    return _worst_against_best(frame, criterion, [model], classical)
