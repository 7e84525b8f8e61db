"""The benchmark's table in words."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from qunlearn.studies.benchmark.tasks import OWN

COST = "seconds_per_update_per_replica"


def ratios(speed: pd.DataFrame) -> Iterator[str]:
    """Per task and number of replicas: what this project's update costs, how far that is from the
    floor, and how much faster it is than every other engine."""
    for (task, replicas), rows in speed.groupby(["task", "replicas"], sort=False):
        rows = rows.set_index("engine")
        own = next(engine for engine in rows.index if engine in OWN)
        cost = rows[COST][own]
        floors = rows["floor_ratio"][own]
        faster = []
        for engine, theirs in rows[COST].drop(own).items():
            faster.append(f"{theirs / cost:.3g} times faster than {engine}")
        words = f"{1e6 * cost:.3g} µs, {floors:.2g} times the floor; {', '.join(faster)}"
        yield f"{task}, {replicas} replicas: {words}"
