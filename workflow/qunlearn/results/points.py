"""Landscape analyses of single trained models on disk: one group per cell."""

from __future__ import annotations

from collections.abc import Iterator

from qunlearn.results.cells import ONES, check_seeds, failed
from qunlearn.results.csv import path_names
from qunlearn.results.hdf5 import read, write
from qunlearn.results.provenance import provenance

#: Names of a cell in a table.
CELL = ["dataset", "model", "corruption", "alpha", "seed"]
#: What a file of analyses holds.
POINTS = ("alpha", "seed", "validation_accuracy", "diverged", "cells")


def write_points(
    path, cells, found: list[dict], answers, diverged, settings: dict, device: str
) -> None:
    """What was found at each cell's trained model; its `answers` on validation data, and `diverged`
    (cells,)."""
    content = {
        "alpha": [cell.alpha for cell in cells],
        "seed": [cell.seed for cell in cells],
        "validation_accuracy": answers.accuracy,
        ONES: answers.ones,
        "diverged": diverged,
        "cells": {f"{i:04d}": result for i, result in enumerate(found)},
    }
    write(path, content, {**provenance(settings), "device": device})


def read_points(paths: list[str], seeds: list[int]) -> Iterator[tuple[dict, dict, dict]]:
    """Of every cell with one of these seeds: the names that a table gives it (CELL); what was
    found; and its validation accuracy, `val_accuracy`, and whether it failed, `collapsed`."""
    for path in paths:
        content, _ = read(path, POINTS)
        check_seeds(path, content, seeds)
        collapsed = failed(content)
        for i, (alpha, seed) in enumerate(zip(content["alpha"], content["seed"])):
            if seed not in seeds:
                continue
            names = dict(zip(CELL, [*path_names(path, 2), alpha, seed]))
            outcome = {
                "val_accuracy": content["validation_accuracy"][i],
                "collapsed": collapsed[i],
            }
            yield names, content["cells"][f"{i:04d}"], outcome
