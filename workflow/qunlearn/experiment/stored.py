"""What a job is told by its path, its parameters and its input files: a problem, its cells, and models of these that
were trained before."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.grid.blocks import parse_alpha
from qunlearn.results.cells import read_cells
from qunlearn.results.datasets import read_dataset


class Stored(NamedTuple):
    """`models`: (params, state), stacked over the `cells` of the `problem`; `failed` (cells,): whose
    training diverged."""

    problem: Problem
    cells: list[Cell]
    models: tuple[dict, dict]
    failed: np.ndarray


def read_problem(data: str, names, params, kind: type[Problem] = Problem, **options) -> Problem:
    """The problem of a job on the dataset in the file `data`.

    `names`: model and corruption, as a path spells them; `params`: the model's architecture, the
    seeds, and the corruption's options `poison`; `options` of a `kind` of problem of its own. Raises
    UserError where the file is damaged.
    """
    return kind(
        read_dataset(data),
        names.model,
        params.architecture,
        names.corruption,
        params.seeds,
        params.poison,
        **options,
    )


def cells_of(names, params) -> list[Cell]:
    """The cells of a job, by alpha, then by seed: of the alphas in its parameters, or of the one in its path."""
    alphas = params.alphas if "alphas" in params.keys() else [parse_alpha(names.alpha)]
    return [Cell(alpha, seed) for alpha in alphas for seed in params.seeds]


def read_models(data: str, trained: list[str], names, params) -> Stored:
    """The job's problem and cells, and the models of these that lie in the files `trained`. Raises UserError where a
    file is damaged or lacks a cell."""
    problem = read_problem(data, names, params)
    cells = cells_of(names, params)
    return Stored(problem, cells, *read_cells(trained, cells))
