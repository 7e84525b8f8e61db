"""Study "benchmark": how fast a training update is, against other engines and against the
machine."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qunlearn.config.options import Count, Distinct, Positive, option
from qunlearn.studies.benchmark import entrants, growth, tasks
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

TABLES = ("speed", "growth", "laws")
Replicas = Distinct[Annotated[int, Field(ge=1, le=256)]]


class Benchmark(Study):
    """How fast a training update is, against other engines and against the machine."""

    group = "benchmark"
    section = "benchmark"
    figure = "benchmark"

    full: bool = option(
        False, says="every installed engine on every task, and the far ends of the growth curves"
    )
    far: bool = option(False, says="these far ends alone")
    replicas: Replicas = option(says="models that train together")
    full_replicas: Replicas = option(says="the same, where `full` is asked for")
    runs: Count = option(says="timed runs of a row; the median counts")
    seconds: Positive = option(says="a row whose runs take longer in all has fewer, at least one")
    threads: Count = option(says="cores of every engine: those of a training job")

    def rows(self, plan: Plan) -> dict[str, list[str]]:
        """Table -> files of its rows."""
        speed = [row_file(plan, *row) for row in self._speed()]
        return {"speed": speed, "growth": [row_file(plan, *row) for row in self._growth()]}

    def _numbers(self) -> list[int]:
        return self.full_replicas if self.full else self.replicas

    def _speed(self):
        """(engine, task, replicas) of every row; replicas that take turns need one row, and so do
        other engines' in the short benchmark: the most."""
        for task, spec in tasks.TASKS.items():
            for name in entrants.entering(spec.kind):
                entrant = entrants.ENTRANTS[name]
                if not (entrant.own or self.full or task in entrant.short):
                    continue
                numbers = self._numbers()
                if entrant.in_turn:
                    numbers = [min(numbers)]
                elif not (entrant.own or self.full):
                    numbers = [max(numbers)]
                for replicas in numbers:
                    yield name, task, replicas

    def _growth(self):
        for name, scan in growth.SCANS.items():
            for size in scan.sizes + scan.far * (self.far or self.full):
                yield scan.engine, f"{name}{size}", scan.replicas(size) or max(self._numbers())

    def request(self, requests, engine: str, task: str, replicas: int):
        """What a row asks a cluster for: samples, as many as are not left on disk, and replicas of
        an MLP together; of a QNN the features, or, where states are evolved, those behind every
        gate for a minibatch of one replica."""
        spec = growth.task(task)
        if spec.kind == "cone":
            spec = spec.of
        numbers = 6 * min(spec.samples * spec.width, tasks.IN_MEMORY // 8)
        if spec.kind == "mlp":
            numbers += 4 * replicas * spec.width * spec.hidden[0]
        elif engine not in entrants.OWN:
            qubits = (spec.width - 1).bit_length()
            numbers += 10 * spec.batch * 2**qubits * spec.depth * qubits
        else:
            numbers += 3 * spec.samples * 4 ** min(spec.depth, growth.TOGETHER)
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
