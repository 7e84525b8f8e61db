"""The quantum neural network (paper, Fig. 4a): amplitude encoding, the variational circuit, one logit.

z = s <Z_m>, p = sigmoid(z), s the readout scale. The logit is linear in features of the input state, computed once,
wherever one of two things is narrow: the light cone of Z_m (at most MAX_CONE qubits; the features are the Pauli
expectations of the reduced state, `quantum.lightcone`) or the space that all input states span (at most MAX_SPAN
dimensions, as for ground states along one line of a phase diagram; the features are products of coordinates). Else
every state is evolved (`quantum.statevector`).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ..quantum import lightcone, statevector
from ..quantum.ansatz import Ansatz
from . import base

#: Widest light cone, in qubits, that is held as 4^k Pauli strings.
MAX_CONE = 8
#: Most dimensions of the inputs' span that are evolved in place of the states themselves.
MAX_SPAN = 32
#: Directions whose singular value is below this fraction of the largest do not count for the span.
SPAN_TOLERANCE = 1e-8
INITIAL_ANGLE = 0.01  # standard deviation, radians


def amplitudes(x: np.ndarray) -> np.ndarray:
    """Rows zero-padded to the next power of two: amplitude encoding of unit-norm vectors."""
    size = 1 << max(1, (x.shape[1] - 1).bit_length())
    return x if size == x.shape[1] else np.pad(x, ((0, 0), (0, size - x.shape[1])))


def span(states: np.ndarray) -> np.ndarray:
    """(r, d) orthonormal rows that span all states (N, d)."""
    _, values, rows = np.linalg.svd(states, full_matrices=False)
    return rows[values > SPAN_TOLERANCE * values[0]]


def complex_dtype(real):
    return jnp.result_type(real.dtype, jnp.complex64)


class Model(base.Model):
    """`depth` layers; `entangler` chain | ring; `rotations` xyx | xyz; `readout_scale` s; `measure` last | qubit."""

    def __init__(
        self, inputs: list[np.ndarray], depth: int, entangler: str, rotations: str, readout_scale: float, measure
    ):
        qubits = amplitudes(inputs[0][:1]).shape[1].bit_length() - 1
        last = qubits - 1 if measure == "last" else measure
        self.ansatz = Ansatz(qubits, depth, entangler, rotations, last)
        self.scale, self.clean = readout_scale, len(inputs[0])
        states = [amplitudes(x) for x in inputs]
        if len(lightcone.support(self.ansatz)) <= MAX_CONE:
            self.engine = "cone"
        else:
            self.basis = span(statevector.arranged(self.ansatz, np.concatenate(states)))
            self.engine = "span" if len(self.basis) <= MAX_SPAN else "states"
        if self.engine != "cone":
            self.together = 1  # one replica's states fill the cache
        if self.engine != "states":
            self.columns = base.columns_in_use([self._features(part) for part in states])

    def _features(self, states):
        if self.engine == "cone":
            return lightcone.pauli_features(self.ansatz, states)
        coordinates = statevector.arranged(self.ansatz, states) @ self.basis.conj().T
        products = (coordinates.conj()[:, :, None] * coordinates[:, None, :]).reshape(len(states), -1)
        return np.concatenate([products.real, -products.imag], axis=1)

    def _observable(self, theta):
        if self.engine == "cone":
            return lightcone.observable(self.ansatz, theta)
        return statevector.observable(self.ansatz, theta, jnp.asarray(self.basis, complex_dtype(theta)))

    def encode(self, x):
        """Features (N, columns in use), or arranged amplitudes (N, 2, 2^L) as real and imaginary parts."""
        states = amplitudes(x)
        if self.engine != "states":
            return self._features(states)[:, self.columns]
        states = statevector.arranged(self.ansatz, states)
        return np.stack([states.real, states.imag], axis=1)

    def init(self, key):
        return {"theta": INITIAL_ANGLE * jax.random.normal(key, (self.ansatz.parameters,))}, {}

    def parameters(self):
        """Gates outside the light cone of the readout, or diagonal at its end, are not live."""
        return {"all": self.ansatz.parameters, "live": len(lightcone.live_gates(self.ansatz))}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        if self.engine != "states":
            observable = self.scale * self._observable(params["theta"])[self.columns]
            if rows is None:
                return pool @ observable, state
            if len(pool) == self.clean:  # replicas share the pool: one matrix product serves them all
                return (pool @ observable)[rows], state
            return pool[rows] @ observable, state
        chosen = pool if rows is None else pool[rows]
        states = chosen[:, 0] + 1j * chosen[:, 1]
        return self.scale * statevector.expectation(self.ansatz, params["theta"], states), state
