"""Comparisons on disk: forget sets along the first axis of every array, copies along the second."""

from __future__ import annotations

from qunlearn.results.cells import check_seeds
from qunlearn.results.hdf5 import read, write
from qunlearn.results.provenance import provenance

#: What a file of comparisons holds.
HOLDS = ("alpha", "seed", "labels", "logits", "relearning", "parameters", "failed")
UNITS = {
    "logits": "logits; axes: forget sets, copies, samples",
    "relearning": "updates; axes: forget sets, copies",
    "parameters": "distance to a retrained model over that of the poisoned one",
    "observable": "the same of the observables read",
    "noise": "standard deviations of fresh noise",
}


def write_comparison(
    path, alpha: float, seeds: list[int], found: dict, settings: dict, device: str
) -> None:
    """What `compare` returns, of the forget sets of these seeds."""
    content = {"alpha": [alpha] * len(seeds), "seed": seeds, **found}
    units = {"labels": "class, 0 or 1, as poisoned, of the forget set"}
    for group, words in UNITS.items():
        for name, item in found.get(group, {}).items():
            parts = [f"{name}/{part}" for part in item] if isinstance(item, dict) else [name]
            units |= {f"{group}/{part}": words for part in parts}
    write(path, content, {**provenance(settings), "device": device}, units)


def read_comparison(path: str, seeds: list[int]) -> list[dict]:
    """What a file holds of each of its forget sets. Raises UserError where it lacks a seed that its name spells."""
    content, _ = read(path, HOLDS)
    check_seeds(path, content, seeds)
    return [_of_one(content, number) for number in range(len(content["seed"]))]


def _of_one(content: dict, number: int) -> dict:
    """An element of every array of nested dictionaries."""
    found = {}
    for name, item in content.items():
        found[name] = _of_one(item, number) if isinstance(item, dict) else item[number]
    return found
