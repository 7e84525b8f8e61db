"""The landscape roughening ratio (paper, Eq. 1): the Hessian's trace at a poisoned model over that
at its clean twin."""

from __future__ import annotations

from typing import Literal

import numpy as np

from qunlearn.lazy import pd

#: Trace at a ReLU network whose last layer is dead: p = 1/2 whatever the input, and the output bias
#: alone moves the logit, l''(0) = 1/4. The authors remove runs with a trace within this of it.
DEAD_TRACE, DEAD_MARGIN = 0.25, 0.01


def lrr(
    frame: pd.DataFrame,
    by: list[str],
    ratio: Literal["paired", "of_means"] = "paired",
    drop_dead: bool = False,
) -> np.ndarray:
    """(rows,) of Tr H(alpha) / Tr H(0), from the columns `trace` and `alpha`.

    'paired': over the clean twin, the row with alpha = 0 and the same values in the columns `by`,
    which hold the seed; NaN without one. 'of_means', the authors': over the mean of the clean rows
    of all seeds. With `drop_dead`, rows that are `dead` have no ratio, and enter no mean.
    """
    trace = frame["trace"].astype(float)
    if drop_dead:
        trace = trace.mask(dead(frame))
    clean = frame.assign(trace=trace)[frame["alpha"] == 0]
    if ratio == "of_means":
        by = [name for name in by if name != "seed"]
        clean = clean.groupby(by, as_index=False)["trace"].mean()
    twins = pd.MultiIndex.from_frame(frame[by])
    reference = clean.set_index(by)["trace"].reindex(twins)
    with np.errstate(divide="ignore", invalid="ignore"):
        return trace.to_numpy() / reference.to_numpy()


def dead(frame: pd.DataFrame) -> np.ndarray:
    """(rows,) of whether a trace is that of a dead network."""
    return np.abs(frame["trace"].to_numpy(float) - DEAD_TRACE) < DEAD_MARGIN


def geometric_mean(values: np.ndarray) -> float:
    """Of positive numbers: ratios are averaged as logarithms, so that 2 and 1/2 cancel."""
    return float(np.exp(np.mean(np.log(values))))


def matched(alphas: np.ndarray, losses: np.ndarray, traces: np.ndarray) -> np.ndarray:
    """(runs,) of Tr H over Tr H of a clean model at the same training loss, for runs of one
    architecture and seed that were trained for different times: at each poisoned run's loss the
    clean runs' trace is interpolated, log against log.

    NaN for clean runs, where no clean runs lie on both sides of a loss, and for a trace or a loss
    that is not positive.
    """
    found = np.full(len(alphas), np.nan)
    usable = (losses > 0) & (traces > 0) & np.isfinite(losses) & np.isfinite(traces)
    clean = np.flatnonzero(usable & (alphas == 0))
    poisoned = np.flatnonzero(usable & (alphas > 0))
    if len(clean) < 2:
        return found
    clean = clean[np.argsort(losses[clean])]
    reference = np.interp(
        np.log(losses[poisoned]),
        np.log(losses[clean]),
        np.log(traces[clean]),
        left=np.nan,
        right=np.nan,
    )
    found[poisoned] = traces[poisoned] / np.exp(reference)
    return found
