"""How long a run would take on other numbers of cores: its jobs, as Snakemake recorded them, scheduled anew.

List scheduling (Graham, Bell Syst. Tech. J. 45, 1563, 1966): whenever a core is free it takes, of the jobs whose input
is there, the one that takes longest. What Snakemake itself needs between jobs is not counted, and jobs are taken to be
as fast beside many others as they were beside few.
"""

from __future__ import annotations

import heapq
import json
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import NamedTuple


class Job(NamedTuple):
    """Wall-clock seconds of one job on one core, the files that it reads and those that it writes."""

    rule: str
    seconds: float
    inputs: frozenset[str]
    outputs: frozenset[str]


def recorded(folder: Path, results: Path) -> list[Job]:
    """Jobs whose output lies below `results`, from the records that Snakemake keeps in its working directory."""
    metadata = folder / ".snakemake" / "metadata"
    found: dict[tuple, Job] = {}
    for path in sorted(metadata.rglob("*")):
        if not path.is_file():
            continue
        output = _output(path.relative_to(metadata))
        if not (folder / output).exists() or not (folder / output).is_relative_to(results):
            continue
        record = json.loads(path.read_text(encoding="utf-8"))
        key = record["rule"], record["starttime"], *record["log"]
        seconds = record["endtime"] - record["starttime"]
        others = found[key].outputs if key in found else frozenset()
        found[key] = Job(record["rule"], seconds, frozenset(record["input"]), others | {output})
    return list(found.values())


def _output(record: Path) -> str:
    """The file that a record is of: its name in base 64, in folders that begin with @ where it is long."""
    encoded = "".join(part.removeprefix("@") for part in record.parts)
    return urlsafe_b64decode(encoded).decode()


def seconds_on(jobs: list[Job], cores: int) -> float:
    """Wall-clock seconds of all jobs on so many cores."""
    makers = {output: number for number, job in enumerate(jobs) for output in job.outputs}
    waits_for, readers = [], [[] for _ in jobs]
    for number, job in enumerate(jobs):
        before = {makers[file] for file in job.inputs if file in makers} - {number}
        waits_for.append(len(before))
        for other in before:
            readers[other].append(number)
    ready = [(-job.seconds, number) for number, job in enumerate(jobs) if not waits_for[number]]
    heapq.heapify(ready)
    running: list[tuple[float, int]] = []  # (end, job)
    now = 0.0
    while ready or running:
        while ready and len(running) < cores:
            seconds, number = heapq.heappop(ready)
            heapq.heappush(running, (now - seconds, number))
        now, finished = heapq.heappop(running)
        for number in readers[finished]:
            waits_for[number] -= 1
            if not waits_for[number]:
                heapq.heappush(ready, (-jobs[number].seconds, number))
    return now
