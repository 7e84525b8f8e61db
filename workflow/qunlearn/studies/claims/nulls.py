"""Null models: what needs no discovery, by the measure of each claim.

A claim names the nulls that could make it true without what the paper says is behind it
(`Claim.nulls`), or brings one of its own (`claim.Null`). Each takes the place of the claim's own
model, and the same measure and the same criterion judge it:

- `constant`, the same answer to everything: accuracy 1/2. A measure of stability alone calls it
  resilient.
- `vote`, which answers for each class as most of its labels say: any learner that averages over the
  labels of like samples. Of flipped labels it makes a plateau, a transition at 1/2 and no width.
- `line`, accuracy 1 - alpha: a learner that fits every label, flipped ones, too. Like any curve with
  acc(alpha) + acc(1 - alpha) = 1 it has its middle at 1/2; its 10-90 % width is 0.8.
- `idle`, unlearning that leaves the poisoned model as it is.
- `learner`, a model that is trained like the others, by default logistic regression
  (`claims.null_model`), in tables of its own.

Flipping alpha of the labels is flipping 1 - alpha with the classes exchanged, so acc(alpha) +
acc(1 - alpha) = 1 on average for every learner that treats classes alike: where a transition lies
tests this symmetry, its width and its plateau test the learner.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from qunlearn.studies.claims.claim import Claim, Null

FLIPPING = "label_flipping"
LEARNER = "learner"
#: Tables of the null that is trained, by the table that decides; all others are of its training.
TABLES = {"unlearning": "null_unlearning", "landscape": "null_landscape"}
TRAINED = "null_resilience"


# -- nulls that need no training -------------------------------------------------------------------
def constant(rows: pd.DataFrame) -> pd.DataFrame:
    """One answer, whatever the sample."""
    return rows.assign(train_accuracy=0.5, val_accuracy=0.5)


def vote(rows: pd.DataFrame) -> pd.DataFrame:
    """Every sample is answered as most labels of its class say."""
    alpha = rows["alpha"]
    is_flipped = rows["corruption"] == FLIPPING
    right = np.select([alpha < 0.5, alpha == 0.5], [1.0, 0.5], default=0.0)
    most_labels = np.maximum(alpha, 1 - alpha)
    clean_and_half = 1 - alpha / 2  # of samples with random features, every other one
    return rows.assign(
        train_accuracy=np.where(is_flipped, most_labels, clean_and_half),
        val_accuracy=np.where(is_flipped, right, 1.0),
    )


def line(rows: pd.DataFrame) -> pd.DataFrame:
    """Every label is learned by heart, and a new sample is answered as its neighbour is labelled."""
    is_flipped = rows["corruption"] == FLIPPING
    accuracy = np.where(is_flipped, 1 - rows["alpha"], 1.0)
    return rows.assign(train_accuracy=1.0, val_accuracy=accuracy)


def idle(rows: pd.DataFrame) -> pd.DataFrame:
    """Curves of approximate methods at their start; those of retraining as they are."""
    run = [name for name in ("corruption", "alpha", "method", "seed") if name in rows]
    ordered = rows.sort_values("step")
    start = ordered.groupby(run)["val_accuracy"].transform("first")
    accuracy = np.where(ordered["approximate"], start, ordered["val_accuracy"])
    return ordered.assign(val_accuracy=accuracy)


#: Those that several studies name.
UNTRAINED = {
    "constant": Null("constant answer", constant),
    "vote": Null("majority vote", vote),
    "line": Null("straight line", line),
    "idle": Null("leaving it poisoned", idle),
}


def replacements(
    claim: Claim, frame: pd.DataFrame, trained: pd.DataFrame | None, model: str
) -> Iterator[tuple[str, bool, pd.DataFrame]]:
    """(words, whether it is trained, rows of one dataset in which the null stands for the model) for
    each null of a claim; `trained`: rows of the null that is trained, None where there are none."""
    is_own = own_rows(claim, frame, model)
    own, others = frame[is_own], frame[~is_own]
    if own.empty:
        return
    first = own.iloc[0]
    identity = {"model": model, "kind": first["kind"], "quantum": first["quantum"]}
    for name in claim.nulls:
        if isinstance(name, Null):  # of the study's own table: each row keeps its name
            yield name.words, False, pd.concat([name.instead(own), others], ignore_index=True)
            continue
        if name == LEARNER and (trained is None or trained.empty):
            continue
        if name == LEARNER:
            words, rows = trained["model"].iloc[0], trained
        else:
            one = own[own["model"] == first["model"]]
            words, rows = UNTRAINED[name].words, UNTRAINED[name].instead(one)
        rows = rows.assign(**identity)
        yield words, name == LEARNER, pd.concat([rows, others], ignore_index=True)


def own_rows(claim: Claim, frame: pd.DataFrame, model: str) -> pd.Series:
    """(rows,) of bool: those that the claim's sentence is about. They are of the model, of the kinds
    that its measure is told, or of all models that it means by a word ('quantum'); and have what else
    its measure is told and the table has a column of, as a phase."""
    told = getattr(claim.measure, "keywords", {})
    is_own = (frame["model"] == model) | frame["kind"].isin(told.get("kinds", [model]))
    by_word = {
        "quantum": frame["quantum"],
        "classical": ~frame["quantum"],
        "all": frame["kind"].notna(),
    }
    is_own |= by_word.get(model, False)
    for column in frame.columns.intersection([*told]):
        is_own &= frame[column] == told[column]
    return is_own


# -- the symmetry ----------------------------------------------------------------------------------
def asymmetry(table: pd.DataFrame | None) -> dict[tuple[str, str], float]:
    """(dataset, model) -> largest |acc(alpha) + acc(1 - alpha) - 1| of the mean validation accuracy
    under label flipping, over pairs of alphas that the table has; 0.5 is its own pair. Empty for no
    table."""
    if table is None:
        return {}
    flipped = table[table["corruption"] == FLIPPING]
    found = {}
    for key, rows in flipped.groupby(["dataset", "model"]):
        means = rows.groupby("alpha")["val_accuracy"].mean()
        sums = [
            means[alpha] + means[round(1 - alpha, 4)]
            for alpha in means.index
            if round(1 - alpha, 4) in means.index
        ]
        if sums:
            found[key] = float(max(abs(total - 1) for total in sums))
    return found
