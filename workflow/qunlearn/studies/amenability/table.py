"""The table 'amenability', contrasts of what two models regain."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import pandas as pd

from qunlearn.results.csv import read_csv
from qunlearn.statistics.intervals import interval

#: What one contrast is about, beside the models.
RUN = ["corruption", "told", "share", "method"]
#: How corrupted fractions of both models are chosen: such that both start equally well, or the same.
START, ALPHA = "start", "alpha"
#: A name in a column for the mean over all that it can be.
ALL = "all"


class Pair(NamedTuple):
    """Runs of two models on one dataset by one method, told the same: accuracies (seeds, alphas)
    before and after unlearning, of the seeds that both have, at the same `alphas`."""

    alphas: np.ndarray
    begun: tuple[np.ndarray, np.ndarray]
    ended: tuple[np.ndarray, np.ndarray]

    def difference(self, ours: int, theirs: int) -> np.ndarray:
        """(seeds,): accuracy that the first model regains at one alpha minus that of the second at
        another."""
        gained = [
            ended[:, at] - begun[:, at]
            for begun, ended, at in zip(self.begun, self.ended, (ours, theirs))
        ]
        return gained[0] - gained[1]

    def matched(self, within: float) -> tuple[int, int] | None:
        """Places of the alphas at which mean starting accuracies are closest, None where they differ
        by more than `within` everywhere. Of equally close ones the largest."""
        means = [begun.mean(0) for begun in self.begun]
        places = itertools.product(range(len(self.alphas)), repeat=2)

        def gap(place) -> float:
            return round(abs(means[0][place[0]] - means[1][place[1]]), 6)

        best = min(places, key=lambda place: (gap(place), -sum(place)))
        return best if gap(best) <= within else None


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


def paired(part: pd.DataFrame, models: tuple[str, str]) -> Pair:
    """Runs of two models at all alphas that both have."""
    tables = [
        part[part["model"] == model].pivot(
            index="seed", columns="alpha", values=["begun_val_accuracy", "val_accuracy"]
        )
        for model in models
    ]
    seeds = tables[0].index.intersection(tables[1].index)
    begun, ended = [
        [table[column].loc[seeds] for table in tables]
        for column in ("begun_val_accuracy", "val_accuracy")
    ]
    alphas = begun[0].columns.intersection(begun[1].columns)
    return Pair(
        alphas.to_numpy(float),
        tuple(one[alphas].to_numpy() for one in begun),
        tuple(one[alphas].to_numpy() for one in ended),
    )


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
