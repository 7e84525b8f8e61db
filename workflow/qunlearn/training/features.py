"""Raw samples as real features, the form in which classical models see them."""

from __future__ import annotations

from collections.abc import Iterable
from math import isqrt

import numpy as np


def real_features(x: np.ndarray) -> np.ndarray:
    """Rows (N, d) as they are, or for complex ones [Re x, Im x], (N, 2 d); matrices (N, d, d) are
    written out row by row."""
    rows = x.reshape(len(x), -1)
    return np.concatenate([rows.real, rows.imag], axis=1) if np.iscomplexobj(rows) else rows


def reduced_features(x: np.ndarray, qubits: int) -> np.ndarray:
    """(N, 4^k) real coordinates of the density matrices of the last k = `qubits` qubits (of all,
    where there are fewer), of state vectors (N, d), padded to a power of two, or of density
    matrices (N, 2^L, 2^L).

    Coordinates are the diagonal and sqrt(2) times the real and the imaginary parts above it, so that
    the product of two rows is Tr(rho rho'). The phase of a state does not enter them.
    """
    rho = _reduced(x, qubits)  # (N, 2^k, 2^k)
    diagonal = np.diagonal(rho, axis1=1, axis2=2).real
    above = np.triu_indices(rho.shape[1], 1)
    entries = np.sqrt(2) * rho[:, *above]
    return np.concatenate([diagonal, entries.real, entries.imag], axis=1)


def _reduced(x: np.ndarray, qubits: int) -> np.ndarray:
    """(N, 2^k, 2^k) density matrices of the last k qubits."""
    register = max(1, (x.shape[1] - 1).bit_length())
    inside = 2 ** min(qubits, register)
    outside = 2**register // inside
    if x.ndim == 3:
        rho = x.reshape(-1, outside, inside, outside, inside)
        return np.trace(rho, axis1=1, axis2=3)
    missing = 2**register - x.shape[1]
    psi = np.pad(x, ((0, 0), (0, missing)))
    psi = psi.reshape(-1, outside, inside)
    return psi.transpose(0, 2, 1) @ psi.conj()


def columns_in_use(features: Iterable[np.ndarray]) -> np.ndarray:
    """Indices of the columns that are not zero in every row of every array.

    A column that is zero throughout carries no signal and gets no gradient, so leaving it out is
    exact.
    """
    used = np.zeros(1, dtype=bool)
    for array in features:
        used = used | np.any(array != 0, axis=0)
    return np.flatnonzero(used)


def only(columns: np.ndarray, features: np.ndarray) -> np.ndarray:
    """These columns of features (N, d), indices in rising order; no copy where they are all."""
    return features if len(columns) == features.shape[1] else features[:, columns]


def square_side(width: int) -> int | None:
    """Side of the square image with so many pixels; None where there is none."""
    side = isqrt(width)
    return side if side * side == width else None
