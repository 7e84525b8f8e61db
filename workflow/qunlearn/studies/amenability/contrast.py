"""What two models regain, where they start equally well. Read while planning, by claims."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

#: What one contrast is about, beside the models.
RUN = ["corruption", "told", "share", "method"]


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


def paired(part: pd.DataFrame, models: tuple[str, str]) -> Pair:
    """Runs of two models at all alphas that both have; there may be none."""
    begun, ended = [
        [_by_alpha(part[part["model"] == model], column) for model in models]
        for column in ("begun_val_accuracy", "val_accuracy")
    ]
    seeds = begun[0].index.intersection(begun[1].index)
    alphas = begun[0].columns.intersection(begun[1].columns)
    return Pair(
        alphas.to_numpy(float),
        tuple(one.loc[seeds, alphas].to_numpy() for one in begun),
        tuple(one.loc[seeds, alphas].to_numpy() for one in ended),
    )


def _by_alpha(runs: pd.DataFrame, column: str) -> pd.DataFrame:
    """Seeds down, alphas across."""
    return runs.pivot(index="seed", columns="alpha", values=column)
