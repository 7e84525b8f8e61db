"""What a control changes: its number minus its base's, paired by seed, and whether the picture
stays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qunlearn.statistics.decision import CONTROLS, Decision
from qunlearn.statistics.intervals import share_at_most
from qunlearn.statistics.looks import Rule, judge
from qunlearn.statistics.multiplicity import judged_together
from qunlearn.statistics.runs import cells, dips
from qunlearn.studies.controls import Control

#: Of verdicts on the range in which the picture stays.
WORDS = {"reproduced": "picture stays", "not reproduced": "picture changes"}
ROLES = ["control", "base"]


def control_effects(
    table: pd.DataFrame,
    controls: list[Control],
    alpha: float,
    within: float,
    rule: Rule,
) -> pd.DataFrame:
    """One row per control, dataset and model, in the form of `Decision`: the difference at `alpha`,
    and whether the picture stays, that is whether the whole interval is within +-`within`."""
    bounds = {"above": -within, "below": within}
    rows = []
    for control in controls:
        frame = rows_of(table, control, alpha)
        samples, statistic, words, axes = decisive_number(frame, control)

        def difference(runs, statistic=statistic):
            new, old = statistic(runs)
            return new - old

        found = judge(samples, difference, bounds, rule)
        new, old = statistic(samples[: found.seeds])
        flags = cells(
            frame.assign(collapsed=frame["collapsed"].astype(float)), "collapsed", {}, axes
        )
        failed = int(flags[: found.seeds].reshape(found.seeds, -1).any(axis=1).sum())
        row = found._asdict() | {"verdict": WORDS.get(found.verdict, found.verdict)}
        row = Decision(
            claim=control.name,
            sentence=f"Control: {control.name}.",
            section=CONTROLS,
            dataset=control.base.dataset,
            model=control.base.model,
            quantity=f"{words}, control - base, α = {alpha:g}",
            remark=f"{old:.3f} -> {new:.3f}",
            failed=failed,
            failed_at_most=share_at_most(failed, found.seeds, rule.confidence),
            runs=" ".join("/".join(runs[:3]) for runs in (control.base, control.run)),
            **bounds,
            **row,
        )
        rows.append(row)
    return judged_together(pd.DataFrame(rows, columns=Decision._fields), rule.confidence)


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
    """(samples, statistic, words, axes): runs with axes (seed, role, ...), and a function of them
    that gives a number for the control and one for its base."""
    axes = {"role": ROLES}
    if control.against == "step":
        axes["step"] = np.sort(frame["step"].unique())
        samples = cells(frame, "val_accuracy", {}, axes)
        return samples, dips, "depth of the dip while unlearning", axes
    samples = cells(frame, "val_accuracy", {}, axes)
    return samples, mean_over_seeds, "validation accuracy", axes


def mean_over_seeds(runs: np.ndarray) -> np.ndarray:
    return runs.mean(0)
