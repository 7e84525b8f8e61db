"""The table 'scrub', one row per step of every run by every form of scrub."""

from __future__ import annotations

from pathlib import PurePath

import numpy as np
import pandas as pd

from qunlearn.grid.names import base
from qunlearn.results.cells import CELLS
from qunlearn.results.csv import path_names
from qunlearn.results.hdf5 import read
from qunlearn.results.trained import UNLEARNING_RUN, asked_cells, unlearned_table

ORDER = [*UNLEARNING_RUN, "step"]


def tabulate(
    cells: list[str], *, seeds: list[int], rewound: str, progress=lambda *_: None
) -> dict[str, pd.DataFrame]:
    """As 'unlearning', with accuracy on clean samples set aside, and for the method `rewound` in
    the column of that name whether a step is the one that it rewinds to."""
    table = unlearned_table(cells, seeds)
    aside = pd.concat([set_aside_of(path, seeds) for path in cells])
    table = table.merge(aside, on=ORDER)
    table = table.assign(rewound=False)
    for _, run in table[table["method"] == rewound].groupby(UNLEARNING_RUN):
        accuracies = run["forget_accuracy"].to_numpy(), run["set_aside_accuracy"].to_numpy()
        table.loc[run.index[rewind(*accuracies)], "rewound"] = True
    table = table.assign(model=table["model"].map(base))
    return {"scrub": table.sort_values(ORDER, ignore_index=True)}


def set_aside_of(path: str, seeds: list[int]) -> pd.DataFrame:
    """Accuracy on clean samples set aside of the runs of a file."""
    content, _ = read(path, CELLS)
    curves = content["history"]["set_aside_accuracy"]
    names = [*path_names(path, 3)]
    method = PurePath(path).parts[-2]
    parts = []
    for i, alpha, seed in asked_cells(path, content, content["alpha"], seeds):
        run = dict(zip(UNLEARNING_RUN, [*names, alpha, method, seed]))
        steps = np.arange(curves.shape[1])
        frame = pd.DataFrame({"set_aside_accuracy": curves[i]}).assign(**run, step=steps)
        parts.append(frame)
    return pd.concat(parts)


def rewind(forget: np.ndarray, unseen: np.ndarray) -> int:
    """The step that SCRUB+R rewinds to, from accuracies (steps + 1,) on forgotten samples, with
    clean labels, and on samples of the same classes that were never read.

    Of all steps but the start the latest at which the first is nearest to what the second ends at:
    who never saw the forgotten samples is as accurate on them as on others (Kurmanji et al.,
    arXiv:2302.09880, Sec. 3.2). The choice is made from recorded accuracies, after the fact; no
    parameters are kept of it.
    """
    distance = np.abs(forget[1:] - unseen[-1])
    distance = np.where(np.isfinite(distance), distance, np.inf)
    is_nearest = distance <= distance.min() + 1e-9
    return 1 + int(np.flatnonzero(is_nearest)[-1])
