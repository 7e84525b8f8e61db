"""How often intervals cover the truth: a simulation anyone can run.

    python -m qunlearn.statistics.coverage            (with `workflow/` on PYTHONPATH; minutes)

draws runs of kinds that occur here, of which the true mean is known, and counts in how many draws
an interval holds it: Student's t, the bootstrap's expanded percentile, and the interval that claims
are decided by (`statistics.intervals`), with the mean width of the last over Student's. The table
goes into docs/claims.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from qunlearn.runtime.files import replacing
from qunlearn.runtime.keys import generator
from qunlearn.statistics.bootstrap import expanded_percentile
from qunlearn.statistics.intervals import estimate
from qunlearn.statistics.jackknife import student
from qunlearn.statistics.quantities import Extreme, Statistic

PAGE = Path(__file__).parents[3] / "docs" / "claims.md"
#: Where the table stands on the page.
PLACE = r"(<!-- coverage -->\n).*?(<!-- /coverage -->)"
SEEDS = (5, 10, 20, 50, 100)
DRAWS, RESAMPLES, CONFIDENCE = 1000, 100, 0.95
#: Share of runs that fail, and what a failed run is left with.
FAILING, CHANCE = 0.1, 0.5
#: Ends that differ by less are the same.
ROUNDING = 1e-12


class Kind(NamedTuple):
    """A kind of runs: what it is called; `draw(generator, seeds)` gives runs (seeds, ...); the
    `truth` of their `statistic`; and which draws count, all by default."""

    words: str
    draw: Callable
    truth: float
    statistic: Statistic = np.mean
    counts: Callable = lambda runs: True


def _failing(draw: np.random.Generator, seeds: int) -> np.ndarray:
    """Accuracies around 0.97, of which some are left at chance."""
    good = draw.normal(0.97, 0.01, seeds)
    return np.where(draw.random(seeds) < FAILING, CHANCE, good)


def _has_failed(runs: np.ndarray) -> bool:
    return bool(np.any(runs == CHANCE))


def _tied(draw: np.random.Generator, seeds: int) -> np.ndarray:
    """Accuracies of which three values occur, 0.96 to 0.98."""
    return draw.choice([0.96, 0.97, 0.98], seeds, p=[0.1, 0.3, 0.6])


ALL = (1 - FAILING) * 0.97 + FAILING * CHANCE
BEST = Extreme("max", lambda runs: runs.mean(0))

KINDS = (
    Kind("Gaussian", lambda draw, seeds: draw.normal(size=seeds), 0.0),
    Kind("skewed (exponential)", lambda draw, seeds: draw.exponential(size=seeds), 1.0),
    Kind("very skewed (log-normal)", lambda draw, n: np.exp(draw.normal(size=n)), math.exp(0.5)),
    Kind("bounded, most near 1 (beta 9, 0.5)", lambda draw, n: draw.beta(9, 0.5, n), 9 / 9.5),
    Kind("tied, three values", _tied, 0.975),
    Kind("one in ten fails", _failing, ALL),
    Kind("the same, draws that hold a failure", _failing, ALL, counts=_has_failed),
    Kind("best of four equal means", lambda draw, n: draw.normal(size=(n, 4)), 0.0, BEST),
)


class Coverage(NamedTuple):
    """Shares of draws in which an interval holds the truth, and the mean width of the new one over
    the mean width of Student's."""

    student: float
    bootstrap: float
    ours: float
    width: float


def coverage(kind: Kind, seeds: int, draws: int, resamples: int) -> Coverage:
    """Of runs of a kind, so many `seeds` of them, in the draws that count."""
    hits, widths = [], []
    draw = generator("coverage", kind.words, seeds)
    for _ in range(draws):
        runs = kind.draw(draw, seeds)
        if not kind.counts(runs):
            continue
        found = estimate(runs, kind.statistic, resamples)
        ends = np.array([*_plain(found), found.interval(CONFIDENCE)])  # (3, low and high)
        low, high = ends.T
        hits.append((low - ROUNDING <= kind.truth) & (kind.truth <= high + ROUNDING))
        widths.append(high - low)
    of_student, _, of_ours = np.mean(widths, axis=0)
    return Coverage(*np.mean(hits, axis=0), of_ours / of_student)


def _plain(found) -> tuple:
    """Student's and the bootstrap's ends, both without a correction for an extreme: of the part
    that is largest, and of the largest."""
    largest = int(np.argmax(found.moments.values))
    of_student = student(found.moments, CONFIDENCE)[:, largest]
    extremes = found.resamples.max(1)
    return of_student, expanded_percentile(extremes, found.moments.runs, CONFIDENCE)


def table(draws: int = DRAWS, resamples: int = RESAMPLES) -> str:
    """The table in Markdown."""
    heads = [f"n = {seeds}" for seeds in SEEDS]
    lines = ["| runs | " + " | ".join(heads) + " |", "|---" * (1 + len(SEEDS)) + "|"]
    for kind in KINDS:
        cells = [_cell(coverage(kind, seeds, draws, resamples)) for seeds in SEEDS]
        lines.append(f"| {kind.words} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(found: Coverage) -> str:
    return f"{found.student:.2f}, {found.bootstrap:.2f}, **{found.ours:.2f}** ({found.width:.2f})"


def main() -> None:
    rows = table()
    text = re.sub(
        PLACE, lambda m: f"{m[1]}{rows}\n{m[2]}", PAGE.read_text(encoding="utf-8"), flags=re.S
    )
    with replacing(PAGE) as temporary:
        temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
