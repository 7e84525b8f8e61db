"""The table 'amenability', contrasts of what two models regain."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from qunlearn.results.csv import read_csv
from qunlearn.statistics.intervals import interval
from qunlearn.studies.amenability.contrast import RUN, paired

#: How corrupted fractions of both models are chosen: such that both start equally well, or the same.
START, ALPHA = "start", "alpha"
#: A name in a column for the mean over all that it can be.
ALL = "all"


def tabulate(
    known: list[str],
    *,
    quantum: list[str],
    classical: list[str],
    within: float,
    confidence: float,
    resamples: int,
    progress=lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """`contrast`: validation accuracy that `model` regains minus that of its `rival`, mean over seeds,
    with its interval (`low`, `high`), at corrupted fractions `alpha` and `rival_alpha` at which they
    start at `begun` and `rival_begun`. `matching`: 'start', fractions at which both start equally
    well; 'alpha', the mean over all fractions, the same for both. Rows of 'all' are the mean over
    corruptions (`compared` of them), and over methods and what is told, too. Without a number where
    no fractions match."""
    runs = read_csv(known[0])
    runs = runs[
        runs["attack_success"].isna()
    ]  # a backdoor costs no accuracy that could be regained
    rows = []
    for dataset, here in runs.groupby("dataset", sort=False):
        for model, rival in itertools.product(quantum, classical):
            names = {"dataset": dataset, "model": model, "rival": rival}
            found = list(_contrasts(here, (model, rival), within))
            rows += [names | row for row in _summed(found, confidence, resamples)]
    return {"amenability": pd.DataFrame(rows)}


def _contrasts(here: pd.DataFrame, models: tuple[str, str], within: float):
    """(names, differences (seeds,) or None) of every corruption, method and telling, by both
    matchings."""
    both = here[here["model"].isin(models)]
    for key, part in both.groupby(RUN, sort=False):
        pair = paired(part, models)
        names = dict(zip(RUN, key))
        same = [pair.difference(at, at) for at in range(len(pair.alphas))]
        yield names | {"matching": ALPHA}, np.mean(same, axis=0)
        found = pair.matched(within)
        if found is None:
            yield names | {"matching": START}, None
            continue
        ours, theirs = found
        where = {
            "alpha": pair.alphas[ours],
            "rival_alpha": pair.alphas[theirs],
            "begun": pair.begun[0][:, ours].mean(),
            "rival_begun": pair.begun[1][:, theirs].mean(),
        }
        yield names | {"matching": START} | where, pair.difference(ours, theirs)


def _summed(found: list[tuple], confidence: float, resamples: int):
    """Rows of single contrasts, of their mean over corruptions, and of that over everything."""

    def row(names: dict, several: list[np.ndarray]) -> dict:
        row = names | {"contrast": np.nan, "low": np.nan, "high": np.nan}
        row |= {"compared": len(several), "seeds": 0}
        if several:
            differences = np.mean(several, axis=0)  # (seeds,)
            low, high = interval(differences, np.mean, confidence, resamples)
            row |= {"contrast": differences.mean(), "low": low, "high": high}
            row["seeds"] = len(differences)
        return row

    for names, differences in found:
        yield row(names, [] if differences is None else [differences])
    for of in ([*RUN[1:], "matching"], ["matching"]):
        for key in dict.fromkeys(tuple(names[name] for name in of) for names, _ in found):
            several = [
                differences
                for names, differences in found
                if differences is not None and tuple(names[name] for name in of) == key
            ]
            yield row(dict.fromkeys(RUN, ALL) | {"share": np.nan} | dict(zip(of, key)), several)
