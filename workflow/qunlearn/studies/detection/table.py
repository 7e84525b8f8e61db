"""The table 'detection', one row per model and score."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from qunlearn.results.cells import check_seeds
from qunlearn.results.csv import path_names
from qunlearn.results.hdf5 import read
from qunlearn.results.points import CELL
from qunlearn.studies.detection.stored import HOLDS

#: The score whose method also says how many samples are wrong.
ACCUSES = "cross_validation"


def tabulate(
    cells: list[str], *, seeds: list[int], progress=lambda *_: None
) -> dict[str, pd.DataFrame]:
    """Of every run and score the area under the ROC curve (`auroc`, 1/2 for a coin) and the
    `precision` among as many samples as are corrupted (alpha for a coin). Of confident learning also
    how many samples it accuses, and which share of these is corrupted, and of the corrupted accused."""
    rows = []
    for path in cells:
        content, _ = read(path, HOLDS)
        check_seeds(path, content, seeds)
        names = path_names(path, 2)
        for i, (alpha, seed) in enumerate(zip(content["alpha"], content["seed"])):
            if seed not in seeds:
                continue
            case = dict(zip(CELL, [*names, alpha, seed]))
            poison = np.asarray(content["poison"][i], bool)
            accused = np.asarray(content["accused"][i], bool)
            for score, values in content["scores"].items():
                row = case | {"score": score} | found(values[i], poison)
                if score == ACCUSES:
                    row |= against(accused, poison)
                rows.append(row | {"collapsed": bool(content["diverged"][i])})
    table = pd.DataFrame(rows)
    return {"detection": table.sort_values([*CELL, "score"], ignore_index=True)}


def found(score: np.ndarray, poison: np.ndarray) -> dict[str, float]:
    """How well a score (N,) ranks the corrupted samples; of scores that are not numbers nothing."""
    if not np.isfinite(score).all():
        return {"auroc": np.nan, "precision": np.nan}
    count = int(poison.sum())
    highest = np.argsort(-score, kind="stable")[:count]
    return {"auroc": roc_auc_score(poison, score), "precision": float(poison[highest].mean())}


def against(accused: np.ndarray, poison: np.ndarray) -> dict[str, float]:
    """Samples accused, both (N,) of bool, against those that are corrupted."""
    both = int((accused & poison).sum())
    return {
        "accused": int(accused.sum()),
        "accused_precision": both / accused.sum() if accused.any() else np.nan,
        "accused_recall": both / poison.sum(),
    }
