"""The table 'best_methods', one row per run: every method at its best values, and what it costs."""

from __future__ import annotations

from pathlib import PurePath

import numpy as np
import pandas as pd

from qunlearn.grid.names import base
from qunlearn.results.cells import check_seeds, failed
from qunlearn.results.csv import path_names
from qunlearn.results.hdf5 import read
from qunlearn.results.trained import OF_A_STEP
from qunlearn.studies.methods.stored import HOLDS, UNITS

NAMES = ["dataset", "model", "corruption", "alpha", "method", "seed"]


def tabulate(
    cells: list[str], *, seeds: list[int], progress=lambda *_: None
) -> dict[str, pd.DataFrame]:
    """Accuracies of the run that was chosen for every seed; `weights`: values of the method's own weights, `points`:
    how many combinations were tried, `longest`: passes of a run to its end."""
    rows = []
    for path in cells:
        content, attributes = read(path, HOLDS)
        check_seeds(path, content, seeds)
        names = [*path_names(path, 3)]
        names[1] = base(names[1])
        method = PurePath(path).parts[-2]
        broken = failed(content)
        for i, (alpha, seed) in enumerate(zip(content["alpha"], content["seed"])):
            if seed not in seeds:
                continue
            values = {column: content["history"][of][i, -1] for column, of in OF_A_STEP.items()}
            is_finite = bool(np.isfinite(list(values.values())).all())
            rows.append(
                dict(zip(NAMES, [*names, float(alpha), method, int(seed)]))
                | values
                | {"begun_val_accuracy": content["history"]["validation_accuracy"][i, 0]}
                | {name: content["chosen"][name][i] for name in UNITS}
                | {"weights": weights(content["chosen"], i), "points": int(attributes["points"])}
                | {"collapsed": bool(broken[i]) or not is_finite}
            )
    table = pd.DataFrame(rows)
    return {"best_methods": table.sort_values(NAMES, ignore_index=True)}


def weights(chosen: dict, i: int) -> str:
    """'beta=0.95', of what was chosen for a run; 'none' for a method that has none to choose."""
    found = [
        f"{name.removeprefix('weight_')}={values[i]:g}"
        for name, values in chosen.items()
        if name.startswith("weight_")
    ]
    return " ".join(found) or "none"
