"""Trained, unlearned and analysed models on disk, a block of cells per file: cells along the first axis of arrays."""

from __future__ import annotations

from pathlib import PurePath

import numpy as np

from qunlearn.results.hdf5 import read, write
from qunlearn.results.provenance import provenance
from qunlearn.runtime.errors import UserError

#: What a file of trained or unlearned cells holds.
CELLS = ("alpha", "seed", "params", "history", "diverged")
#: Adam's state, in a file of cells that keeps it: updates made, running means of the gradient and of its square.
ADAM = ("count", "m", "v")
#: Share of validation samples that each model answers with class 1, in files that know it.
ONES = "validation_ones"


def write_cells(
    path,
    cells,
    trained,
    diverged,
    settings: dict,
    device: str,
    keep_adam: bool = False,
    answers=None,
) -> None:
    """A trained (or unlearned) block: cells along the first axis of every array; `diverged` (cells,): failed;
    `keep_adam`: with Adam's memory; `answers`: on validation data (`experiment.answers`)."""
    content = {
        "alpha": [cell.alpha for cell in cells],
        "seed": [cell.seed for cell in cells],
        "params": trained.params,
        "state": trained.state,
        "history": trained.learning_curves,
        "diverged": diverged,
    }
    if keep_adam:
        content["adam"] = dict(zip(ADAM, trained.optimiser_state))
    if answers is not None:
        content[ONES] = answers.ones
    units = {"alpha": "corrupted fraction of the training set", "seed": "random seed"}
    units[ONES] = "share of validation samples answered with class 1 at the end"
    for name in trained.learning_curves:
        what = "mean binary cross-entropy, nats" if name.endswith("loss") else "fraction correct"
        if name.startswith("triggered"):
            what += ", the backdoor's target counting as correct"
        units[f"history/{name}"] = (
            f"{what}; axis 1: before the first epoch, then after every epoch, or every `record` epochs"
        )
    write(path, content, {**provenance(settings), "device": device}, units)


def write_landscape(
    path, cells, curvatures: dict, answers, diverged, settings: dict, device: str
) -> None:
    """Curvatures per evaluation set and cell, one array per quantity; `answers` on validation data."""
    content = {"alpha": [c.alpha for c in cells], "seed": [c.seed for c in cells]}
    content |= {"validation_accuracy": answers.accuracy, ONES: answers.ones, "diverged": diverged}
    units = {}
    for name, values in curvatures.items():
        content[name] = {field: [getattr(v, field) for v in values] for field in values[0]._fields}
        units |= {
            f"{name}/{field}": "loss in nats per squared parameter" for field in values[0]._fields
        }
    write(path, content, {**provenance(settings), "device": device}, units)


def failed(content: dict) -> np.ndarray:
    """(cells,) of whether each run of a file failed: its training diverged, or its output is constant."""
    diverged = np.asarray(content["diverged"], dtype=bool)
    if ONES not in content:
        return diverged
    return diverged | np.isin(content[ONES], (0, 1))


def spelt_seeds(path: str, seeds) -> list[int]:
    """Those of the seeds that a file's name spells: seed3.h5, or seed0-4.h5 for all from 0 to 4."""
    first, *rest = PurePath(path).stem.removeprefix("seed").split("-")
    last = int(rest[0]) if rest else int(first)
    return [seed for seed in seeds if int(first) <= seed <= last]


def check_seeds(path: str, content: dict, seeds: list[int]) -> None:
    """Raises UserError unless a file has, at each of its corrupted fractions, each of these seeds that its name spells,
    all of them equally often."""
    asked = spelt_seeds(path, seeds)
    cure = "Delete it and run the same command again."
    if asked and not len(content["alpha"]):
        raise UserError(f"{path} holds no run at all. {cure}")
    for alpha in np.unique(content["alpha"]):
        held = content["seed"][content["alpha"] == alpha].tolist()
        counts = {seed: held.count(seed) for seed in asked}
        most = max(counts.values(), default=0)
        wrong = [seed for seed, count in counts.items() if count == 0 or count != most]
        if wrong:
            raise UserError(
                f"{path} holds {counts[wrong[0]]} runs of seed {wrong[0]} at alpha {alpha:g}, where {most or 1} are "
                f"asked for. {cure}"
            )


def read_cells(paths, cells, adam: bool = False) -> tuple[tuple, np.ndarray]:
    """((params, state), diverged) of the given (alpha, seed) cells, in their order, from the files that hold them; with
    `adam`, its memory is a third part beside params and state where the files keep it."""
    import jax

    found = {}
    for path in paths:
        content, _ = read(path, CELLS)
        for i, key in enumerate(zip(content["alpha"].tolist(), content["seed"].tolist())):
            memory = (
                [tuple(content["adam"][name] for name in ADAM)]
                if adam and "adam" in content
                else []
            )
            part = (content["params"], content.get("state", {}), *memory), content["diverged"]
            found[key] = jax.tree.map(lambda a: a[i], part)  # noqa: B023
    missing = [cell for cell in cells if (cell.alpha, cell.seed) not in found]
    if missing:
        raise UserError(
            f"{', '.join(map(str, paths))} hold no cell {missing[0]}: delete them and run again."
        )
    return jax.tree.map(
        lambda *leaves: np.stack(leaves), *(found[cell.alpha, cell.seed] for cell in cells)
    )
