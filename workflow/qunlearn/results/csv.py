"""Tables on disk, and what a result's path says of it."""

from __future__ import annotations

from pathlib import Path, PurePath

import pandas as pd

from qunlearn.results.hdf5 import replacing


def write_csv(frame: pd.DataFrame, path) -> None:
    """Write with ten significant digits, whole or not at all."""
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.10g", lineterminator="\n")


def read_csv(path) -> pd.DataFrame:
    return pd.read_csv(Path(path))


def path_names(path: str, depth: int) -> list[str]:
    """dataset, model and corruption from a result's path, `depth` folders above the file."""
    parts = PurePath(path).parts
    return list(parts[-depth - 3 : -depth])


def stem(path: str) -> str:
    """A result's file name without its suffix; names with changes may hold dots."""
    name = PurePath(path).name
    return name.removesuffix(PurePath(path).suffix)
