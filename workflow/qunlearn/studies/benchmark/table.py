"""The benchmark's table in words."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from qunlearn.studies.benchmark.entrants import ENTRANTS, OWN

COST = "seconds_per_update_per_replica"


def compared(speed: pd.DataFrame) -> pd.DataFrame:
    """Every other engine beside this project's at the most replicas of both: columns task, engine,
    replicas (of this project), own (seconds), floor_ratio, ratio (its time over this project's);
    by task, the nearest rival first. An engine whose replicas take turns is compared by the cost
    of one."""
    found = []
    for task, rows in speed.groupby("task", sort=False):
        own = rows[rows["engine"].isin(OWN)].set_index("replicas")
        others = rows[~rows["engine"].isin(OWN)]
        most = others.loc[others.groupby("engine", sort=False)["replicas"].idxmax()]
        for one in most.itertuples():
            replicas = own.index.max() if ENTRANTS[one.engine].in_turn else one.replicas
            ours = own.loc[replicas]
            names = {"task": task, "engine": one.engine, "replicas": int(replicas)}
            ratio = getattr(one, COST) / ours[COST]
            found.append(
                names | {"own": ours[COST], "floor_ratio": ours["floor_ratio"], "ratio": ratio}
            )
    table = pd.DataFrame(found)
    order = {task: number for number, task in enumerate(speed["task"].unique())}
    return table.sort_values(["task", "ratio"], key=lambda column: column.map(order).fillna(column))


def ratios(speed: pd.DataFrame) -> Iterator[str]:
    """Per task: what this project's update costs, how far that is from the floor, and how much
    faster it is than every other engine, the nearest rival first."""
    for task, rows in compared(speed).groupby("task", sort=False):
        one = rows.iloc[0]
        faster = [
            f"{row.ratio:.3g} times faster than {ENTRANTS[row.engine].label}"
            for row in rows.itertuples()
        ]
        words = f"{1e6 * one['own']:.3g} µs, {one['floor_ratio']:.2g} times the floor"
        yield f"{task}, {one['replicas']} replicas: {words}; {', '.join(faster)}"
