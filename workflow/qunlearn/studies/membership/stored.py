"""Audits on disk: logits of models and of retrains, cells along the first axis of every array."""

from __future__ import annotations

from qunlearn.results.cells import check_seeds
from qunlearn.results.hdf5 import read, write
from qunlearn.results.provenance import provenance

#: What a file of audits holds.
AUDIT = ("alpha", "seed", "labels", "models", "retrains", "failed")


def write_audit(path, cells, found: dict, settings: dict, device: str) -> None:
    """What `audit` returns, with `failed/models` (cells,) by name."""
    content = {
        "alpha": [cell.alpha for cell in cells],
        "seed": [cell.seed for cell in cells],
        **found,
    }
    units = {f"labels/{part}": "class, 0 or 1, as poisoned" for part in found["labels"]}
    units |= _units(found, "models", "cells, samples")
    units |= _units(found, "retrains", "cells, retrains, samples")
    write(path, content, {**provenance(settings), "device": device}, units)


def _units(found: dict, group: str, axes: str) -> dict[str, str]:
    units = {}
    for name, sets in found[group].items():
        units |= {f"{group}/{name}/{part}": f"logits; axes: {axes}" for part in sets}
    return units


def read_audit(path: str, seeds: list[int]) -> list[dict]:
    """What a file holds of each of its cells. Raises UserError where it lacks a seed that its name spells."""
    content, _ = read(path, AUDIT)
    check_seeds(path, content, seeds)
    return [_of_cell(content, i) for i in range(len(content["seed"]))]


def _of_cell(content: dict, i: int) -> dict:
    """Row `i` of every array of nested dictionaries."""
    found = {}
    for name, item in content.items():
        found[name] = _of_cell(item, i) if isinstance(item, dict) else item[i]
    return found
