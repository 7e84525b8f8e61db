"""Engines: this project's training update, and what else could be used in its place, each used
well; and how one is timed."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from qunlearn.runtime.errors import UserError
from qunlearn.studies.benchmark import circuits, cones, pauli, pennylanes, perceptrons, tasks
from qunlearn.studies.benchmark.cores import beside_each_other
from qunlearn.studies.benchmark.engine import Engine, Inputs, direction
from qunlearn.studies.benchmark.entrants import ENTRANTS, entering
from qunlearn.studies.benchmark.project import project, whole_job

#: Seconds of a run that is long enough to time.
LONG_ENOUGH = 0.5
TOLERANCE = 1e-4  # of logits and derivatives, single precision

#: Kind of task -> engine -> its function.
REGISTRY = {
    "qnn": {
        "light_cone": project,
        "trainer": whole_job,
        "pauliprop": pauli.pauliprop,
        "cone_statevector": circuits.cone_engine(circuits.state_vector),
        "cone_pennylane": circuits.cone_engine(pennylanes.default_qubit),
        "statevector": circuits.circuit_engine(circuits.state_vector),
        "contractor": circuits.circuit_engine(circuits.contraction),
        "pennylane": circuits.circuit_engine(pennylanes.default_qubit),
        "lightning": pennylanes.lightning,
        "qml_benchmarks": pennylanes.qml_benchmarks,
    },
    "cone": {
        "light_cone": cones.in_jax(cones.own),
        "pauliprop": cones.in_jax(pauli.pauliprop_value),
        "tencirpauli": cones.one_by_one(pauli.tencirpauli),
        "pauli_prop": cones.one_by_one(pauli.pauli_prop),
        "cone_statevector": cones.in_jax(circuits.value_from_zero(circuits.state_vector)),
        "cone_pennylane": cones.in_jax(circuits.value_from_zero(pennylanes.default_qubit)),
        "lightning": cones.one_by_one(pennylanes.lightning_value),
    },
    "mlp": {
        "project": project,
        "one_by_one": perceptrons.one_by_one,
        "scikit_learn": perceptrons.scikit_learn,
    },
}


def measure(name: str, spec: tasks.Task, replicas: int, runs: int, seconds: float) -> dict:
    """Check the engine's logits and derivatives, then time it: `runs` runs, fewer (at least one)
    where they would take longer than `seconds` in all.

    Raises ValueError where they are wrong, UserError for an engine that cannot run the task.
    """
    if name == "cores":
        return beside_each_other(spec, replicas, seconds)
    if name not in REGISTRY[spec.kind]:
        choice = ", ".join(entering(spec.kind))
        raise UserError(f"'{name}' cannot run a {spec.kind}; choose from {choice}.")
    inputs = None if spec.kind == "cone" else Inputs(*tasks.data(spec))
    length = updates_of_a_run(name, spec)
    engine = REGISTRY[spec.kind][name](spec, inputs, replicas, length)
    error = checked(name, engine, spec, inputs)
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
        **error,
    }


def checked(name: str, engine: Engine, spec: tasks.Task, inputs: Inputs | None) -> dict[str, float]:
    """How far its logits are from the reference, and its derivative from it (of a cone) or from
    this project's.

    Raises ValueError where that is too far.
    """
    logits, slope = references(name, engine, spec, inputs)
    found = {"logits": _distance(engine.logits(), logits)}
    if slope is not None:
        found["derivative"] = _distance(engine.slope(), slope)
    for what, error in found.items():
        if not error < TOLERANCE:
            raise ValueError(f"{what} of '{name}': off by {error:.1e}, not timed")
    return {f"error_of_{what}": error for what, error in found.items()}


def references(name: str, engine: Engine, spec: tasks.Task, inputs: Inputs | None) -> tuple:
    """Logits, and a derivative or None where there is nothing to compare."""
    if spec.kind == "mlp":
        return perceptrons.reference_logits(spec, inputs), None
    if spec.kind == "cone":
        circuit, _ = cones.narrowed(cones.circuit_of(spec))
        theta = cones.angles(circuit, spec.evaluations, 1)[0, 0]
        logits, slopes = pauli.reference(circuit, theta)
        return logits, slopes @ direction(len(slopes))
    own = engine if ENTRANTS[name].own else project(spec, inputs, 1, 1)
    return circuits.reference_logits(spec, inputs), own.slope()


def _distance(found, expected) -> float:
    return float(np.max(np.abs(np.asarray(found) - expected)))


def updates_of_a_run(name: str, spec: tasks.Task) -> int:
    """Circuit simulators are slow enough to be timed by one epoch."""
    if spec.kind == "cone":
        return spec.evaluations
    one_epoch = tasks.updates_per_epoch(spec)
    is_slow = spec.kind == "qnn" and not ENTRANTS[name].own
    return one_epoch if is_slow else one_epoch * spec.epochs


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
