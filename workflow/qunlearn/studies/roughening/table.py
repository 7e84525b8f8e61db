"""The table 'roughening', one row per trained model."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qunlearn.results.points import CELL, read_points
from qunlearn.statistics.collapse import RUN, mark_collapsed
from qunlearn.statistics.roughening import lrr, matched

#: 'own': samples and labels that the model learned from; 'clean': the same training set without its
#: poison, so that all models are looked at on the same labels; 'validation': clean samples that
#: none has seen.
SETS = ("own", "clean", "validation")
MEASURED = [f"{what}_{part}" for part in SETS for what in ("loss", "trace")]
RATIOS = [f"lrr_{part}" for part in SETS]


def tabulate(
    data: list[str], cells: list[str], *, trainings, seeds, margin: float, progress=None
) -> dict[str, pd.DataFrame]:
    """Losses, traces and ratios of the files `cells`, whose models learned from the datasets
    `data`; `margin` of a run at chance.

    `trainings`: model -> (architecture, epochs) of those trained for several numbers of epochs;
    others are their own architecture, without epochs. `lrr_own`: each model's trace on what it
    learned from over that of its clean twin of the same seed (Eq. 1); `lrr_clean`,
    `lrr_validation`: both traces on the same samples with the same, clean labels; `lrr_matched`:
    as `lrr_own`, over a clean model of the same architecture and seed stopped at the same training
    loss; `fall`: validation accuracy that the clean twin has and the model has not.
    """
    rows = []
    for names, found, outcome in read_points(cells, seeds):
        values = {f"{what}_{part}": found[part][what] for part in SETS for what in found[part]}
        architecture, epochs = trainings.get(names["model"], (names["model"], np.nan))
        rows.append(names | {"architecture": architecture, "epochs": epochs} | values | outcome)
    table = pd.DataFrame(rows).sort_values(CELL, ignore_index=True)
    for part in SETS:
        traces = table[["alpha", *RUN]].assign(trace=table[f"trace_{part}"])
        table[f"lrr_{part}"] = lrr(traces, RUN)
    table["lrr_matched"] = np.nan
    along = table[table["epochs"].notna()]
    for _, runs in along.groupby(["dataset", "architecture", "corruption", "seed"]):
        table.loc[runs.index, "lrr_matched"] = matched(
            runs["alpha"].to_numpy(), runs["loss_own"].to_numpy(), runs["trace_own"].to_numpy()
        )
    clean = table[table["alpha"] == 0].set_index(RUN)["val_accuracy"]
    twins = pd.MultiIndex.from_frame(table[RUN])
    table["fall"] = clean.reindex(twins).to_numpy() - table["val_accuracy"]
    table = mark_collapsed(table, MEASURED, data, margin)
    columns = [*CELL, "architecture", "epochs", *MEASURED, *RATIOS, "lrr_matched"]
    return {"roughening": table[[*columns, "val_accuracy", "fall", "collapsed"]]}
