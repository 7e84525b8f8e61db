"""Suspicion of training samples on disk: one file per block of cells at one corrupted fraction."""

from __future__ import annotations

from qunlearn.experiment.problem import Cell
from qunlearn.results.hdf5 import write
from qunlearn.results.provenance import provenance
from qunlearn.studies.detection.suspicion import Suspicion

#: What a file holds.
HOLDS = ("alpha", "seed", "scores", "accused", "poison", "diverged")


def write_suspicion(path, cells: list[Cell], found: Suspicion, settings: dict, device: str) -> None:
    """Scores (cells, N) of every training sample, and which of them are corrupted."""
    content = {
        "alpha": [cell.alpha for cell in cells],
        "seed": [cell.seed for cell in cells],
        "scores": found.scores,
        "accused": found.accused,
        "poison": found.poison,
        "diverged": found.failed,
    }
    units = {
        "accused": "what confident learning says is wrong",
        "poison": "which samples are corrupted; no score knows",
        **{f"scores/{name}": "higher is more suspicious" for name in found.scores},
    }
    write(path, content, {**provenance(settings), "device": device}, units)
