"""What kind of number a statistic of runs is, where its interval has to know.

Read while planning, by the declarations of claims: nothing heavy is imported here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np

#: A number of an array whose first axis is the seed.
Statistic = Callable[[np.ndarray], float]


#: Ends of the range of an accuracy, and of a correlation.
SHARE = (0.0, 1.0)
CORRELATION = (-1.0, 1.0)


@dataclass(frozen=True)
class Extreme:
    """The smallest ('min') or largest ('max') of several statistics; `parts(samples)` gives all of
    them, (parts,). None can lie outside `limits`."""

    which: str
    parts: Callable[[np.ndarray], np.ndarray]
    limits: tuple[float, float] = (-inf, inf)

    def __call__(self, samples: np.ndarray) -> float:
        found = self.parts(samples)
        return float(found.min() if self.which == "min" else found.max())


@dataclass(frozen=True)
class Within:
    """A number that cannot lie outside `limits`: neither does its interval."""

    of: Statistic
    limits: tuple[float, float]

    def __call__(self, samples: np.ndarray) -> float:
        return self.of(samples)


@dataclass(frozen=True)
class Positive:
    """A ratio or a scale: its interval is that of its logarithm."""

    of: Statistic

    def __call__(self, samples: np.ndarray) -> float:
        return self.of(samples)
