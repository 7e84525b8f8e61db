"""What decides claims about unlearning and retraining: who is where sooner, and who ends higher.

The target is where retraining ends that ran for as long as training, less a tolerance. A curve
*arrives* at the first record that is at the target or above and, in the mean, the `FINAL` records
from there on, too: curves of small batches jump about, and neither a lucky record nor a late unlucky
one counts. Where the poisoned model itself is there already, nothing is to be repaired, and no
method is sooner than another.

Every measure takes and returns what those of `claims.measures` do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from qunlearn.statistics.quantities import Extreme
from qunlearn.statistics.runs import FINAL, Missing, cells
from qunlearn.studies.claims.measures import FLIPPING, REFERENCE, Measure

#: Retraining for as long as training.
TARGET = "retrain_as_trained"


class Curves(NamedTuple):
    """Validation accuracy of several methods side by side, (seeds, all their records), with where
    each one's records are and the `passes` that they took."""

    samples: np.ndarray
    columns: dict[str, slice]
    passes: dict[str, np.ndarray]

    def means(self, runs: np.ndarray) -> dict[str, np.ndarray]:
        """Mean curve of each method, of runs like `samples`."""
        mean = runs.mean(0)
        return {name: mean[columns] for name, columns in self.columns.items()}


def curves_of(frame, model: str, methods: list[str]) -> Curves:
    """Of label flips at the smallest fraction unlearned. Raises Missing where a method has no
    runs."""
    here = frame[(frame["model"] == model) & (frame["corruption"] == FLIPPING)]
    here = here[here["alpha"] == here["alpha"].min()]
    parts, columns, passes, end = [], {}, {}, 0
    for method in methods:
        mine = here[here["method"] == method]
        steps = np.sort(mine["step"].unique())
        parts.append(cells(mine, "val_accuracy", {"method": method}, {"step": steps}))
        columns[method] = slice(end, end + len(steps))
        passes[method] = np.sort(mine["passes"].unique())
        end += len(steps)
    return Curves(np.concatenate(parts, axis=1), columns, passes)


def approximate(frame) -> list[str]:
    """The paper's methods that start from the poisoned model, sorted."""
    found = frame.query("approximate")["method"]
    if found.empty:
        raise Missing("no approximate unlearning method")
    return sorted(set(found))


def final(curve: np.ndarray) -> float:
    """Mean of a curve's last records."""
    return float(curve[-FINAL:].mean())


def arrival(curve: np.ndarray, target: float) -> int:
    """The record at which a curve arrives; one beyond the last where it never does."""
    latest = max(0, len(curve) - FINAL)
    for record in np.flatnonzero(curve >= target):
        first = min(record, latest)
        if curve[first : first + FINAL].mean() >= target:
            return int(record)
    return len(curve)


@dataclass(frozen=True)
class NothingToRepair:
    """What a statistic is where the poisoned model starts at the target or above: no number."""

    start: float
    target: float

    def __call__(self, runs: np.ndarray) -> float:
        return math.nan

    def remark(self, runs: np.ndarray) -> str:
        words = f"the poisoned model starts at {self.start:.3f}, the target is {self.target:.3f}"
        return f"nothing to repair: {words}"


def _measure(frame, model, criterion, statistic: Callable) -> Measure:
    """`statistic(means, passes, target, approximate methods)` where something is to be repaired."""
    others = approximate(frame)
    curves = curves_of(frame, model, [TARGET, REFERENCE, *others])

    def target_of(means) -> float:
        return final(means[TARGET]) - criterion["tolerance"]

    means = curves.means(curves.samples)
    start, target = float(means[others[0]][0]), target_of(means)
    if start >= target:
        return curves.samples, NothingToRepair(start, target)

    def of_runs(runs):
        means = curves.means(runs)
        return statistic(means, curves.passes, target_of(means), others)

    return curves.samples, of_runs


def steps_saved(frame, model, criterion) -> Measure:
    """At equal budget: steps until retrain has arrived minus those until the fastest approximate
    method has; who ends below the target counts as one step more than there are."""

    def saved(means, passes, target, others):
        fastest = min(arrival(means[name], target) for name in others)
        return float(arrival(means[REFERENCE], target) - fastest)

    return _measure(frame, model, criterion, saved)


def passes_saved(frame, model, criterion) -> Measure:
    """At convergence: share of the passes until the long retraining has arrived that the fastest
    approximate method saves; -1 at least, and where none arrives."""

    def saved(means, passes, target, others):
        needed = passes[TARGET][arrival(means[TARGET], target)]
        spent = []
        for name in others:
            step = arrival(means[name], target)
            if step < len(passes[name]):
                spent.append(passes[name][step])
        if not spent:
            return -1.0
        return float(max(-1.0, 1 - min(spent) / max(needed, 1)))

    return _measure(frame, model, criterion, saved)


def gap_at_convergence(frame, model, criterion) -> Measure:
    """Where the long retraining ends minus where the best approximate method does."""
    others = approximate(frame)
    curves = curves_of(frame, model, [TARGET, *others])

    def gaps(runs):  # -> (approximate methods,)
        means = curves.means(runs)
        return np.array([final(means[TARGET]) - final(means[name]) for name in others])

    return curves.samples, Extreme("min", gaps)
