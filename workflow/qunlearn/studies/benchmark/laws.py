"""Where growth curves follow their laws, and where they leave them.

A law gives a curve up to a factor: time per update and replica is constant, inverse to the number
of cores, or in proportion to the operations counted; memory is constant, or linear above what the
smallest size takes. A curve follows its law on the longest run of neighbouring sizes on which the
ratio of both stays within a factor FOLLOWS of its geometric mean, which is the fit.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from qunlearn.studies.benchmark.growth import SCANS
from qunlearn.studies.benchmark.table import COST

FOLLOWS = 1.25
MEMORY = "peak_rss_mb"
#: Differences of memory below this, in MB, mean nothing.
LEAST_MB = 1.0


def scanned(growth: pd.DataFrame, scan: str) -> pd.DataFrame:
    """Rows of one scan, by size, with a column `size`."""
    rows = growth[growth["task"].str.fullmatch(rf"{scan}\d+")]
    sizes = [int(re.search(r"\d+$", task)[0]) for task in rows["task"]]
    return rows.assign(size=sizes).sort_values("size")


def laws(growth: pd.DataFrame) -> pd.DataFrame:
    """A row for each law of each scan: `law`, `constant` (its factor, seconds or MB per unit of the
    law), `holds_from`, `holds_to` (sizes), `spread` (largest factor from the fit there), and
    `before`, `after`: the factors that the next sizes below and above are off, NaN where there are
    none."""
    found = []
    for name, scan in SCANS.items():
        rows = scanned(growth, name)
        quantities = {COST: scan.law, MEMORY: scan.memory}
        for column, law in quantities.items():
            if not law or len(rows) < 2:
                continue
            part = above_smallest(rows) if law == "linear" else rows
            names = {"scan": name, "quantity": column, "law": law}
            found.append(names | followed(part["size"], part[column], expected(part, law)))
    return pd.DataFrame(found)


def above_smallest(rows: pd.DataFrame) -> pd.DataFrame:
    """All rows but that of the smallest size, with the memory that they take beyond its."""
    least, rest = rows.iloc[0], rows.iloc[1:]
    beyond = np.maximum(rest[MEMORY] - least[MEMORY], LEAST_MB)
    return rest.assign(**{MEMORY: beyond})


def expected(rows: pd.DataFrame, law: str) -> np.ndarray:
    """What a law gives at each size, up to a factor."""
    sizes = rows["size"].to_numpy(float)
    if law == "operations":
        return rows["flops"].to_numpy(float)
    return {"constant": np.ones_like(sizes), "linear": sizes, "inverse": 1 / sizes}[law]


def followed(sizes, values, expected) -> dict:
    """Where values follow what is expected up to a factor, as in `laws`."""
    sizes, logs = np.asarray(sizes), np.log(np.asarray(values, float) / expected)
    first, last = _longest(logs)
    fit = np.mean(logs[first : last + 1])
    off = np.exp(logs - fit)
    return {
        "constant": float(np.exp(fit)),
        "holds_from": int(sizes[first]),
        "holds_to": int(sizes[last]),
        "spread": float(np.exp(np.abs(logs[first : last + 1] - fit).max())),
        "before": float(off[first - 1]) if first else np.nan,
        "after": float(off[last + 1]) if last + 1 < len(off) else np.nan,
    }


def _longest(logs: np.ndarray) -> tuple[int, int]:
    """First and last of the longest run whose members are within log FOLLOWS of its mean; of two
    equally long ones the later."""
    count = len(logs)
    runs = [(last - first, first, last) for first in range(count) for last in range(first, count)]
    for _, first, last in sorted(runs, reverse=True):
        part = logs[first : last + 1]
        if np.abs(part - part.mean()).max() <= np.log(FOLLOWS):
            return first, last
    raise ValueError("a growth curve has no finite value")


def sentences(laws: pd.DataFrame) -> list[str]:
    """The table in words."""
    words = []
    for row in laws.itertuples():
        what = "time" if row.quantity == COST else "memory"
        said = f"{what} against {SCANS[row.scan].label}: {row.law} "
        said += f"from {row.holds_from} to {row.holds_to} (within a factor {row.spread:.2f})"
        for side, factor in (("below", row.before), ("above", row.after)):
            if np.isfinite(factor):
                said += f", {factor:.2g} times the law at the next size {side}"
        words.append(said)
    return words
