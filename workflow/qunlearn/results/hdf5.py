"""Results on disk: HDF5 with attributes that say where they came from, written whole or not at all.

Every file is written under a temporary name and renamed, so that a file that exists is complete. Arrays and the file's
own structure carry checksums: what was damaged is reported by name, never taken for data. No pickles.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from qunlearn.runtime.errors import UserError


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


def write(
    path: str | Path, content: dict, attributes: dict, units: dict[str, str] | None = None
) -> None:
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
    return (
        {name: _get(item) for name, item in node.items()}
        if isinstance(node, h5py.Group)
        else node[()]
    )


def read(path: str | Path, holds: tuple[str, ...] = ()) -> tuple[dict, dict]:
    """(content, attributes) of a file written by `write`; raises UserError naming a file that is not one, or that
    lacks an entry of `holds`."""
    cure = "Delete it and run the same command again: it will be recomputed."
    try:
        with h5py.File(path, "r") as file:
            content, attributes = _get(file), dict(file.attrs)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise UserError(
            f"{path} is missing, truncated, damaged or not HDF5 ({error}). {cure}"
        ) from error
    if lacking := [name for name in holds if name not in content]:
        raise UserError(
            f"{path} holds no '{lacking[0]}': it is not a result of this workflow. {cure}"
        )
    return content, attributes
