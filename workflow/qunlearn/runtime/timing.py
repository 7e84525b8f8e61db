"""Where the time went: what Snakemake measured of every job, from the files that rules write by `benchmark:`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

JOBS = ["rule", "job", "seconds", "memory"]


def jobs(folder: Path) -> pd.DataFrame:
    """One row per job below `folder` (rule/cell/….tsv): wall-clock seconds and peak memory in MiB of its last run."""
    rows = []
    for path in sorted(Path(folder).rglob("*.tsv")):
        rule, *cell = path.relative_to(folder).with_suffix("").parts
        run = pd.read_csv(path, sep="\t").iloc[-1]
        rows.append([rule, " ".join(cell), run["s"], run["max_rss"]])
    frame = pd.DataFrame(rows, columns=JOBS)
    return frame.assign(
        memory=pd.to_numeric(frame["memory"], errors="coerce")
    )  # '-' for jobs of milliseconds


def by_rule(times: pd.DataFrame) -> pd.DataFrame:
    """Per rule the number of jobs, their seconds summed, the longest job's, and the largest job's memory; longest rule
    first."""
    total = times.groupby("rule").agg(
        jobs=("job", "size"),
        seconds=("seconds", "sum"),
        longest=("seconds", "max"),
        memory=("memory", "max"),
    )
    return total.sort_values("seconds", ascending=False)
