"""The table 'cost', one row per unlearning run."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from qunlearn.results.trained import (
    UNLEARNING_RUN,
    last_steps,
    unlearned_table,
    with_retrained,
)

#: What names a measurement, which all seeds share.
MEASURED = ["dataset", "model", "corruption", "alpha", "method"]
#: What a measurement gives per step.
PER_STEP = ("updates", "retain_passes", "forget_passes", "seconds")
SPENT = [
    "steps",
    "updates",
    "retain_passes",
    "forget_passes",
    "teacher_passes",
    "passes",
    "seconds",
    "device",
]
REACHED = [
    "val_accuracy",
    "retrain_val_accuracy",
    "steps_to_retrain",
    "passes_to_retrain",
    "collapsed",
]


def tabulate(
    costs: list[str], cells: list[str], *, seeds, progress=lambda *_: None
) -> dict[str, pd.DataFrame]:
    """What each unlearning run spent, and the first step at which its validation accuracy is at
    least the one that retraining of the same seed ends at (empty where that is never reached).

    Passes are samples going forward through the network (`measure`): of the retain set, of the
    forget set, once through the poisoned model, and their sum. Seconds are of updates alone,
    measured on `device`. `costs`: files of measurements; `cells`: files of unlearned models.
    """
    unlearned = unlearned_table(cells, seeds)
    table = with_retrained(unlearned, unlearned)
    table = table.merge(measurements(costs), on=MEASURED)
    reached = table["val_accuracy"] >= table["retrain_val_accuracy"]
    first = table[reached].groupby(UNLEARNING_RUN)["step"].min()
    table = last_steps(table).set_index(UNLEARNING_RUN)
    table["steps_to_retrain"] = first
    table = table.reset_index().rename(columns={"step": "steps"})
    table = summed(table)[[*UNLEARNING_RUN, *SPENT, *REACHED]]
    return {"cost": table.sort_values(UNLEARNING_RUN, ignore_index=True)}


def measurements(costs: list[str]) -> pd.DataFrame:
    """A row per model and method: what one step costs."""
    rows = []
    for path in costs:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        for method, cost in found["methods"].items():
            rows.append(found["case"] | {"device": found["device"], "method": method} | cost)
    return pd.DataFrame(rows)


def summed(table: pd.DataFrame) -> pd.DataFrame:
    """Costs of all steps, and of those up to retraining's accuracy, from those of one step."""
    for name in PER_STEP:
        table[name] *= table["steps"]
    teacher = table["teacher_passes"]
    passes = table["retain_passes"] + table["forget_passes"]
    per_step = passes / table["steps"]
    table["passes"] = passes + teacher
    table["passes_to_retrain"] = teacher + per_step * table["steps_to_retrain"]
    return table
