"""The quantum neural network (paper, Fig. 4a): amplitude encoding, the variational circuit, one logit.

z = s <Z_m>, p = sigmoid(z), s the readout scale. Where the light cone of Z_m is narrow (at most MAX_CONE qubits) the
logit is linear in the Pauli features of the reduced state (`quantum.lightcone`); else the full state is simulated.
"""

from __future__ import annotations

import jax
import numpy as np

from ..quantum import lightcone, statevector
from ..quantum.ansatz import Ansatz
from . import base

#: Widest light cone, in qubits, that is held as 4^k Pauli strings.
MAX_CONE = 8
INITIAL_ANGLE = 0.01  # standard deviation, radians


def amplitudes(x: np.ndarray) -> np.ndarray:
    """Rows zero-padded to the next power of two: amplitude encoding of unit-norm vectors."""
    size = 1 << max(1, (x.shape[1] - 1).bit_length())
    return np.pad(x, ((0, 0), (0, size - x.shape[1])))


class Model(base.Model):
    """`depth` layers; `entangler` chain | ring; `rotations` xyx | xyz; `readout_scale` s; `measure` last | qubit."""

    def __init__(
        self, inputs: list[np.ndarray], depth: int, entangler: str, rotations: str, readout_scale: float, measure
    ):
        qubits = amplitudes(inputs[0][:1]).shape[1].bit_length() - 1
        last = qubits - 1 if measure == "last" else measure
        self.ansatz = Ansatz(qubits, depth, entangler, rotations, last)
        self.scale, self.clean = readout_scale, len(inputs[0])
        self.narrow = len(lightcone.support(self.ansatz)) <= MAX_CONE
        if self.narrow:
            features = [lightcone.pauli_features(self.ansatz, amplitudes(x)) for x in inputs]
            self.columns = base.columns_in_use(features)

    def encode(self, x):
        """Pauli features (N, columns in use), or amplitudes (N, 2, 2^L) as real and imaginary parts."""
        states = amplitudes(x)
        if self.narrow:
            return lightcone.pauli_features(self.ansatz, states)[:, self.columns]
        return np.stack([states.real, states.imag], axis=1)

    def init(self, key):
        return {"theta": INITIAL_ANGLE * jax.random.normal(key, (self.ansatz.parameters,))}, {}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        if self.narrow:
            observable = self.scale * lightcone.observable(self.ansatz, params["theta"])[self.columns]
            if rows is None:
                return pool @ observable, state
            if len(pool) == self.clean:  # replicas share the pool: one matrix product serves them all
                return (pool @ observable)[rows], state
            return pool[rows] @ observable, state
        chosen = pool if rows is None else pool[rows]
        states = chosen[:, 0] + 1j * chosen[:, 1]
        return self.scale * statevector.expectation(self.ansatz, params["theta"], states), state
