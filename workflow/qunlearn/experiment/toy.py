"""A task in the plane on which the decision function can be seen (paper, Fig. 2a), for the study's own models.

A point (u, v) of the square [-1, 1]^2 is a qubit cos(t/2) |0> + exp(i f) sin(t/2) |1> on a patch of the Bloch sphere
around its equator, t = (1 + u/2) pi/2 and f = v pi/2. Its state is n copies of that qubit: amplitudes for the QNN,
their real and imaginary parts for the MLP, as everywhere in the study. Class 1 lies above the line v = u/2.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from ..data import Dataset
from ..keys import generator
from ..problem import Cell, Problem
from ..training import Schedule, real_dtype
from .train import train

COLUMNS = ["model", "set", "u", "v", "class", "label", "flipped", "p"]
#: Points per axis of the grid that the decision function is drawn on.
GRID = 61
VALIDATION = 200


def boundary(u: np.ndarray) -> np.ndarray:
    """v of the true boundary between the classes."""
    return u / 2


def states(points: np.ndarray, qubits: int) -> np.ndarray:
    """(N, 2^qubits) product states of as many copies of each point's (N, 2) qubit."""
    theta, phi = np.pi / 2 * (1 + points[:, 0] / 2), np.pi / 2 * points[:, 1]
    qubit = np.stack([np.cos(theta / 2), np.exp(1j * phi) * np.sin(theta / 2)], axis=1)
    product = qubit
    for _ in range(qubits - 1):
        product = np.einsum("na,nb->nab", product, qubit).reshape(len(points), -1)
    return product


def build(points: int, qubits: int, seed: int) -> tuple[Dataset, dict[str, np.ndarray]]:
    """The task, and its points (N, 2) by set: `points` to train, VALIDATION clean ones, and the grid."""
    axis = np.linspace(-1, 1, GRID)
    places = {
        "train": generator("toy", seed, "train").uniform(-1, 1, (points, 2)),
        "validation": generator("toy", seed, "validation").uniform(-1, 1, (VALIDATION, 2)),
        "grid": np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2),
    }
    x, y = ([f(places[name]) for name in ("train", "validation")] for f in (lambda p: states(p, qubits), classes))
    blank = (np.full(points, np.nan), np.full(VALIDATION, np.nan))
    return Dataset("toy", x[0], y[0], x[1], y[1], ("below", "above"), *blank), places


def classes(points: np.ndarray) -> np.ndarray:
    """(N,) true class of points (N, 2)."""
    return (points[:, 1] > boundary(points[:, 0])).astype(np.int8)


def _probability(model, params, state, pool):
    """(N,) p of class 1."""
    return jax.nn.sigmoid(model.logits(params, state, pool)[0])


def run(
    points: int,
    qubits: int,
    alpha: float,
    seed: int,
    architectures: dict[str, dict],
    schedules: dict[str, Schedule],
    progress=lambda *_: None,
) -> pd.DataFrame:
    """Train every architecture on the same flipped labels: p of class 1 at every training point, validation point and
    grid point, and the true boundary."""
    dataset, places = build(points, qubits, seed)
    cell = Cell(alpha, seed)
    parts = []
    for i, (name, options) in enumerate(architectures.items()):

        def report(fraction, text, done=i, name=name):
            progress((done + fraction) / len(architectures), f"{name}: {text}")

        problem = Problem(dataset, name, options, "label_flipping", [seed])
        trained = train(problem, [cell], schedules[name], report)
        params, state = jax.tree.map(lambda a: jnp.asarray(a[0]), (trained.params, trained.state))
        answer = jax.jit(partial(_probability, problem.model))
        samples = problem.samples(cell)
        for part, where in places.items():
            pool = problem.pools[part] if part in problem.pools else problem.model.encode(states(where, qubits))
            frame = pd.DataFrame({"model": name, "set": part, "u": where[:, 0], "v": where[:, 1]})
            frame["class"] = frame["label"] = classes(where)
            frame["flipped"] = False
            if part == "train":
                frame["label"], frame["flipped"] = samples.labels, samples.forget
            p = answer(params, state, jnp.asarray(pool, real_dtype()))
            parts.append(frame.assign(p=np.asarray(p)))
    ends = np.array([-1.0, 1.0])
    line = pd.DataFrame({"model": "truth", "set": "boundary", "u": ends, "v": boundary(ends), "p": 0.5})
    return pd.concat([*parts, line], ignore_index=True)[COLUMNS]
