"""How this project's cost grows: one quantity of the XXZ task varied at a time, and the law that
each curve should follow. This module is read while planning.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from qunlearn.studies.benchmark.tasks import QNN_XXZ, TASKS, Qnn, Task

#: Updates in a run of a task with many samples, at least.
UPDATES = 70
#: Epochs of a whole job: those of the study.
EPOCHS = 200
#: Widest light cone whose replicas run together; beyond, states are evolved, one replica at a time.
TOGETHER = 8


class Scan(NamedTuple):
    """`sizes` of one quantity, and those timed only where `far` or `full` is asked for; `spec(size)`: the
    task; `label` of the axis; `law`: how time per update and replica should grow, 'constant',
    'inverse' or as the counted 'operations'; `memory`: the same of the process's memory, empty
    where it says nothing; `engine` that runs it; `replicas(size)`: how many, None: the most of the
    configuration."""

    label: str
    sizes: tuple[int, ...]
    far: tuple[int, ...]
    spec: Callable[[int], Qnn]
    law: str
    memory: str = ""
    engine: str = "light_cone"
    replicas: Callable[[int], int | None] = lambda size: None


def _deep(depth: int, entangler: str = "chain") -> Qnn:
    epochs = QNN_XXZ.epochs if depth <= TOGETHER else 1
    return QNN_XXZ._replace(depth=depth, entangler=entangler, epochs=epochs)


def _many(samples: int) -> Qnn:
    updates = -(-samples // QNN_XXZ.batch)
    return QNN_XXZ._replace(samples=samples, epochs=-(-UPDATES // updates))


def _powers_of_two(most: int) -> tuple[int, ...]:
    return tuple(2**n for n in range(most.bit_length()) if 2**n <= most)


SCANS = {
    "chain": Scan(
        "qubits of the light cone",
        (2, 4, 6, 8),
        (9, 10),
        _deep,
        "operations",
        replicas=lambda cone: None if cone <= TOGETHER else 1,
    ),
    "ring": Scan(
        "qubits of the light cone",
        (3, 5, 7),
        (),
        lambda cone: _deep((cone + 1) // 2, "ring"),
        "operations",
    ),
    "qubits": Scan(
        "qubits of the register",
        (8, 12, 16),
        (20,),
        lambda qubits: QNN_XXZ._replace(width=2**qubits, samples=64),
        "constant",
    ),
    "samples": Scan(
        "training samples", (100, 1000, 10_000), (100_000,), _many, "constant", memory="linear"
    ),
    "replicas": Scan(
        "replicas",
        (1, 10, 100, 1000),
        (10_000,),
        lambda replicas: QNN_XXZ._replace(epochs=EPOCHS),
        "constant",
        memory="constant",
        engine="trainer",
        replicas=lambda replicas: replicas,
    ),
    "cores": Scan(
        "cores",
        _powers_of_two(os.cpu_count() or 1),
        (),
        lambda cores: QNN_XXZ._replace(processes=cores),
        "inverse",
        engine="cores",
    ),
}
GROWTH = {f"{name}{n}": scan.spec(n) for name, scan in SCANS.items() for n in scan.sizes + scan.far}


def task(name: str) -> Task:
    return {**TASKS, **GROWTH}[name]
