"""Results on disk: HDF5 with attributes that say where they came from, written whole or not at all.

Every file is written under a temporary name and renamed, so that a file that exists is complete. Arrays and the file's
own structure carry checksums: what was damaged is reported by name, never taken for data. No pickles.
"""

from __future__ import annotations

import errno
from pathlib import Path

import h5py
import numpy as np

from qunlearn.runtime.errors import UserError
from qunlearn.runtime.files import replacing
from qunlearn.runtime.records import attribute

#: Numbers of errors for files that another process holds, and for those that cannot be read for the moment.
LOCKED = (errno.EAGAIN, errno.EACCES, errno.ENOLCK, errno.EDEADLK)
UNREADABLE = (errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EMFILE, errno.ENFILE, errno.ENOMEM)


def write(
    path: str | Path, content: dict, attributes: dict, units: dict[str, str] | None = None
) -> None:
    """Write nested dictionaries of arrays; `units` maps a dataset's path in the file to what it holds."""
    with replacing(path) as temporary, h5py.File(temporary, "w", libver="v112") as file:
        _put(file, content)
        attributes = {**attributes, **attribute()}
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


#: What stands in sentences about files that cannot be used.
CURE = "Delete it and run the same command again: it will be recomputed."


def opened(path: str | Path) -> h5py.File:
    """The file, to be read. Raises UserError that tells a file that is missing, locked or not to be read from one that
    is damaged."""
    try:
        return h5py.File(path, "r")
    except FileNotFoundError:
        raise UserError(f"{path} is missing. Run the same command again.") from None
    except PermissionError:
        raise UserError(f"{path} cannot be read: change its permissions.") from None
    except IsADirectoryError:
        raise UserError(
            f"{path} is a folder, where a file of results should be: remove it."
        ) from None
    except OSError as error:
        if error.errno in LOCKED or "unable to lock" in str(error):
            raise UserError(
                f"{path} is locked: another process writes it, or its file system knows no locks ({error}). Wait for "
                "that process; on a file system without locks set HDF5_USE_FILE_LOCKING=FALSE."
            ) from error
        if error.errno in UNREADABLE:
            raise UserError(
                f"{path} cannot be read now ({error}). Run the same command again later."
            ) from error
        raise UserError(f"{path} is truncated, damaged or not HDF5 ({error}). {CURE}") from error


def read(path: str | Path, holds: tuple[str, ...] = ()) -> tuple[dict, dict]:
    """(content, attributes) of a file written by `write`; raises UserError naming a file that is not one, or that
    lacks an entry of `holds`."""
    with opened(path) as file:
        try:
            content, attributes = _get(file), dict(file.attrs)
        except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
            raise UserError(f"{path} is damaged ({error}). {CURE}") from error
    if lacking := [name for name in holds if name not in content]:
        raise UserError(
            f"{path} holds no '{lacking[0]}': it is not a result of this workflow. {CURE}"
        )
    if "alpha" in content:  # the floats that paths and tables have
        content["alpha"] = np.round(content["alpha"], 4)
    return content, attributes
