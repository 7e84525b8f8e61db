"""The tables 'scaling', one row per run, 'scaling_fits', one row per size, and 'scaling_exponents',
one row per dataset and what is scaled."""

from __future__ import annotations

import pandas as pd

from qunlearn.results.trained import trained_table
from qunlearn.studies.scaling.fits import rescaled, sized, transitions


def tabulate(
    data: list[str],
    cells: list[str],
    *,
    cases: list[dict],
    left_out: list[str],
    alphas,
    seeds,
    margin: float,
    confidence: float,
    resamples: int,
    progress=lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """Runs in the files `cells` of models on the datasets `data`, and the fits of their
    transitions.

    `cases` as for `fits.sized`; `left_out`: datasets of the study that have no size to scale, for
    the log; `margin` of a run at chance; `confidence` and number of `resamples` of intervals.
    """
    runs = sized(trained_table(cells, data, alphas, seeds, margin), cases)
    fits, exponents = transitions(runs, confidence, resamples)
    runs["rescaled_alpha"] = rescaled(runs, fits, exponents)
    resolved = int((fits["status"] == "resolved").sum())
    words = f"{resolved} of {len(fits)} transitions resolved"
    if left_out:
        words += f"; left out, for want of a size to scale: {', '.join(left_out)}"
    progress(1, words)
    return {"scaling": runs, "scaling_fits": fits, "scaling_exponents": exponents}
