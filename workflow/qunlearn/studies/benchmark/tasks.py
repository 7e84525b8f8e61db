"""What is timed: training problems of the study's shapes, filled with random unit vectors and
labels.

The arithmetic of an update does not depend on the values, so no data set is needed. This module is
read while planning.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

LEARNING_RATE = 0.01


class Qnn(NamedTuple):
    """A QNN on `width` amplitudes with `depth` layers, trained on `samples` states in minibatches
    of `batch`, `epochs` in one program, as the trainer does; slow engines get fewer."""

    width: int
    depth: int
    samples: int
    batch: int
    entangler: str = "chain"
    epochs: int = 10

    @property
    def options(self) -> dict:
        """The architecture, as a block of the configuration."""
        return {
            "family": "qnn",
            "depth": self.depth,
            "entangler": self.entangler,
            "rotations": "xyx",
            "readout_scale": 5.0,
            "measure": "last",
        }


class Mlp(NamedTuple):
    """An MLP with layers `hidden` on `width` inputs, trained on `samples` vectors in minibatches of
    `batch`, `epochs` in one program."""

    width: int
    samples: int
    batch: int
    hidden: tuple[int, ...] = (64, 16)
    epochs: int = 10

    @property
    def options(self) -> dict:
        return {"family": "mlp", "hidden": list(self.hidden)}


Task = Qnn | Mlp

QNN_XXZ = Qnn(2**12, 4, 197, 32)
#: The study's training updates; widths of the MLPs are those that its input layer sees.
TASKS = {
    "qnn_xxz": QNN_XXZ,
    "qnn_mnist": Qnn(784, 6, 500, 256),
    "mlp_digits": Mlp(64, 217, 32),
    "mlp_mnist": Mlp(784, 500, 256),
    "mlp_xxz": Mlp(8192, 197, 32),
}
#: One quantity of the XXZ task varied at a time.
GROWTH = {
    **{f"qubits{n}": QNN_XXZ._replace(width=2**n, samples=64) for n in (8, 12, 16, 20)},
    **{f"depth{n}": QNN_XXZ._replace(depth=n) for n in (2, 4, 6, 8)},
    **{f"samples{n}": QNN_XXZ._replace(samples=n) for n in (100, 500, 2000)},
    **{f"ring_depth{n}": QNN_XXZ._replace(depth=n, entangler="ring") for n in (2, 3, 4)},
}
#: Engines by family; the first is this project's own.
ENGINES = {
    "qnn": ("light_cone", "statevector", "pennylane", "contractor"),
    "mlp": ("project", "one_by_one", "scikit_learn"),
}
OWN = ("light_cone", "project")
PRECISION = {"contractor": "double"}  # all others: single


def task(name: str) -> Task:
    return {**TASKS, **GROWTH}[name]


def engines(name: str) -> list[str]:
    """Engines that run a task: PennyLane only where it is installed."""
    found = list(ENGINES[task(name).options["family"]])
    if "pennylane" in found and find_spec("pennylane") is None:
        found.remove("pennylane")
    return found


def updates_per_epoch(spec: Task) -> int:
    return -(-spec.samples // spec.batch)


def data(spec: Task) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (samples, width) and labels (samples,), the same for every engine."""
    from qunlearn.runtime.keys import generator

    rng = generator("benchmark", "data")
    x = rng.normal(size=(spec.samples, spec.width))
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    labels = rng.integers(0, 2, spec.samples)
    return x / lengths, labels.astype(float)
