"""What decides a claim: numbers of independent runs, and the statistic of them that the claim speaks of.

Every measure takes the rows of one dataset, the model and the claim's entry in the configuration, and returns (samples,
statistic): an array whose first axis is the seed, and a function of such an array.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from .statistics import fit_transition

FINAL = 5  # unlearning steps that count as the end
Measure = tuple[np.ndarray, Callable[[np.ndarray], float]]


class Missing(Exception):
    """The tables lack what a claim needs; the text says what."""


def cells(frame: pd.DataFrame, column: str, select: dict, axes: dict) -> np.ndarray:
    """Values of a column as an array (seeds, *axes): rows where `select` holds, axes with the values given.

    Row i belongs to the same seed everywhere. Raises Missing where a seed lacks one of the cells.
    """
    part = frame
    for name, value in select.items():
        part = part[part[name] == value]
    if part.empty:
        raise Missing("no rows with " + ", ".join(f"{name} {value}" for name, value in select.items()))
    index = pd.MultiIndex.from_product([np.sort(part["seed"].unique()), *axes.values()], names=["seed", *axes])
    values = part.set_index(["seed", *axes])[column]
    absent = index.difference(values.index)
    if len(absent):
        raise Missing("no row with " + ", ".join(f"{n} {v}" for n, v in zip(index.names, absent[0])))
    return values.reindex(index).to_numpy(float).reshape(-1, *map(len, axes.values()))


def _models(frame: pd.DataFrame, *kinds: str) -> list[str]:
    """Models of these kinds in the table, sorted."""
    found = sorted(frame.loc[frame["kind"].isin(kinds), "model"].unique())
    if not found:
        raise Missing(f"no model of the kind {' or '.join(kinds)}")
    return found


def kind(architecture: dict) -> str:
    """'linear' for models whose logit is linear in the features, else the family."""
    linear = ({"family": "mlp", "hidden": []}, {"family": "svm", "kernel": "linear"}, {"family": "logistic_regression"})
    return "linear" if any(form.items() <= architecture.items() for form in linear) else architecture["family"]


# -- measures -----------------------------------------------------------------------------------------------------
def fall(frame, model, criterion, column="val_accuracy", corruption="label_flipping") -> Measure:
    """Accuracy at alpha = 0 minus the mean over the criterion's alphas."""
    select = {"model": model, "corruption": corruption}
    samples = cells(frame, column, select, {"alpha": [0.0, *criterion["alphas"]]})
    return samples, lambda runs: runs[:, 0].mean() - runs[:, 1:].mean()


def train_fall(frame, model, criterion) -> Measure:
    return fall(frame, model, criterion, "train_accuracy")


def randomised_fall(frame, model, criterion) -> Measure:
    return fall(frame, model, criterion, corruption="feature_randomization")


def _transition(frame, model, which: int) -> Measure:
    part = frame[(frame["model"] == model) & (frame["corruption"] == "label_flipping")]
    alphas = np.sort(part["alpha"].unique())
    if len(alphas) < 5:
        raise Missing("fewer than five alphas, which the fit needs")
    samples = cells(frame, "val_accuracy", {"model": model, "corruption": "label_flipping"}, {"alpha": alphas})
    return samples, lambda runs: fit_transition(alphas, runs.mean(0))[which]


def critical_alpha(frame, model, criterion) -> Measure:
    return _transition(frame, model, 0)


def transition_width(frame, model, criterion) -> Measure:
    return _transition(frame, model, 1)


def advantage(frame, model, criterion, corruption="label_flipping") -> Measure:
    """Validation accuracy of the QNN minus the MLP's, mean over the criterion's alphas."""
    axes = {"model": ["qnn", "mlp"], "alpha": criterion["alphas"]}
    samples = cells(frame, "val_accuracy", {"corruption": corruption}, axes)
    return samples, lambda runs: runs[:, 0].mean() - runs[:, 1].mean()


def randomised_advantage(frame, model, criterion) -> Measure:
    return advantage(frame, model, criterion, "feature_randomization")


def _curves(frame, model, methods) -> np.ndarray:
    """Validation accuracy (seeds, methods, steps) while unlearning label flips at the smallest alpha."""
    part = frame[(frame["model"] == model) & (frame["corruption"] == "label_flipping")]
    axes = {"method": methods, "step": np.sort(part["step"].unique())}
    select = {"model": model, "corruption": "label_flipping", "alpha": part["alpha"].min()}
    return cells(frame, "val_accuracy", select, axes)


