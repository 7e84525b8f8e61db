"""What unlearning with imperfect knowledge found, on disk: a file per block of cells."""

from __future__ import annotations

from qunlearn.experiment.stored import Stored
from qunlearn.results.hdf5 import write
from qunlearn.results.provenance import provenance
from qunlearn.studies.known.sweep import Found

#: What a file holds.
HOLDS = ("alpha", "seed", "begun", "ended", "precision", "recall", "diverged")
UNITS = {
    "begun": "accuracies of the poisoned models",
    "ended": "accuracies after unlearning, by what it was told and by method",
    "precision": "share of the accused that is corrupted",
    "recall": "share of the corrupted that is accused",
    "diverged": "the poisoned model's training failed",
}


def write_found(path, poisoned: Stored, found: Found, settings: dict, device: str) -> None:
    """What `sweep` returns."""
    content = {
        "alpha": [cell.alpha for cell in poisoned.cells],
        "seed": [cell.seed for cell in poisoned.cells],
        "diverged": poisoned.failed,
        **found._asdict(),
    }
    write(path, content, {**provenance(settings), "device": device}, UNITS)
