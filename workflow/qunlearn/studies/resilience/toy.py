"""A task in the plane on which the decision function can be seen (paper, Fig. 2a).

A point (u, v) of the square [-1, 1]^2 is a qubit cos(t/2) |0> + exp(i f) sin(t/2) |1> on a patch of
the Bloch sphere around its equator, t = (1 + u/2) pi/2 and f = v pi/2. Its state is n copies of
that qubit: amplitudes for a QNN, their real and imaginary parts for an MLP, as everywhere in the
study. Class 1 lies above the line v = u/2; some labels of the training points are flipped.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.parts.datasets import Dataset
from qunlearn.runtime.keys import generator
from qunlearn.training.losses import real_dtype
from qunlearn.training.schedule import Schedule

COLUMNS = ["model", "set", "u", "v", "class", "label", "flipped", "p"]
#: Points per axis of the grid that the decision function is drawn on.
GRID = 61
VALIDATION = 200


def boundary(u: np.ndarray) -> np.ndarray:
    """v of the true boundary between the classes."""
    return u / 2


def classes(points: np.ndarray) -> np.ndarray:
    """(N,) true class of points (N, 2)."""
    return (points[:, 1] > boundary(points[:, 0])).astype(np.int8)


def states(points: np.ndarray, qubits: int) -> np.ndarray:
    """(N, 2^qubits) product states of as many copies of each point's (N, 2) qubit."""
    theta = np.pi / 2 * (1 + points[:, 0] / 2)
    phi = np.pi / 2 * points[:, 1]
    up = np.cos(theta / 2)
    down = np.exp(1j * phi) * np.sin(theta / 2)
    qubit = np.stack([up, down], axis=1)  # (N, 2)
    product = qubit
    for _ in range(qubits - 1):
        pairs = np.einsum("na,nb->nab", product, qubit)
        product = pairs.reshape(len(points), -1)
    return product


def build(points: int, qubits: int, seed: int) -> tuple[Dataset, dict[str, np.ndarray]]:
    """The task, and its points (N, 2) by set: `points` to train, VALIDATION clean ones, the grid."""
    axis = np.linspace(-1, 1, GRID)
    places = {
        "train": generator("toy", seed, "train").uniform(-1, 1, (points, 2)),
        "validation": generator("toy", seed, "validation").uniform(-1, 1, (VALIDATION, 2)),
        "grid": np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2),
    }
    dataset = Dataset(
        name="toy",
        x_train=states(places["train"], qubits),
        y_train=classes(places["train"]),
        x_validation=states(places["validation"], qubits),
        y_validation=classes(places["validation"]),
        class_names=("below", "above"),
        coordinate_train=np.full(points, np.nan),
        coordinate_validation=np.full(VALIDATION, np.nan),
    )
    return dataset, places


def run(
    points: int,
    qubits: int,
    alpha: float,
    seed: int,
    architectures: dict[str, dict],
    schedules: dict[str, Schedule],
    progress=lambda *_: None,
) -> pd.DataFrame:
    """Train every architecture on the same flipped labels: p of class 1 at every training point,
    validation point and grid point, and the true boundary."""
    dataset, places = build(points, qubits, seed)
    cell = Cell(alpha, seed)
    parts = []
    for done, (name, options) in enumerate(architectures.items()):

        def report(fraction, text, done=done, name=name):
            progress((done + fraction) / len(architectures), f"{name}: {text}")

        problem = Problem(dataset, name, options, "label_flipping", [seed])
        trained = train(problem, [cell], schedules[name], report)
        for part, probabilities in answers(problem, trained, places, qubits).items():
            frame = _frame(name, part, places[part], probabilities)
            if part == "train":
                samples = problem.samples(cell)
                frame["label"], frame["flipped"] = samples.labels, samples.forget
            parts.append(frame)
    return pd.concat([*parts, _boundary_frame()], ignore_index=True)[COLUMNS]


def answers(
    problem: Problem, trained, places: dict[str, np.ndarray], qubits: int
) -> dict[str, np.ndarray]:
    """(N,) p of class 1 of a problem's only trained model, at the points of every set."""
    variables = jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), (trained.params, trained.state))
    answer = jax.jit(partial(_probability, problem.model))
    found = {}
    for part, points in places.items():
        pool = problem.pools.get(part)
        if pool is None:
            pool = problem.model.encode(states(points, qubits))
        pool = jnp.asarray(pool, real_dtype())
        found[part] = np.asarray(answer(*variables, pool))
    return found


def _probability(model, params, state, pool):
    """(N,) p of class 1."""
    return jax.nn.sigmoid(model.logits(params, state, pool)[0])


def _frame(name: str, part: str, points: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    truth = classes(points)
    return pd.DataFrame(
        {
            "model": name,
            "set": part,
            "u": points[:, 0],
            "v": points[:, 1],
            "class": truth,
            "label": truth,
            "flipped": False,
            "p": probabilities,
        }
    )


def _boundary_frame() -> pd.DataFrame:
    """The ends of the true boundary."""
    ends = np.array([-1.0, 1.0])
    rows = {"model": "truth", "set": "boundary", "u": ends, "v": boundary(ends), "p": 0.5}
    return pd.DataFrame(rows)
