"""Engines: this project's training update, and what else could be used in its place, each used
well; and how one is timed."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from qunlearn.runtime.errors import UserError
from qunlearn.studies.benchmark import circuits, perceptrons, tasks
from qunlearn.studies.benchmark.engine import Inputs
from qunlearn.studies.benchmark.project import project

#: Replicas beyond which slow engines are timed by a single update.
FEW_REPLICAS = 5
#: Seconds of a run that is long enough to time.
LONG_ENOUGH = 1.0
TOLERANCE = 1e-4  # of logits, single precision

REGISTRY = {
    "light_cone": project,
    "statevector": circuits.circuit_engine(circuits.state_vector),
    "pennylane": circuits.circuit_engine(circuits.pennylane),
    "contractor": circuits.circuit_engine(circuits.contraction),
    "project": project,
    "one_by_one": perceptrons.one_by_one,
    "scikit_learn": perceptrons.scikit_learn,
}
REFERENCES = {"qnn": circuits.reference_logits, "mlp": perceptrons.reference_logits}


def measure(name: str, spec: tasks.Task, replicas: int, runs: int, seconds: float) -> dict:
    """Check the engine's logits, then time it: `runs` runs, fewer (at least one) where they would
    take longer than `seconds` in all.

    Raises ValueError where the logits are wrong, UserError for an engine that cannot run the task.
    """
    family = spec.options["family"]
    if name not in tasks.ENGINES[family]:
        choice = ", ".join(tasks.ENGINES[family])
        raise UserError(f"'{name}' cannot run a {family}; choose from {choice}.")
    inputs = Inputs(*tasks.data(spec))
    length = updates_of_a_run(name, spec, replicas)
    engine = REGISTRY[name](spec, inputs, replicas, length)
    error = np.max(np.abs(engine.logits() - REFERENCES[family](spec, inputs)))
    if not error < TOLERANCE:
        raise ValueError(f"the logits of '{name}' are off by {error:.1e}: not timed")
    seconds_compile, run = timed(engine.compile)
    repeat, taken = timings(run, runs, seconds)
    updates = length * repeat
    median = float(np.median(taken))
    return {
        "updates": updates,
        "runs": len(taken),
        "seconds_compile": seconds_compile,
        "seconds_run": median,
        "seconds_run_min": float(np.min(taken)),
        "seconds_per_update_per_replica": median / updates / replicas,
        "logit_error": float(error),
    }


def updates_of_a_run(name: str, spec: tasks.Task, replicas: int) -> int:
    """Circuit simulators are slow enough to be timed by single updates."""
    one_epoch = tasks.updates_per_epoch(spec)
    is_simulator = spec.options["family"] == "qnn" and name not in tasks.OWN
    if not is_simulator:
        return one_epoch * spec.epochs
    return one_epoch if replicas <= FEW_REPLICAS else 1


def timed(function: Callable) -> tuple[float, object]:
    """(seconds, what the function gives)."""
    began = time.perf_counter()
    found = function()
    return time.perf_counter() - began, found


def timings(run: Callable, runs: int, seconds: float) -> tuple[int, list[float]]:
    """(calls per run, seconds of every run)."""
    share = seconds / runs
    # the first run also touches memory for the first time; a slow engine cannot be run in vain
    once, _ = timed(run)
    if once <= share:
        once, _ = timed(run)
    repeat = max(1, round(min(LONG_ENOUGH, share) / once))

    def repeated():
        for _ in range(repeat):
            run()

    taken = [once] if repeat == 1 else []
    while len(taken) < runs:
        if taken and sum(taken) + taken[-1] >= seconds:
            break
        taken.append(timed(repeated)[0])
    return repeat, taken
