"""How large gradients of the quantum neural network are: is a flat landscape robust, or a barren
plateau?

On a barren plateau (McClean et al., Nat. Commun. 9, 4812, 2018) derivatives vanish exponentially in
the number of qubits, almost everywhere: training would stand still, and a Hessian that does not
change under poison would mean nothing. Measured is the mean square of d<Z>/dtheta and of dL/dtheta,
over live parameters (those that can move the readout: `lightcone.live_gates`; all others have
derivative zero) and over an *ensemble*: angles uniform in [0, 2 pi), angles as training starts
with, or trained models. For uniform angles the mean of d<Z>/dtheta is zero, so its mean square is
its variance.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from qunlearn.experiment.answers import validation_answers
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.landscape.curvature import Hessians
from qunlearn.landscape.trained import trained_points
from qunlearn.quantum import lightcone, statevector
from qunlearn.quantum.classifier import QuantumClassifier
from qunlearn.quantum.features import reduced_states
from qunlearn.runtime.keys import generator, jax_key
from qunlearn.training.losses import in_precision

#: Training samples, spread evenly, whose d<Z>/dtheta is averaged at a trained model.
SAMPLES = 16


class Squares(NamedTuple):
    """(R,) mean squares over live parameters: of d<Z>/dtheta and of dL/dtheta."""

    readout: np.ndarray
    loss: np.ndarray


def two_design(qubits: int, purity: float = 1.0) -> float:
    """Variance of d<Z>/dtheta, R_P(theta) a Pauli rotation between two circuits that are 2-designs
    on `qubits` qubits, for an input state whose reduced state on them has this purity Tr rho^2:
        d^2 (d Tr rho^2 - 1) / (2 (d^2 - 1)^2),   d = 2^qubits;
    1/(2d) for pure states of many qubits.

    d<Z>/dtheta = Tr(A O)/2 with A = i[rho, P] and O = Z, rho and O each conjugated by a 2-design:
    E Tr(A O)^2 = Tr(A^2) Tr(O^2) / (d^2 - 1), and E Tr(A^2) = 2 d (d Tr rho^2 - 1) / (d^2 - 1).
    """
    d = 2.0**qubits
    return d**2 * (d * purity - 1) / (2 * (d**2 - 1) ** 2)


def purity(model: QuantumClassifier, states: np.ndarray) -> float:
    """Mean of Tr rho^2 over input states (N, d), or density matrices (N, d, d), rho reduced to the
    qubits of the readout's light cone."""
    encoded = model.states(states)
    if encoded.ndim == 3:
        reduced = reduced_states(model.circuit, encoded)  # (N, cone, cone)
        purities = np.sum(np.abs(reduced) ** 2, axis=(1, 2))
    else:
        cone = len(lightcone.support(model.circuit))
        psi = statevector.arranged(model.circuit, encoded)
        matrices = psi.reshape(len(states), -1, 2**cone)  # (N, other qubits, cone)
        schmidt = np.linalg.svd(matrices, compute_uv=False)
        purities = np.sum(schmidt**4, axis=1)
    return float(np.mean(purities))


def mean_squares(model: QuantumClassifier, thetas, pool, rows, labels) -> Squares:
    """At angles `thetas` (R, P): of <Z> the mean over the pool's `rows` (R, S), of the loss over
    the whole pool with `labels` (R, N). In single precision, as training."""
    pool = jnp.asarray(pool, jnp.float32)
    live = np.array(model.live)

    def at_angles(arguments):
        theta, rows, labels = arguments

        def logits(theta):
            return model.logits({"theta": theta}, {}, pool)[0]

        z, pull_back = jax.vjp(logits, theta)  # (N,)

        def mean_square(weights):
            (gradient,) = pull_back(weights)
            return jnp.mean(gradient[live] ** 2)

        readouts = jax.nn.one_hot(rows, len(z), dtype=z.dtype) / model.scale  # (S, N)
        loss = (jax.nn.sigmoid(z) - labels) / len(z)  # (N,) dL/dz
        weights = jnp.concatenate([readouts, loss[None]])
        squares = jax.lax.map(mean_square, weights)
        return jnp.mean(squares[:-1]), squares[-1]

    _, at_once = model.together or (1, 1)
    over_replicas = jax.jit(partial(jax.lax.map, at_angles, batch_size=at_once))
    thetas, labels = (jnp.asarray(array, jnp.float32) for array in (thetas, labels))
    found = over_replicas((thetas, jnp.asarray(rows), labels))
    return Squares(*map(np.asarray, found))


def untrained(problem: Problem, draws: int) -> pd.DataFrame:
    """Over `draws` circuits with uniform ('random') and with initial angles: each at one training
    state, drawn too, and the loss on the clean training set. A row per circuit, numbered in the
    column `seed`."""
    model, answers = problem.model, problem.dataset.y_train
    circuit = model.circuit
    names = problem.dataset.name, "gradients", circuit.qubits, circuit.depth
    draw = generator(*names)
    random = draw.uniform(0, 2 * np.pi, (draws, circuit.parameters))
    rows = draw.integers(len(answers), size=(draws, 1))
    keys = jnp.stack([jax_key(*names, number) for number in range(draws)])
    initial = jax.vmap(model.init)(keys)[0]["theta"]  # (draws, P)
    found = mean_squares(
        model,
        np.concatenate([random, initial]),
        problem.pools["train"],
        np.tile(rows, (2, 1)),
        np.tile(answers.astype(float), (2 * draws, 1)),
    )
    ensembles = np.repeat(["random", "initial"], draws)
    numbers = np.tile(np.arange(draws), 2)
    return pd.DataFrame({"ensemble": ensembles, "seed": numbers, **found._asdict()})


def trained(problem: Problem, cells: list[Cell], variables: tuple[dict, dict]) -> pd.DataFrame:
    """At each cell's trained model: mean squares, the loss on its own training set; the trace of
    that loss's Hessian, which the landscape roughening ratio is of; and its validation accuracy. A
    row per cell. `variables` is (params, state), cells along the first axis."""
    pool = problem.pools["train"]
    labels = np.array([problem.samples(cell).labels for cell in cells], float)  # (cells, N)
    rows = np.unique(np.linspace(0, len(pool) - 1, SAMPLES).astype(int))
    rows = np.tile(rows, (len(cells), 1))
    found = mean_squares(problem.model, variables[0]["theta"], pool, rows, labels)
    columns = {
        "ensemble": "trained",
        "alpha": [cell.alpha for cell in cells],
        "seed": [cell.seed for cell in cells],
        **found._asdict(),
        "trace": traces(problem, cells, variables),
        "val_accuracy": validation_answers(problem, in_precision(variables)).accuracy,
    }
    return pd.DataFrame(columns)


def traces(problem: Problem, cells: list[Cell], variables: tuple[dict, dict]) -> np.ndarray:
    """(cells,) Hessian traces of each cell's loss over its training set."""
    hessian = Hessians(problem.model)
    points = trained_points(problem, cells, variables)
    return np.array([np.trace(hessian(each.point)) for each in points])


def shape(problem: Problem) -> dict:
    """What the circuit is: qubits, depth, qubits in the light cone, live parameters; the mean
    purity of training states on the light cone, and the variance of d<Z>/dtheta if the circuit were
    a 2-design there."""
    circuit = problem.model.circuit
    cone = len(lightcone.support(circuit))
    mixed = purity(problem.model, problem.dataset.x_train)
    return {
        "qubits": circuit.qubits,
        "depth": circuit.depth,
        "cone": cone,
        "live_parameters": problem.model.parameters()["live"],
        "purity": mixed,
        "two_design": two_design(cone, mixed),
    }
