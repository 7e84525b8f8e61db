"""What a control changes: its number minus its base's, paired by seed, and whether the picture
stays."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from qunlearn.statistics.decision import CONTROLS, Decision
from qunlearn.statistics.intervals import estimate, share_at_most
from qunlearn.statistics.multiplicity import judged_together, seeds_needed, smallest_level
from qunlearn.statistics.runs import cells, dips
from qunlearn.statistics.verdicts import firm, verdict
from qunlearn.studies.controls import Control

#: Of verdicts on the range in which the picture stays.
WORDS = {"reproduced": "picture stays", "not reproduced": "picture changes"}
ROLES = ["control", "base"]


def control_effects(
    table: pd.DataFrame,
    controls: list[Control],
    alpha: float,
    within: float,
    confidence: float,
    resamples: int,
) -> pd.DataFrame:
    """One row per control, dataset and model, in the form of `Decision`: the difference at `alpha`,
    and whether the picture stays, that is whether the whole interval is within +-`within`."""
    bounds = {"above": -within, "below": within}
    rows = []
    for control in controls:
        frame = rows_of(table, control, alpha)
        samples, statistic, words = decisive_number(frame, control)

        def difference(runs, statistic=statistic):
            new, old = statistic(runs)
            return new - old

        effect = estimate(samples, difference, resamples)
        low, high = effect.interval(confidence) if effect else (math.nan, math.nan)
        new, old = statistic(samples)
        failed = int(frame.groupby("seed")["collapsed"].any().sum())
        found = verdict(low, high, **bounds)
        row = Decision(
            claim=control.name,
            sentence=f"Control: {control.name}.",
            section=CONTROLS,
            dataset=control.base.dataset,
            model=control.base.model,
            quantity=f"{words}, control - base, α = {alpha:g}",
            seeds=len(samples),
            value=float(new - old),
            low=low,
            high=high,
            remark=f"{old:.3f} -> {new:.3f}",
            verdict=WORDS.get(found, found),
            firm=firm(low, high, bounds),
            failed=failed,
            failed_at_most=share_at_most(failed, len(samples), confidence),
            level=math.nan if math.isnan(low) else smallest_level(effect, bounds),
            seeds_needed=seeds_needed(len(samples), new - old, (low, high), bounds),
            **bounds,
        )
        rows.append(row)
    return judged_together(pd.DataFrame(rows, columns=Decision._fields), confidence)


def rows_with(frame: pd.DataFrame, values: dict) -> pd.DataFrame:
    """Rows that have all these values, by column."""
    for column, value in values.items():
        frame = frame[frame[column] == value]
    return frame


def rows_of(table: pd.DataFrame, control: Control, alpha: float) -> pd.DataFrame:
    """Rows of a control and of its base at one alpha; of long trainings their ends."""
    wanted = {
        "control": control.name,
        "dataset": control.base.dataset,
        "model": control.base.model,
        "alpha": alpha,
    }
    frame = rows_with(table, wanted)
    if control.against != "updates":
        return frame
    ends = frame.groupby("role")["updates"].transform("max")
    return frame[frame["updates"] == ends]


def decisive_number(frame: pd.DataFrame, control: Control) -> tuple:
    """(samples, statistic, words): runs with axes (seed, role, ...), and a function of them that
    gives a number for the control and one for its base."""
    axes = {"role": ROLES}
    if control.against == "step":
        axes["step"] = np.sort(frame["step"].unique())
        samples = cells(frame, "val_accuracy", {}, axes)
        return samples, dips, "depth of the dip while unlearning"
    samples = cells(frame, "val_accuracy", {}, axes)
    return samples, mean_over_seeds, "validation accuracy"


def mean_over_seeds(runs: np.ndarray) -> np.ndarray:
    return runs.mean(0)
