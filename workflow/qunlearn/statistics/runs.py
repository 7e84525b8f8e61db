"""Numbers of independent runs as arrays whose first axis is the seed, from tidy tables.

Read while planning, by the declarations of claims: nothing heavy is imported here.
"""

from __future__ import annotations

import numpy as np

from qunlearn.lazy import pd

#: Unlearning steps that count as the end.
FINAL = 5


#: Axes along which runs are paired by seed, over the seeds that all have.
PAIRED = ("model", "role", "run_dataset", "phase", "pair", "architecture", "epochs")


class Missing(Exception):
    """The tables lack what a claim needs; the text says what."""


def cells(frame: pd.DataFrame, column: str, select: dict, axes: dict) -> np.ndarray:
    """Values of a column as an array (seeds, *axes): rows where `select` holds, axes with the
    values given.

    Row i belongs to the same seed everywhere: seeds are those that all models of the axes have, at
    all training times, for costly ones have fewer. Raises Missing where such a seed lacks one of the
    cells.
    """
    part = frame
    for name, value in select.items():
        part = part[part[name] == value]
    if part.empty:
        raise Missing(f"no rows with {_listed(select)}")
    axes = {"seed": _common_seeds(part, axes), **axes}
    index = pd.MultiIndex.from_product(axes.values(), names=list(axes))
    places = pd.MultiIndex.from_frame(part[index.names])
    values = pd.Series(part[column].to_numpy(), places)
    absent = index.difference(values.index)
    if len(absent):
        first = dict(zip(axes, absent[0]))
        raise Missing(f"no row with {_listed(first)}")
    shape = [len(along) for along in axes.values()]
    return values.reindex(index).to_numpy(float).reshape(shape)


def _common_seeds(part: pd.DataFrame, axes: dict) -> np.ndarray:
    """Seeds, sorted, that all combinations of values have, along axes that are paired by seed, which
    are there."""
    paired = [name for name in PAIRED if name in axes]
    common = set(part["seed"])
    if not paired:
        return np.array(sorted(common))
    for name in paired:
        part = part[part[name].isin(axes[name])]
    for _, rows in part.groupby(paired):
        common &= set(rows["seed"])
    return np.array(sorted(common))


def _listed(names: dict) -> str:
    """'seed 0, alpha 0.2'."""
    return ", ".join(f"{name} {value}" for name, value in names.items())


def dips(runs: np.ndarray) -> np.ndarray:
    """(methods,): how far each mean curve of (seeds, methods, steps) falls below both its start and
    its end."""
    curves = runs.mean(0)
    start = curves[:, 0]
    end = curves[:, -FINAL:].mean(1)
    return np.minimum(start, end) - curves.min(1)
