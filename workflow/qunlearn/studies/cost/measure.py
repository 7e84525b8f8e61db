"""What one unlearning step costs: updates and sample passes are counted, seconds are measured.

A *pass* is one sample going forward through the network once. Passes of retain and forget samples
belong to updates, each followed by its backward pass; a method that compares itself with the
poisoned model (the teacher) sends every sample that it reads through that model once, forward only,
before its first step.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from qunlearn.experiment.problem import Cell, Problem, replicate
from qunlearn.experiment.unlearn import unlearn
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import EvalSet, widths

#: Models that are timed together: fills the programs of every size of model.
REPLICAS = 50
#: Unlearning steps that are timed.
STEPS = 20


class Cost(NamedTuple):
    """Of one model: updates, passes and seconds per step; `teacher_passes` once."""

    updates: int
    retain_passes: int
    forget_passes: int
    teacher_passes: int
    seconds: float


def measure(
    problem: Problem,
    cells: list[Cell],
    poisoned: tuple,
    method: UnlearningMethod,
    schedule: Schedule,
) -> Cost:
    """Cost of one step of `unlearn` by a method."""
    read = passes(problem, cells[0], method)
    first = next(size for size in read.values() if size)
    updates = widths([first], schedule.batch)[0]
    again = updates if schedule.whole_forget else 1
    return Cost(
        updates=updates,
        retain_passes=read["retain"],
        forget_passes=again * read["forget"],
        teacher_passes=sum(read.values()) if method.teacher else 0,
        seconds=seconds(problem, cells, poisoned, method, schedule),
    )


def forgotten(problem: Problem, cell: Cell) -> int:
    """Samples of the forget set."""
    return int(np.sum(problem.samples(cell).forget))


def passes(problem: Problem, cell: Cell, method: UnlearningMethod) -> dict[str, int]:
    """Samples of either set that an epoch reads."""
    forget = forgotten(problem, cell)
    samples = {"retain": len(problem.dataset.y_train) - forget, "forget": forget}
    return {name: size * (name in method.reads()) for name, size in samples.items()}


def seconds(
    problem: Problem,
    cells: list[Cell],
    poisoned: tuple,
    method: UnlearningMethod,
    schedule: Schedule,
) -> float:
    """Wall time of the updates of one step and model: without compilation, recording of accuracies
    and the teacher's pass. From the fastest segment of a run of REPLICAS models, which other work
    on the machine disturbs least."""
    which = np.arange(REPLICAS) % len(cells)
    many, start = replicate(cells, poisoned, which)
    nothing = np.zeros((REPLICAS, 1))
    one_sample = EvalSet("validation", nothing.astype(int), nothing)
    steps = 1 if problem.declared.fitted else STEPS
    ticks = []

    def tick(fraction, text):
        ticks.append(time.perf_counter())

    timed = schedule._replace(epochs=steps)
    unlearn(problem, many, start, method, timed, tick, {"one": one_sample})
    fastest = float(np.min(np.diff(ticks)))
    return fastest * len(ticks) / (REPLICAS * steps)
