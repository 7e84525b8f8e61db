"""The poisoned models of a block of cells, as the jobs of studies read them from files."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.grid.blocks import parse_alpha
from qunlearn.results.cells import read_cells
from qunlearn.results.datasets import read_dataset


class Poisoned(NamedTuple):
    """`models`: (params, state), stacked over the `cells` of the `problem`; `failed` (cells,): whose
    training diverged."""

    problem: Problem
    cells: list[Cell]
    models: tuple[dict, dict]
    failed: np.ndarray


def read_poisoned(
    data: str, trained: list[str], names, params, alphas: list[float] | None = None
) -> Poisoned:
    """Those that lie in the files `trained`, and their dataset in the file `data`.

    `names`: model, corruption and, where `alphas` are not given, alpha, as a path spells them;
    `params`: the model's architecture, the seeds, and the corruption's options `poison`. Raises
    UserError where a file is damaged or lacks a cell.
    """
    problem = Problem(
        read_dataset(data),
        names.model,
        params.architecture,
        names.corruption,
        params.seeds,
        params.poison,
    )
    alphas = [parse_alpha(names.alpha)] if alphas is None else alphas
    cells = [Cell(alpha, seed) for alpha in alphas for seed in params.seeds]
    models, failed = read_cells(trained, cells)
    return Poisoned(problem, cells, models, failed)
