"""Two numbers for a curve of validation accuracy against the corrupted fraction, with intervals over seeds: the height
of its plateau and the critical alpha at which it turns over."""

from __future__ import annotations

import math

import pandas as pd

from .claims.statistics import fit_transition, interval

#: Fewest alphas that the fit of a transition takes.
FIT = 5


def summary(
    frame: pd.DataFrame, by: list[str], columns: list[str], plateau: float, margin: float, confidence, resamples
) -> pd.DataFrame:
    """One row per group of `by`, accuracy column and quantity, with the bounds of its bootstrap interval over seeds.

    `plateau`: mean over alphas up to `plateau`. `critical_alpha`: centre of the sigmoid fitted to the mean curve; empty
    where the plateau is within `margin` of a coin or below, or the curve never falls below a half.
    """
    rows = []
    for key, part in frame.groupby(by, dropna=False):
        for column in columns:
            if part[column].isna().all():
                continue
            runs = part.pivot(index="seed", columns="alpha", values=column)
            alphas, samples = runs.columns.to_numpy(float), runs.to_numpy()
            level = lambda s, chosen=alphas <= plateau: s[:, chosen].mean()  # noqa: E731
            turn = lambda s, alphas=alphas: fit_transition(alphas, s.mean(0))[0]  # noqa: E731
            falls = level(samples) > 0.5 + margin and samples.mean(0).min() < 0.5 and len(alphas) >= FIT
            for quantity, statistic in (("plateau", level), ("critical_alpha", turn)):
                found = [math.nan] * 3
                if quantity == "plateau" or falls:
                    found = [statistic(samples), *interval(samples, statistic, confidence, resamples)]
                rows.append([*key, column, quantity, *found, len(samples), int(part["collapsed"].sum())])
    names = [*by, "accuracy", "quantity", "value", "low", "high", "seeds", "collapsed_runs"]
    return pd.DataFrame(rows, columns=names)