def _approximate(frame) -> list[str]:
    found = sorted(set(frame["method"]) - {"retrain"})
    if not found:
        raise Missing("no approximate unlearning method")
    return found


def repair(frame, model, criterion) -> Measure:
    """Accuracy at the end of the best method minus that of the poisoned model, where the approximate ones start."""
    samples = _curves(frame, model, [*_approximate(frame), "retrain"])
    return samples, lambda runs: runs[:, :, -FINAL:].mean((0, 2)).max() - runs[:, 0, 0].mean()


def gap(frame, model, criterion) -> Measure:
    """Retrain's accuracy at the end minus that of the best approximate method."""
    samples = _curves(frame, model, ["retrain", *_approximate(frame)])

    def statistic(runs):
        final = runs[:, :, -FINAL:].mean((0, 2))
        return final[0] - final[1:].max()

    return samples, statistic


def steps_saved(frame, model, criterion) -> Measure:
    """Steps until retrain's mean curve stays above its own end minus the tolerance, minus the same for the fastest
    approximate method; a curve that ends below counts as one step more than there are."""
    samples = _curves(frame, model, ["retrain", *_approximate(frame)])

    def statistic(runs):
        curves = runs.mean(0)
        below = curves < curves[0, -FINAL:].mean() - criterion["tolerance"]
        first = np.where(below.any(1), curves.shape[1] - below[:, ::-1].argmax(1), 0)
        return float(first[0] - first[1:].min())

    return samples, statistic


def dips(runs: np.ndarray) -> np.ndarray:
    """(methods,): how far each mean curve of (seeds, methods, steps) falls below both its start and its end."""
    curves = runs.mean(0)
    return np.minimum(curves[:, 0], curves[:, -FINAL:].mean(1)) - curves.min(1)


def dip(frame, model, criterion) -> Measure:
    """How far the mean curve falls below both its start and its end, mean over the approximate methods."""
    return _curves(frame, model, _approximate(frame)), lambda runs: dips(runs).mean()


def roughening(frame, model, criterion, eval_set="train") -> Measure:
    """Geometric mean of LRR (Eq. 1) over runs and alphas > 0; not a number where a ratio is negative."""
    part = frame[(frame["model"] == model) & (frame["alpha"] > 0)]
    select = {"model": model, "corruption": "label_flipping", "eval_set": eval_set}
    ratios = cells(frame, "lrr", select, {"alpha": np.sort(part["alpha"].unique())})
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithms = np.log(ratios)
    return logarithms, lambda runs: float(np.exp(runs.mean()))


def roughening_validation(frame, model, criterion) -> Measure:
    return roughening(frame, model, criterion, "validation")


def _falls(frame, criterion, models) -> tuple[np.ndarray, Callable]:
    axes = {"model": models, "alpha": [0.0, *criterion["alphas"]]}
    samples = cells(frame, "val_accuracy", {"corruption": "label_flipping"}, axes)
    return samples, lambda runs: runs[:, :, 0].mean(0) - runs[:, :, 1:].mean((0, 2))


def smallest_fall_of_mlps(frame, model, criterion) -> Measure:
    samples, falls = _falls(frame, criterion, _models(frame, "mlp"))
    return samples, lambda runs: falls(runs).min()


def smallest_fall_of_linear_models(frame, model, criterion) -> Measure:
    samples, falls = _falls(frame, criterion, _models(frame, "linear"))
    return samples, lambda runs: falls(runs).min()


def largest_fall_of_qnns(frame, model, criterion) -> Measure:
    samples, falls = _falls(frame, criterion, _models(frame, "qnn"))
    return samples, lambda runs: falls(runs).max()


def _worst_against_best(frame, criterion, quantum, classical) -> Measure:
    """Validation accuracy of the worst quantum model minus that of the best classical one."""
    axes = {"model": [*quantum, *classical], "alpha": criterion["alphas"]}
    samples = cells(frame, "val_accuracy", {"corruption": "label_flipping"}, axes)

    def statistic(runs):
        accuracies = runs.mean((0, 2))
        return accuracies[: len(quantum)].min() - accuracies[len(quantum) :].max()

    return samples, statistic


def advantage_over_mlps(frame, model, criterion) -> Measure:
    return _worst_against_best(frame, criterion, _models(frame, "qnn"), _models(frame, "mlp"))


def advantage_over_all(frame, model, criterion) -> Measure:
    classical = _models(frame, *sorted(set(frame["kind"]) - {"qnn"}))
    return _worst_against_best(frame, criterion, ["qnn"], classical)
