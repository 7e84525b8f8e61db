"""The table 'known', one row per run of a method that was told something."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qunlearn.results.cells import check_seeds
from qunlearn.results.csv import path_names
from qunlearn.results.hdf5 import read
from qunlearn.results.points import CELL
from qunlearn.results.trained import OF_A_STEP
from qunlearn.studies.known.stored import HOLDS

NAMES = [*CELL, "told", "share", "method"]
#: Column -> learning curve, where it was measured.
COLUMNS = OF_A_STEP | {"attack_success": "triggered_accuracy"}


def tabulate(
    cells: list[str], *, seeds: list[int], progress=lambda *_: None
) -> dict[str, pd.DataFrame]:
    """`told`: 'known', 'innocent' or 'itself', with the `share` of it; accuracies after unlearning,
    and before it (`begun_...`), of backdoors `attack_success` likewise; how right the accusation was
    (`precision`, `recall`)."""
    rows = []
    for path in cells:
        content, _ = read(path, HOLDS)
        check_seeds(path, content, seeds)
        names = path_names(path, 2)
        for i, (alpha, seed) in enumerate(zip(content["alpha"], content["seed"])):
            if seed in seeds:
                case = dict(zip(CELL, [*names, float(alpha), int(seed)]))
                rows += [case | row for row in _runs(content, i)]
    table = pd.DataFrame(rows)
    for column in ("attack_success", "begun_attack_success"):
        table[column] = table.get(column, np.nan)
    return {"known": table.sort_values(NAMES, ignore_index=True)}


def _runs(content: dict, i: int):
    """Of one model."""
    begun = {f"begun_{name}": value for name, value in _accuracies(content["begun"], i).items()}
    for words, by_method in content["ended"].items():
        told, _, share = words.partition("=")
        right = {name: float(content[name][words][i]) for name in ("precision", "recall")}
        for method, curves in by_method.items():
            ended = _accuracies(curves, i)
            is_finite = bool(np.isfinite([*begun.values(), *ended.values()]).all())
            names = {"told": told, "share": float(share or 1), "method": method}
            collapsed = {"collapsed": bool(content["diverged"][i]) or not is_finite}
            yield names | ended | begun | right | collapsed


def _accuracies(curves: dict, i: int) -> dict[str, float]:
    return {column: float(curves[name][i]) for column, name in COLUMNS.items() if name in curves}
