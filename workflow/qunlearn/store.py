"""Results on disk: HDF5 with attributes that say where they came from, written whole or not at all.

Every file is written under a temporary name and renamed, so that a file that exists is complete. Arrays and the file's
own structure carry checksums: what was damaged is reported by name, never taken for data. No pickles.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import h5py
import numpy as np

from .data import Dataset
from .errors import UserError

PACKAGES = ("jax", "jaxlib", "numpy", "scipy", "optax", "h5py", "scikit-learn", "tensorcircuit-ng", "snakemake")


#: Attributes that say where a file came from; data files name no device.
ORIGIN = ("git_revision", "python", "device", "versions")
#: What a file of scanned weights holds.
SCAN = ("alpha", "seed", "weights", "final", "diverged")
#: Adam's memory, in a file of cells that keeps it: updates made, running means of the gradient and of its square.
ADAM = ("count", "m", "v")
#: What a file of audited models holds.
AUDIT = ("alpha", "seed", "labels", "models", "retrains", "failed")
#: What a file of trained or unlearned cells holds.
CELLS = ("alpha", "seed", "params", "history", "diverged")


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well, and vanishes when it does not."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def provenance(settings: dict) -> dict:
    """What a file says of its origin: settings used, package versions, git revision, device."""
    return {
        "settings": json.dumps(settings, sort_keys=True),
        "versions": json.dumps({name: version(name) for name in PACKAGES}, sort_keys=True),
        "python": platform.python_version(),
        "git_revision": git_revision(),
    }


def git_revision() -> str:
    """Commit of the source tree, '+changes' if it was modified, 'unknown' outside git."""
    here = Path(__file__).parent

    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=here, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+changes" if git("status", "--porcelain", "-uno", ".") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def write(path: str | Path, content: dict, attributes: dict, units: dict[str, str] | None = None) -> None:
    """Write nested dictionaries of arrays; `units` maps a dataset's path in the file to what it holds."""
    with replacing(path) as temporary, h5py.File(temporary, "w", libver="v112") as file:
        _put(file, content)
        file.attrs.update({key: value for key, value in attributes.items() if value is not None})
        for name, unit in (units or {}).items():
            if name in file:
                file[name].attrs["units"] = unit


def _put(group, content: dict) -> None:
    for name, value in content.items():
        if isinstance(value, dict):
            _put(group.create_group(name), value)
        else:
            value = np.asarray(value)
            group.create_dataset(name, data=value, fletcher32=value.size > 0 and value.ndim > 0)


def _get(node):
    return {name: _get(item) for name, item in node.items()} if isinstance(node, h5py.Group) else node[()]


def read_origin(path: str | Path) -> dict[str, str]:
    """Those of `ORIGIN` that a file of results has."""
    try:
        with h5py.File(path, "r") as file:
            return {key: str(file.attrs[key]) for key in ORIGIN if key in file.attrs}
    except OSError as error:
        raise UserError(f"{path} is truncated, damaged or not HDF5 ({error}). Delete it.") from error


def read(path: str | Path, holds: tuple[str, ...] = ()) -> tuple[dict, dict]:
    """(content, attributes) of a file written by `write`; raises UserError naming a file that is not one, or that
    lacks an entry of `holds`."""
    cure = "Delete it and run the same command again: it will be recomputed."
    try:
        with h5py.File(path, "r") as file:
            content, attributes = _get(file), dict(file.attrs)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise UserError(f"{path} is missing, truncated, damaged or not HDF5 ({error}). {cure}") from error
    if lacking := [name for name in holds if name not in content]:
        raise UserError(f"{path} holds no '{lacking[0]}': it is not a result of this workflow. {cure}")
    return content, attributes


def write_dataset(path, dataset: Dataset, settings: dict) -> None:
    content = {
        "train": {"x": dataset.x_train, "y": dataset.y_train, "coordinate": dataset.coordinate_train},
        "validation": {
            "x": dataset.x_validation,
            "y": dataset.y_validation,
            "coordinate": dataset.coordinate_validation,
        },
    }
    extra = {key: value for key, value in dataset.attributes.items() if isinstance(value, np.ndarray)}
    words = {key: value for key, value in dataset.attributes.items() if not isinstance(value, np.ndarray)}
    attributes = {
        **provenance(settings),
        **words,
        "name": dataset.name,
        "class_names": list(dataset.class_names),
        "image_shape": np.array(dataset.image_shape, dtype=int),
    }
    units = {f"{part}/x": "amplitudes, one unit-norm sample per row" for part in ("train", "validation")}
    units |= {f"{part}/y": "class, 0 or 1" for part in ("train", "validation")}
    write(path, content | ({"extra": extra} if extra else {}), attributes, units)


