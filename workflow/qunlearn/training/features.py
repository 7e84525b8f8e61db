"""Raw samples as real features, the form in which classical models see them."""

from __future__ import annotations

from math import isqrt

import numpy as np


def real_features(x: np.ndarray) -> np.ndarray:
    """Rows (N, d) as they are, or for complex ones [Re x, Im x], (N, 2 d); matrices (N, d, d) are
    written out row by row."""
    rows = x.reshape(len(x), -1)
    return np.concatenate([rows.real, rows.imag], axis=1) if np.iscomplexobj(rows) else rows


def columns_in_use(features: list[np.ndarray]) -> np.ndarray:
    """Indices of the columns that are not zero in every row of every array.

    A column that is zero throughout carries no signal and gets no gradient, so leaving it out is
    exact.
    """
    used = np.zeros(features[0].shape[1], dtype=bool)
    for array in features:
        used |= np.any(array != 0, axis=0)
    return np.flatnonzero(used)


def square_side(width: int) -> int | None:
    """Side of the square image with so many pixels; None where there is none."""
    side = isqrt(width)
    return side if side * side == width else None
