"""Tables on disk, and what a result's path says of it."""

from __future__ import annotations

from pathlib import Path, PurePath

import pandas as pd

from qunlearn.runtime.errors import UserError
from qunlearn.runtime.files import encoding_of, replacing


def write_csv(frame: pd.DataFrame, path) -> None:
    """Write with ten significant digits, whole or not at all."""
    with replacing(path) as temporary:
        frame.to_csv(
            temporary, index=False, encoding="utf-8", float_format="%.10g", lineterminator="\n"
        )


def read_csv(path) -> pd.DataFrame:
    """A table that `write_csv` wrote; corrupted fractions are the floats that everything else has."""
    frame = pd.read_csv(Path(path), encoding="utf-8")
    return frame.assign(alpha=frame["alpha"].round(4)) if "alpha" in frame else frame


def read_csv_of_others(path) -> pd.DataFrame:
    """A table that somebody else wrote, by Excel too. Raises UserError where it is no table with commas."""
    try:
        frame = pd.read_csv(Path(path), encoding=encoding_of(path), skipinitialspace=True)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as a table ({str(error).strip()}).") from None
    columns = [str(name).strip() for name in frame.columns]
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t|"):
        raise UserError(
            f"{path}: columns are not told apart by commas; save it with commas, and points in numbers."
        )
    return frame.set_axis(columns, axis=1)


def path_names(path: str, depth: int) -> list[str]:
    """dataset, model and corruption from a result's path, `depth` folders above the file."""
    parts = PurePath(path).parts
    return list(parts[-depth - 3 : -depth])


def stem(path: str) -> str:
    """A result's file name without its suffix; names with changes may hold dots."""
    name = PurePath(path).name
    return name.removesuffix(PurePath(path).suffix)