def read_dataset(path) -> Dataset:
    content, attributes = read(path, ("train", "validation"))
    try:
        train, validation = content["train"], content["validation"]
        return Dataset(
            name=str(attributes["name"]),
            x_train=train["x"],
            y_train=train["y"],
            x_validation=validation["x"],
            y_validation=validation["y"],
            class_names=tuple(str(name) for name in attributes["class_names"]),
            coordinate_train=train["coordinate"],
            coordinate_validation=validation["coordinate"],
            image_shape=tuple(int(n) for n in attributes["image_shape"]),
            attributes=content.get("extra", {}),
        )
    except KeyError as error:
        raise UserError(f"{path} holds no {error}: delete it and run the same command again.") from error


def write_cells(path, cells, trained, diverged, settings: dict, device: str, keep_adam: bool = False) -> None:
    """A trained (or unlearned) block: cells along the first axis of every array; `diverged` (cells,): failed;
    `keep_adam`: with Adam's memory."""
    content = {
        "alpha": [cell.alpha for cell in cells],
        "seed": [cell.seed for cell in cells],
        "params": trained.params,
        "state": trained.state,
        "history": trained.history,
        "diverged": diverged,
    }
    if keep_adam:
        content["adam"] = dict(zip(ADAM, trained.memory))
    units = {"alpha": "corrupted fraction of the training set", "seed": "random seed"}
    for name in trained.history:
        what = "mean binary cross-entropy, nats" if name.endswith("loss") else "fraction correct"
        units[f"history/{name}"] = (
            f"{what}; axis 1: before the first epoch, then after every epoch, or every `record` epochs"
        )
    write(path, content, {**provenance(settings), "device": device}, units)


def write_scan(path, cells, weights, trained, diverged, settings: dict, device: str) -> None:
    """Loss and accuracy after the last step, a row per (combination of weights, cell)."""
    content = {
        "alpha": [cell.alpha for cell in cells],
        "seed": [cell.seed for cell in cells],
        "weights": weights,
        "final": {name: values[:, -1] for name, values in trained.history.items()},
        "diverged": diverged,
    }
    units = {f"weights/{name}": "weight of a term of the loss" for name in weights}
    for name in trained.history:
        units[f"final/{name}"] = "mean binary cross-entropy, nats" if name.endswith("loss") else "fraction correct"
    write(path, content, {**provenance(settings), "device": device}, units)


def write_audit(path, cells, found: dict, settings: dict, device: str) -> None:
    """What `experiment.membership.audit` returns, cells along the first axis of every array."""
    content = {"alpha": [cell.alpha for cell in cells], "seed": [cell.seed for cell in cells], **found}
    units = {f"labels/{part}": "class, 0 or 1, as poisoned" for part in found["labels"]}
    for group, axes in (("models", "cells, samples"), ("retrains", "cells, retrains, samples")):
        for name, sets in found[group].items():
            units |= {f"{group}/{name}/{part}": f"logits; axes: {axes}" for part in sets}
    write(path, content, {**provenance(settings), "device": device}, units)


def write_landscape(path, cells, curvatures: dict, accuracy, diverged, settings: dict, device: str) -> None:
    """Curvatures per evaluation set and cell, one array per quantity."""
    content = {"alpha": [c.alpha for c in cells], "seed": [c.seed for c in cells]}
    content |= {"validation_accuracy": accuracy, "diverged": diverged}
    units = {}
    for name, values in curvatures.items():
        content[name] = {field: [getattr(v, field) for v in values] for field in values[0]._fields}
        units |= {f"{name}/{field}": "loss in nats per squared parameter" for field in values[0]._fields}
    write(path, content, {**provenance(settings), "device": device}, units)


def read_cells(paths, cells, adam: bool = False) -> tuple[tuple, np.ndarray]:
    """((params, state), diverged) of the given (alpha, seed) cells, in their order, from the files that hold them; with
    `adam`, its memory is a third part beside params and state where the files keep it."""
    import jax

    found = {}
    for path in paths:
        content, _ = read(path, CELLS)
        for i, key in enumerate(zip(content["alpha"].tolist(), content["seed"].tolist())):
            memory = [tuple(content["adam"][name] for name in ADAM)] if adam and "adam" in content else []
            part = (content["params"], content.get("state", {}), *memory), content["diverged"]
            found[key] = jax.tree.map(lambda a: a[i], part)  # noqa: B023
    missing = [cell for cell in cells if (cell.alpha, cell.seed) not in found]
    if missing:
        raise UserError(f"{', '.join(map(str, paths))} hold no cell {missing[0]}: delete them and run again.")
    return jax.tree.map(lambda *leaves: np.stack(leaves), *(found[cell.alpha, cell.seed] for cell in cells))
