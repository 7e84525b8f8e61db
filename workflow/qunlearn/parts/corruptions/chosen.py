"""Flips that an attacker chooses: as many as random ones at every alpha, in both classes alike, of
other samples.

What an attacker looks at are features to which the phase of a state is hidden: real samples as they
are, states by their fidelities, density matrices by their overlaps Tr(rho rho').
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from qunlearn.parts.corruptions import Corruption, ranked_order


class ChosenFlipping(Corruption):
    """Base class of flips that begin where an attacker's scores are highest. A subclass defines `scores`.

    `scores(x, y, rng)` gives (N,) numbers, the highest of samples to be flipped first, for samples
    x (N, ...) with clean labels y (N,).
    """

    is_base: ClassVar[bool] = True
    must_define: ClassVar = (("scores",),)

    def scores(self, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        raise NotImplementedError

    def order(self, x, y, rng):
        """In one thread: small matrices need no more, and scores do not depend on how many."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            scores = self.scores(x, y, rng)
        return ranked_order(scores, y, rng)

    def twins(self, x, y, rng):
        return None, 1 - y


def overlaps(x: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(N, M) of how alike samples are: x.x' of real features, |<x|x'>|^2 of states, Tr(rho rho') of matrices."""
    rows, columns = x.reshape(len(x), -1), others.reshape(len(others), -1)
    products = rows.conj() @ columns.T
    if x.ndim == 2 and np.iscomplexobj(x):
        return np.abs(products) ** 2
    return products.real


def coordinates(x: np.ndarray, most: int) -> np.ndarray:
    """(N, r) features whose products are the overlaps of all pairs of samples: their r <= `most` principal ones."""
    values, vectors = np.linalg.eigh(overlaps(x, x))
    largest_first = np.arange(len(values))[::-1][:most]  # eigh gives the smallest first
    values = values[largest_first]
    vectors = vectors[:, largest_first]
    kept = values > 1e-10 * values[0]
    return vectors[:, kept] * np.sqrt(values[kept])
