"""As many jobs beside each other as there are cores: what the workflow does with them, since a job
has one. Run as a module it is one of these jobs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from qunlearn.studies.benchmark import tasks

LIBRARY = Path(__file__).parents[3]


def beside_each_other(spec: tasks.Qnn, replicas: int, seconds: float) -> dict:
    """Columns of a row: `spec.processes` processes of one core each train for so many seconds from
    a common start on; the time of an update is that of all of them together.

    Raises RuntimeError where one of them fails.
    """
    command = [sys.executable, "-m", __name__, json.dumps([spec, replicas, seconds])]
    how = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": LIBRARY}
    jobs = [subprocess.Popen(command, **how) for _ in range(spec.processes)]
    for job in jobs:
        job.stdout.readline()  # compiled and warm
    for job in jobs:
        job.stdin.write("go\n")
        job.stdin.flush()
    answers = [job.communicate()[0] for job in jobs]
    if any(job.returncode for job in jobs):
        raise RuntimeError("a process of the benchmark failed: see the log above")
    found = [json.loads(answer) for answer in answers]
    rate = sum(one["updates"] / one["seconds"] for one in found)  # updates of all replicas
    taken = [one["seconds"] for one in found]
    return {
        "updates": sum(one["updates"] for one in found),
        "runs": len(found),
        "seconds_compile": max(one["seconds_compile"] for one in found),
        "seconds_run": max(taken),
        "seconds_run_min": min(taken),
        "seconds_per_update_per_replica": 1 / rate / replicas,
        "error_of_logits": max(one["error_of_logits"] for one in found),
        "error_of_derivative": max(one["error_of_derivative"] for one in found),
    }


def main(spec: tasks.Qnn, replicas: int, seconds: float) -> None:
    """One process: says when it is ready, waits for a line, trains, and prints what it did."""
    from qunlearn.runtime.job import configure_jax

    configure_jax("single", None, 1)
    from qunlearn.studies.benchmark import engines
    from qunlearn.studies.benchmark.engine import Inputs

    inputs = Inputs(*tasks.data(spec))
    length = engines.updates_of_a_run("light_cone", spec)
    engine = engines.project(spec, inputs, replicas, length)
    errors = engines.checked("light_cone", engine, spec, inputs)
    seconds_compile, run = engines.timed(engine.compile)
    run()
    print("ready", flush=True)
    sys.stdin.readline()
    runs, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        run()
        runs += 1
    taken = time.perf_counter() - began
    done = {"updates": runs * length, "seconds": taken, "seconds_compile": seconds_compile}
    print(json.dumps(done | errors))


if __name__ == "__main__":
    fields, replicas, seconds = json.loads(sys.argv[1])
    main(tasks.Qnn(*fields), replicas, seconds)
