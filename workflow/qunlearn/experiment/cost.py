"""What one unlearning step costs: updates and sample passes are counted, seconds are measured.

A *pass* is one sample going forward through the network once. Passes of retain and forget samples belong to updates,
each followed by its backward pass; a method that compares itself with the poisoned model (the teacher) sends every
sample that it reads through that model once, forward only, before its first step.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from ..problem import Cell, Problem
from ..training import EvalSet, Schedule, widths
from ..unlearning import REGISTRY
from .scan import replicate
from .unlearn import unlearn

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
    problem: Problem, cells: list[Cell], poisoned: tuple[dict, dict], method: str, options: dict, schedule: Schedule
) -> Cost:
    """Cost of one step of `unlearn`. Seconds are the wall time of updates alone: without compilation, recording of
    accuracies and the teacher's pass; per model, from the fastest segment of a run of REPLICAS models, which other work
    on the machine disturbs least."""
    which = np.arange(REPLICAS) % len(cells)
    many, start = replicate(cells, poisoned, which)
    forget = int(np.sum(problem.samples(cells[0]).forget))
    samples = {"retain": len(problem.dataset.y_train) - forget, "forget": forget}
    read = {name: samples[name] if name in REGISTRY[method].streams else 0 for name in samples}
    one = EvalSet("validation", np.zeros((REPLICAS, 1), int), np.zeros((REPLICAS, 1)))
    ticks = []
    timed = schedule._replace(epochs=STEPS)
    unlearn(problem, many, start, method, options, timed, lambda *_: ticks.append(time.perf_counter()), {"one": one})
    return Cost(
        widths([samples["retain"]], schedule.batch)[0],
        read["retain"],
        read["forget"],
        sum(read.values()) if REGISTRY[method].teacher else 0,
        float(np.min(np.diff(ticks))) * len(ticks) / (REPLICAS * STEPS),
    )
