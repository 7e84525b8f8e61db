"""The table 'landscape', one row per trained model and evaluation set."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from qunlearn.results.cells import check_seeds, failed
from qunlearn.results.csv import path_names
from qunlearn.results.hdf5 import read
from qunlearn.statistics.collapse import mark_collapsed
from qunlearn.statistics.roughening import dead, lrr

RUN = ["dataset", "model", "corruption", "alpha", "seed", "eval_set"]
#: What a poisoned model shares with its clean twin.
TWINS = ["dataset", "model", "corruption", "seed", "eval_set"]
SETS = ("train", "validation")
CURVATURES = ["trace", "gauss_newton", "residual", "top_eigenvalue"]


def tabulate(
    *,
    data: list[str],
    cells: list[str],
    seeds: list[int],
    margin: float,
    ratio: str = "paired",
    drop_dead: bool = False,
    progress=lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """Curvature at every model of the files `cells`, whose models learned from the datasets `data`,
    with LRR = Tr H / Tr H(alpha = 0) (Eq. 1), `ratio` and `drop_dead` as for
    `statistics.roughening.lrr`; `margin` of a run at chance. Where dead runs are dropped, the
    column `dropped` tells them."""
    rows = []
    for path in cells:
        rows += _rows(path, seeds)
    table = pd.DataFrame(rows).sort_values(RUN, ignore_index=True)
    ratios = lrr(table, TWINS)
    table = mark_collapsed(table.assign(lrr=ratios), ["trace", "lrr"], data, margin)
    columns = [*RUN, *CURVATURES, "lrr", "val_accuracy", "collapsed"]
    if drop_dead:
        table["dropped"] = dead(table)
        columns.append("dropped")
    if drop_dead or ratio != "paired":
        table["lrr"] = lrr(table, TWINS, ratio, drop_dead)
    return {"landscape": table[columns]}


def _rows(path: str, seeds: list[int]) -> Iterator[dict]:
    """Rows of one file's models of these seeds; `collapsed` says so far which of them failed by
    themselves."""
    content, _ = read(path, ("alpha", "seed", "diverged", *SETS))
    check_seeds(path, content, seeds)
    collapsed = failed(content)
    dataset, model, corruption = path_names(path, 2)
    for i, seed in enumerate(content["seed"]):
        if seed not in seeds:
            continue
        for part in SETS:
            yield {
                "dataset": dataset,
                "model": model,
                "corruption": corruption,
                "alpha": content["alpha"][i],
                "seed": seed,
                "eval_set": part,
                **{name: content[part][name][i] for name in CURVATURES},
                "val_accuracy": content["validation_accuracy"][i],
                "collapsed": collapsed[i],
            }
