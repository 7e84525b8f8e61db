"""Models that answer from how like a sample is to each of those they were trained on: kernel machines and
neighbours.

The features of a sample are its likeness to every sample that may be trained on, computed once for all
models of a job.
"""

from __future__ import annotations

import numpy as np

from qunlearn.training.fitted import Fitted


class Compared(Fitted):
    """Base class; a subclass defines `likeness`. The state of a model is which samples it was trained on, rows (N,) of
    the pool 'train'."""

    def likeness(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """(n, m) of samples a (n, d) and b (m, d)."""
        raise NotImplementedError

    def encode(self, x):
        """(n, M): likeness of samples to all M known ones."""
        return self.likeness(super().encode(x), self.known)

    def encode_known(self, parts):
        """(M, M); not a number for twins of two seeds."""
        ends = np.cumsum([len(part) for part in parts])
        clean, *twins = [slice(end - len(part), end) for end, part in zip(ends, parts)]
        pairs = [(clean, clean)]
        for own in twins:
            pairs += [(own, own), (own, clean), (clean, own)]
        real = np.result_type(self.known, np.float32)  # samples may be whole numbers
        found = np.full((len(self.known), len(self.known)), np.nan, real)
        for rows, columns in pairs:
            found[rows, columns] = self.likeness(self.known[rows], self.known[columns])
        return found

    def training_features(self, pool, rows):
        return pool[np.ix_(rows, rows)]


def of_known(pool, rows, known):
    """(B, N) likeness of the pool's `rows` (B,), None for all, to the `known` samples (N,) of a model."""
    if rows is None:
        return pool[:, known]
    return pool[rows[:, None], known]


def likeness_held(source, samples: int, models: int) -> float:
    """Real numbers that a job of so many samples and models holds: of all pairs, as computed and on their way, and
    of each model before and after its fit what it sees of them, in single precision."""
    train, validation = source.sample_counts() or (samples, 0)
    return 4.0 * samples**2 + models * (train + validation) * train


def squared_lengths(rows: np.ndarray) -> np.ndarray:
    """(N,) squared Euclidean norms of rows (N, d)."""
    return (rows**2).sum(1)
