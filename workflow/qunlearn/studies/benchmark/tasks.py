"""What is timed: training problems of the study's shapes, filled with random unit vectors and
labels.

The arithmetic of an update does not depend on the values, so no data set is needed. This module is
read while planning.
"""

from __future__ import annotations

import tempfile
from typing import NamedTuple

import numpy as np

LEARNING_RATE = 0.01
#: Bytes of samples beyond which they stand on disk, in single precision, and are read in blocks.
IN_MEMORY = 2**29


class Qnn(NamedTuple):
    """A QNN on `width` amplitudes with `depth` layers, trained on `samples` states in minibatches
    of `batch`, `epochs` in one program, as the trainer does; slow engines get one. `processes`:
    that train beside each other."""

    width: int
    depth: int
    samples: int
    batch: int
    entangler: str = "chain"
    epochs: int = 10
    processes: int = 1

    kind = "qnn"

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


class Cone(NamedTuple):
    """Value and derivatives of <0|O(theta)|0>, O the readout of the QNN `of` evolved through its
    light cone, at so many `evaluations`: what every Pauli propagator computes, whatever it is then
    used for. In tables an evaluation counts as an update."""

    of: Qnn
    evaluations: int = 20

    kind = "cone"

    @property
    def options(self) -> dict:
        return self.of.options


class Mlp(NamedTuple):
    """An MLP with layers `hidden` on `width` inputs, trained on `samples` vectors in minibatches of
    `batch`, `epochs` in one program: a job's has 10 to 40."""

    width: int
    samples: int
    batch: int
    hidden: tuple[int, ...] = (64, 16)
    epochs: int = 20

    kind = "mlp"

    @property
    def options(self) -> dict:
        return {"family": "mlp", "hidden": list(self.hidden)}


Task = Qnn | Cone | Mlp

QNN_XXZ = Qnn(2**12, 4, 197, 32)
QNN_MNIST = Qnn(784, 6, 500, 256)
#: The study's training updates; widths of the MLPs are those that its input layer sees.
TASKS = {
    "qnn_xxz": QNN_XXZ,
    "qnn_mnist": QNN_MNIST,
    "cone_xxz": Cone(QNN_XXZ),
    "cone_mnist": Cone(QNN_MNIST),
    "mlp_digits": Mlp(64, 217, 32),
    "mlp_mnist": Mlp(784, 500, 256),
    "mlp_xxz": Mlp(8192, 197, 32),
}


def updates_per_epoch(spec: Qnn | Mlp) -> int:
    return -(-spec.samples // spec.batch)


def data(spec: Qnn | Mlp):
    """Unit vectors (samples, width) and labels (samples,), the same for every engine; where they
    are larger than IN_MEMORY, the vectors are a dataset of an HDF5 file that is gone with the
    process."""
    from qunlearn.runtime.keys import generator

    rng = generator("benchmark", "data")
    if np.float64().nbytes * spec.samples * spec.width > IN_MEMORY:
        x = _on_disk(rng, spec)
    else:
        x = _unit_vectors(rng, spec.samples, spec.width)
    return x, rng.integers(0, 2, spec.samples).astype(float)


def _unit_vectors(rng: np.random.Generator, samples: int, width: int) -> np.ndarray:
    x = rng.normal(size=(samples, width))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def _on_disk(rng: np.random.Generator, spec: Qnn | Mlp):
    """The same, (samples, width) in a file, written some rows after the others."""
    import h5py

    store = tempfile.TemporaryFile()  # noqa: SIM115  (it is gone with the process)
    file = h5py.File(store, "w")
    rows = IN_MEMORY // (8 * np.float64().nbytes * spec.width)
    found = file.create_dataset("x", (spec.samples, spec.width), np.float32)
    for first in range(0, spec.samples, rows):
        count = min(rows, spec.samples - first)
        found[first : first + count] = _unit_vectors(rng, count, spec.width)
    return found
