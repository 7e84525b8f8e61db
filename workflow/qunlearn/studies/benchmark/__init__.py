"""Study "benchmark": how fast a training update is, against other engines and against the
machine."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qunlearn.config.options import Count, Distinct, Positive, option
from qunlearn.studies.benchmark import tasks
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

TABLES = ("speed", "growth")


class Benchmark(Study):
    """How fast a training update is, against other engines and against the machine."""

    group = "benchmark"
    section = "benchmark"
    figure = "benchmark"

    replicas: Distinct[Annotated[int, Field(ge=1, le=256)]] = option(
        says="models that train together"
    )
    runs: Count = option(says="timed runs of a row; the median counts")
    seconds: Positive = option(says="a row whose runs take longer in all has fewer, at least one")
    threads: Count = option(says="cores of every engine: those of a training job")

    def rows(self, plan: Plan) -> dict[str, list[str]]:
        """Table -> files of its rows."""
        speed = [
            row_file(plan, engine, task, replicas)
            for task in tasks.TASKS
            for engine in tasks.engines(task)
            for replicas in self.replicas
        ]
        own, most = tasks.OWN[0], max(self.replicas)
        growth = [row_file(plan, own, task, most) for task in tasks.GROWTH]
        return {"speed": speed, "growth": growth}

    def request(self, requests, engine: str, task: str, replicas: int):
        """What a row asks a cluster for: samples, and replicas of an MLP together; of a QNN, where
        states are evolved, those behind every gate for a minibatch of one replica."""
        spec = tasks.task(task)
        numbers = 6 * spec.samples * spec.width
        if isinstance(spec, tasks.Mlp):
            numbers += 4 * replicas * spec.width * spec.hidden[0]
        elif engine not in tasks.OWN:
            qubits = (spec.width - 1).bit_length()
            numbers += 10 * spec.batch * 2**qubits * spec.depth * qubits
        return requests.plain(numbers)

    def timing(self) -> dict:
        """What a job that times an engine is told."""
        return self.model_dump(include={"runs", "seconds", "threads"})

    def drawn_files(self, plan: Plan):
        return {name: [str(folder(plan) / f"{name}.csv")] for name in TABLES}


def folder(plan: Plan) -> PurePosixPath:
    """Where timings lie."""
    return plan.grid.root / "benchmarks"


def row_file(plan: Plan, engine: str, task: str, replicas: int) -> str:
    return str(folder(plan) / "rows" / engine / task / f"replicas{replicas}.json")
