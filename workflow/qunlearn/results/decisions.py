"""Tables of decisions on disk."""

from __future__ import annotations

from typing import get_type_hints

import pandas as pd

from qunlearn.results.csv import read_csv
from qunlearn.statistics.decision import Decision


def read_decisions(path) -> pd.DataFrame:
    """A table whose rows are `Decision`s. Words are texts, empty where there is nothing to say, for which a file has no
    value."""
    rows = read_csv(path)
    words = [name for name, kind in get_type_hints(Decision).items() if kind is str]
    return rows.assign(**{name: rows[name].astype(object).fillna("") for name in words})
