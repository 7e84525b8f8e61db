"""Samples and labels in files of users: `.npz` or `.h5` with an array for each, `.csv` with a column per feature.

Functions take the source of data (`parts.datasets.file.File`), which says what they are called there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from qunlearn.runtime.errors import UserError
from qunlearn.runtime.files import encoding_of

if TYPE_CHECKING:
    from qunlearn.parts.datasets.file import File

#: Values of a .csv column that says which rows train.
TRAIN, VALIDATION = "train", "validation"
#: Bytes of a .csv by which its rows are counted, about.
HEAD = 2**16


class Rows(NamedTuple):
    """Samples x (N, ...), their labels as the file has them (N,), and their coordinates (N,)."""

    x: np.ndarray
    labels: np.ndarray
    coordinate: np.ndarray

    def chosen(self, which) -> Rows:
        return Rows(*(column[which] for column in self))


def sample_shape(source: File) -> tuple[int, ...]:
    """Shape of one sample, from the head of the file alone."""
    path = Path(source.file)
    if path.suffix == ".csv":
        return (len(_feature_columns(source, _header(path))),)
    return _array_shape(path, source.x)[1:]


def row_counts(source: File) -> tuple[int, int | None]:
    """Training rows and validation rows, from the head of the file alone; all rows and None where it gives no split.
    Of a .csv by its size and the length of its first lines."""
    path = Path(source.file)
    if path.suffix == ".csv":
        with path.open("rb") as file:
            head = file.read(HEAD)
        return path.stat().st_size * head.count(b"\n") // max(1, len(head)), None
    try:
        validation = _array_shape(path, f"{source.x}_{VALIDATION}")[0]
    except KeyError:
        validation = None
    return _array_shape(path, source.x)[0], validation


def _array_shape(path: Path, name: str) -> tuple[int, ...]:
    """Shape of an array of a .npz or .h5 file, from its head. Raises KeyError where the file has no such array, OSError
    or ValueError where it is none."""
    if path.suffix == ".h5":
        import h5py

        with h5py.File(path, "r") as file:
            return tuple(int(n) for n in file[name].shape)
    import zipfile

    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is no .npz file")
    with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as head:
        version = np.lib.format.read_magic(head)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        return tuple(int(n) for n in read(head)[0])


def _header(path: Path) -> list[str]:
    import csv

    with path.open(newline="", encoding=encoding_of(path)) as file:
        return next(csv.reader(file), [])


def _feature_columns(source: File, columns: list[str]) -> list[str]:
    """Columns of a .csv that are features: all that no key of the configuration names."""
    taken = {source.y, source.split, source.coordinate}
    for key, name in (("y", source.y), ("split", source.split), ("coordinate", source.coordinate)):
        if name is not None and name not in columns:
            raise UserError(
                f"{source.file} has no column '{name}' ({key}); it has {', '.join(columns[:12])}."
            )
    return [name for name in columns if name not in taken]


def read_rows(source: File) -> tuple[Rows, Rows | None]:
    """(training rows, validation rows), or all rows and None where the file gives no split."""
    path = Path(source.file)
    return _read_csv(path, source) if path.suffix == ".csv" else _read_arrays(path, source)


def _read_csv(path: Path, source: File) -> tuple[Rows, Rows | None]:
    from qunlearn.results.csv import read_csv_of_others

    table = read_csv_of_others(path)
    names = _feature_columns(source, [str(name) for name in table.columns])
    kind = complex if source.is_complex() else float
    try:
        x = table[names].to_numpy(dtype=kind)
    except (ValueError, TypeError):
        words = [name for name in names if table[name].dtype.kind not in "fiub"]
        raise UserError(
            f"{path}: the column '{words[0] if words else names[0]}' holds no numbers; take it out, or name it under "
            "`y`, `split` or `coordinate`."
        ) from None
    if table[source.y].isna().any():
        raise UserError(
            f"{path}: {table[source.y].isna().sum()} samples have no label in '{source.y}'."
        )
    coordinate = np.full(len(table), np.nan)
    if source.coordinate:
        coordinate = table[source.coordinate].to_numpy(dtype=float)
    labels = table[source.y].to_numpy()
    rows = Rows(
        x,
        labels.astype(str) if labels.dtype == object or labels.dtype.kind not in "fiub" else labels,
        coordinate,
    )
    if source.split is None:
        return rows, None
    parts = table[source.split].astype(str).to_numpy()
    if unknown := sorted(set(parts) - {TRAIN, VALIDATION}):
        raise UserError(
            f"{path}: '{source.split}' says {unknown[0]}; each row must say {TRAIN} or {VALIDATION}."
        )
    return rows.chosen(parts == TRAIN), rows.chosen(parts == VALIDATION)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a .npz or .h5 file."""
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        import h5py

        with h5py.File(path, "r") as file:
            return {name: item[()] for name, item in file.items() if isinstance(item, h5py.Dataset)}
    except Exception as error:
        raise UserError(
            f"{path} cannot be read ({error}); give a sound {path.suffix} file."
        ) from None


def _read_arrays(path: Path, source: File) -> tuple[Rows, Rows | None]:
    arrays = _arrays(path)

    def rows(suffix: str) -> Rows:
        wanted = {"x": source.x + suffix, "y": source.y + suffix}
        for key, name in wanted.items():
            if name not in arrays:
                raise UserError(
                    f"{path} holds no array '{name}' ({key}); it holds {', '.join(sorted(arrays))}."
                )
        x, labels = (np.asarray(arrays[name]) for name in wanted.values())
        if x.dtype.kind not in "fiubc":
            raise UserError(f"{path}: '{wanted['x']}' holds no numbers.")
        x = x.astype(complex if source.is_complex() else x.dtype if x.dtype.kind == "c" else float)
        if labels.ndim != 1:
            raise UserError(
                f"{path}: '{wanted['y']}' has the shape {labels.shape}; one label per sample is needed."
            )
        labels = np.char.decode(labels) if labels.dtype.kind == "S" else labels
        labels = labels.astype(str) if labels.dtype.kind == "O" else labels
        coordinate = np.full(len(labels), np.nan)
        if source.coordinate and source.coordinate + suffix in arrays:
            coordinate = np.asarray(arrays[source.coordinate + suffix], float)
        return Rows(x, labels, coordinate)

    given = f"{source.x}_{VALIDATION}" in arrays
    return rows(""), rows(f"_{VALIDATION}") if given else None
