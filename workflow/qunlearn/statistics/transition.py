"""The transition of an accuracy against the corrupted fraction: a sigmoid fitted to the curve, the
height of its plateau, and the critical alpha at which it turns over, with intervals over seeds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize

from qunlearn.statistics.intervals import interval
from qunlearn.statistics.quantities import SHARE, Within

#: Fewest alphas of a curve that is fitted: the fit's four parameters and one degree of freedom.
FEWEST_ALPHAS = 5
#: Bounds of the fit: top, bottom, critical alpha and scale. A start on the edge lies inside.
LOWEST = (-1e-9, -1e-9, 0, 0.005)
HIGHEST = (1 + 1e-9, 1 + 1e-9, 1, 1)


def sigmoid(alpha, top, bottom, critical, scale):
    """bottom + (top - bottom) / (1 + exp((alpha - critical) / scale))."""
    return bottom + (top - bottom) * 0.5 * (1 - np.tanh((alpha - critical) / (2 * scale)))


def fit_transition(alphas: np.ndarray, accuracies: np.ndarray) -> tuple[float, float]:
    """Critical alpha and 10-90 % width (2 ln 9 times the scale) of the sigmoid fitted by least
    squares to a curve, both (alphas,).

    Plateaus lie in [0, 1], the critical alpha too. A width well below the spacing of alphas is not
    resolved.
    """
    top, bottom = accuracies.max(), accuracies.min()
    middle = (top + bottom) / 2
    centre = alphas[np.argmin(np.abs(accuracies - middle))]
    start = np.clip((top, bottom, centre, 0.1), 0, 1)

    def residuals(parameters):
        return sigmoid(alphas, *parameters) - accuracies

    fit = optimize.least_squares(residuals, start, bounds=(LOWEST, HIGHEST))
    _, _, critical, scale = fit.x
    return float(critical), float(2 * math.log(9) * scale)


def resolution(alphas: np.ndarray, critical: float) -> float:
    """Distance between the two of the sorted `alphas` that have the critical one between them."""
    above = np.clip(np.searchsorted(alphas, critical), 1, len(alphas) - 1)
    return float(alphas[above] - alphas[above - 1])


@dataclass(frozen=True)
class Width:
    """The 10-90 % width of the transition of curves (seeds, alphas), no less than the distance
    between alphas there: a narrower one is not measured, and where it ends the fit's own bound would
    tell. `fit`: curves -> (critical alpha, width)."""

    alphas: np.ndarray
    fit: Callable[[np.ndarray], tuple[float, float]]

    def __call__(self, samples: np.ndarray) -> float:
        critical, width = self.fit(samples)
        return max(width, resolution(self.alphas, critical))

    def remark(self, samples: np.ndarray) -> str:
        """What is to be said of the value."""
        critical, width = self.fit(samples)
        spacing = resolution(self.alphas, critical)
        return f"below the resolution, {spacing:g}" if width < spacing else ""


def plateau_summary(
    frame: pd.DataFrame,
    by: list[str],
    columns: list[str],
    plateau: float,
    margin: float,
    confidence: float,
    resamples: int,
) -> pd.DataFrame:
    """One row per group of `by`, accuracy column and quantity, with the bounds of its bootstrap
    interval over seeds.

    `plateau`: mean over alphas up to `plateau`. `critical_alpha`: centre of the sigmoid fitted to
    the mean curve; empty where the plateau is within `margin` of a coin or below, or the curve
    never falls below a half.
    """
    rows = []
    for key, part in frame.groupby(by, dropna=False):
        counts = {
            "seeds": part["seed"].nunique(),
            "collapsed_runs": int(part["collapsed"].sum()),
        }
        for column in columns:
            if part[column].isna().all():
                continue
            curves = part.pivot(index="seed", columns="alpha", values=column)
            quantities = _quantities(curves, plateau, margin, confidence, resamples)
            for quantity, found in quantities.items():
                names = dict(zip(by, key)) | {"accuracy": column, "quantity": quantity}
                value = dict(zip(("value", "low", "high"), found))
                rows.append(names | value | counts)
    return pd.DataFrame(rows)


def _quantities(curves: pd.DataFrame, plateau: float, margin: float, *options) -> dict[str, tuple]:
    """Quantity -> (value, low, high) of curves of accuracy, a row per seed and a column per alpha;
    `options` are the last arguments of `interval`."""
    alphas = curves.columns.to_numpy(float)
    samples = curves.to_numpy()  # (seeds, alphas)
    on_plateau = alphas <= plateau

    def height(samples):
        return samples[:, on_plateau].mean()

    def critical_alpha(samples):
        critical, _ = fit_transition(alphas, samples.mean(0))
        return critical

    found = {
        "plateau": (height(samples), *interval(samples, Within(height, SHARE), *options)),
        "critical_alpha": (math.nan, math.nan, math.nan),
    }
    falls = height(samples) > 0.5 + margin and samples.mean(0).min() < 0.5
    if falls and len(alphas) >= FEWEST_ALPHAS:
        ends = interval(samples, Within(critical_alpha, SHARE), *options)
        found["critical_alpha"] = (critical_alpha(samples), *ends)
    return found
