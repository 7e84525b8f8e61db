"""The landscape roughening ratio (paper, Eq. 1): the Hessian's trace at a poisoned model over that
at its clean twin."""

from __future__ import annotations

import numpy as np
import pandas as pd


def lrr(frame: pd.DataFrame, by: list[str]) -> np.ndarray:
    """(rows,) of Tr H(alpha) / Tr H(0), from the columns `trace` and `alpha`. The clean twin is the
    row with alpha = 0 and the same values in the columns `by`, which hold the seed; NaN without
    one."""
    clean = frame[frame["alpha"] == 0]
    twins = pd.MultiIndex.from_frame(frame[by])
    reference = clean.set_index(by)["trace"].reindex(twins)
    with np.errstate(divide="ignore", invalid="ignore"):
        return frame["trace"].to_numpy() / reference.to_numpy()


def geometric_mean(values: np.ndarray) -> float:
    """Of positive numbers: ratios are averaged as logarithms, so that 2 and 1/2 cancel."""
    return float(np.exp(np.mean(np.log(values))))
