"""How large gradients of the quantum neural network are: is a flat landscape robust, or a barren plateau?

On a barren plateau (McClean et al., Nat. Commun. 9, 4812, 2018) derivatives vanish exponentially in the number of
qubits, almost everywhere: training would stand still, and a Hessian that does not change under poison would mean
nothing. Measured is the mean square of d<Z>/dtheta and of dL/dtheta, over live parameters (those that can move the
readout: `lightcone.live_gates`; all others have derivative zero) and over an *ensemble*: angles uniform in [0, 2 pi),
angles as training starts with, or trained models. For uniform angles the mean of d<Z>/dtheta is zero, so its mean
square is its variance.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from ..keys import generator, jax_key
from ..landscape import split_trace
from ..models import qnn
from ..problem import Cell, Problem
from ..quantum import lightcone, statevector
from .landscapes import validation_accuracy

#: Training samples, spread evenly, whose d<Z>/dtheta is averaged at a trained model.
SAMPLES = 16


class Squares(NamedTuple):
    """(R,) mean squares over live parameters: of d<Z>/dtheta and of dL/dtheta."""

    readout: np.ndarray
    loss: np.ndarray


def two_design(qubits: int, purity: float = 1.0) -> float:
    """Variance of d<Z>/dtheta, R_P(theta) a Pauli rotation between two circuits that are 2-designs on `qubits` qubits,
    for an input state whose reduced state on them has this purity Tr rho^2: d^2 (d Tr rho^2 - 1) / (2 (d^2 - 1)^2) with
    d = 2^qubits; 1/(2d) for pure states of many qubits.

    d<Z>/dtheta = Tr(A O)/2 with A = i[rho, P] and O = Z, rho and O each conjugated by a 2-design:
    E Tr(A O)^2 = Tr(A^2) Tr(O^2) / (d^2 - 1), and E Tr(A^2) = 2 d (d Tr rho^2 - 1) / (d^2 - 1).
    """
    d = 2.0**qubits
    return d**2 * (d * purity - 1) / (2 * (d**2 - 1) ** 2)


def purity(model: qnn.Model, states: np.ndarray) -> float:
    """Mean of Tr rho^2 over input states (N, d), rho reduced to the qubits of the readout's light cone."""
    register = lightcone.support(model.ansatz)
    psi = statevector.arranged(model.ansatz, qnn.amplitudes(states)).reshape(len(states), -1, 2 ** len(register))
    return float(np.mean(np.sum(np.linalg.svd(psi, compute_uv=False) ** 4, axis=1)))


def mean_squares(model: qnn.Model, thetas, pool, rows, labels) -> Squares:
    """At angles `thetas` (R, P): of <Z> the mean over the pool's `rows` (R, S), of the loss over the whole pool with
    `labels` (R, N)."""
    pool = jnp.asarray(pool)
    live = np.array([gate.parameter for gate in lightcone.live_gates(model.ansatz)])

    def one(arguments):
        theta, rows, labels = arguments
        z, pull = jax.vjp(lambda t: model.logits({"theta": t}, {}, pool)[0], theta)
        slope = (jax.nn.sigmoid(z) - labels) / len(z)
        readouts = jax.nn.one_hot(rows, len(z), dtype=z.dtype) / model.scale
        squares = jax.lax.map(lambda c: jnp.mean(pull(c)[0][live] ** 2), jnp.concatenate([readouts, slope[None]]))
        return jnp.mean(squares[:-1]), squares[-1]

    found = jax.jit(lambda *arguments: jax.lax.map(one, arguments))(*map(jnp.asarray, (thetas, rows, labels)))
    return Squares(*map(np.asarray, found))


def untrained(problem: Problem, draws: int) -> pd.DataFrame:
    """Over `draws` circuits with uniform ('random') and with initial angles: each at one training state, drawn too, and
    the loss on the clean training set. A row per circuit, numbered in the column `seed`."""
    model, dataset = problem.model, problem.dataset
    names = dataset.name, "gradients", model.ansatz.qubits, model.ansatz.depth
    draw = generator(*names)
    random = draw.uniform(0, 2 * np.pi, (draws, model.ansatz.parameters))
    initial = jax.vmap(model.init)(jnp.stack([jax_key(*names, i) for i in range(draws)]))[0]["theta"]
    rows = np.tile(draw.integers(len(dataset.y_train), size=(draws, 1)), (2, 1))
    labels = np.tile(dataset.y_train.astype(float), (2 * draws, 1))
    found = mean_squares(model, np.concatenate([random, initial]), problem.pools["train"], rows, labels)
    ensembles = np.repeat(["random", "initial"], draws)
    return pd.DataFrame({"ensemble": ensembles, "seed": np.tile(np.arange(draws), 2), **found._asdict()})


def trained(problem: Problem, cells: list[Cell], variables: tuple[dict, dict]) -> pd.DataFrame:
    """At each cell's trained model: mean squares, the loss on its own training set; the trace of that loss's Hessian,
    which the landscape roughening ratio is of; and its validation accuracy. A row per cell."""
    pool = jnp.asarray(problem.pools["train"])
    rows = np.unique(np.linspace(0, len(pool) - 1, SAMPLES).astype(int))
    labels = np.array([problem.samples(cell).labels for cell in cells], float)
    variables = jax.tree.map(lambda a: jnp.asarray(a, float), variables)
    found = mean_squares(problem.model, variables[0]["theta"], pool, np.tile(rows, (len(cells), 1)), labels)

    def trace(arguments):
        theta, labels = arguments
        return sum(split_trace(problem.model, {"theta": theta}, {}, pool, np.arange(len(pool)), labels))

    traces = jax.jit(lambda *arguments: jax.lax.map(trace, arguments))(variables[0]["theta"], jnp.asarray(labels))
    names = {"alpha": [cell.alpha for cell in cells], "seed": [cell.seed for cell in cells]}
    accuracy = validation_accuracy(problem, variables)
    return pd.DataFrame(
        {"ensemble": "trained", **names, **found._asdict(), "trace": np.asarray(traces), "val_accuracy": accuracy}
    )


def shape(problem: Problem) -> dict:
    """What the circuit is: qubits, depth, qubits in the light cone, live parameters; the mean purity of training states
    on the light cone, and the variance of d<Z>/dtheta if the circuit were a 2-design there."""
    model = problem.model
    cone, mixed = len(lightcone.support(model.ansatz)), purity(model, problem.dataset.x_train)
    return {
        "qubits": model.ansatz.qubits,
        "depth": model.ansatz.depth,
        "cone": cone,
        "live_parameters": model.parameters()["live"],
        "purity": mixed,
        "two_design": two_design(cone, mixed),
    }
