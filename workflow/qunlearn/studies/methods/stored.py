"""Models that a search has found, on disk: trained cells, with what was chosen for each."""

from __future__ import annotations

from qunlearn.results.cells import CELLS, ONES
from qunlearn.results.hdf5 import write
from qunlearn.results.provenance import provenance

#: What a file of found models holds.
HOLDS = (*CELLS, "chosen")
UNITS = {
    "learning_rate": "Adam's learning rate",
    "step": "unlearning steps, 1 for a method without a loop",
    "updates": "updates until that step",
    "passes": "samples sent through the model and back until then, over the training set",
    "longest": "the same of a whole run",
    "seconds": "of a whole run of one model, without compilation",
}


def write_found(path, cells, found, diverged, settings: dict, device: str, answers) -> None:
    """What `search` returns; `diverged` (cells,): failed before; `answers`: on validation data."""
    content = {
        "alpha": [cell.alpha for cell in cells],
        "seed": [cell.seed for cell in cells],
        "params": found.done.params,
        "state": found.done.state,
        "history": found.done.learning_curves,
        "diverged": diverged,
        "chosen": found.chosen,
        ONES: answers.ones,
    }
    units = {f"chosen/{name}": words for name, words in UNITS.items()}
    for name in found.done.learning_curves:
        is_loss = name.endswith("loss")
        words = "mean binary cross-entropy, nats" if is_loss else "fraction correct"
        units[f"history/{name}"] = f"{words}; axis 1: before and after"
    more = {"points": found.points, "device": device}
    write(path, content, {**provenance(settings), **more}, units)
