"""Graded noise on quantum states: every qubit is depolarised, label kept.

Density matrices: rho -> (1 - p) rho + p Tr_q(rho) x 1/2 for every qubit q (Nielsen and Chuang, Sec.
8.3.4). A state vector cannot hold that mixture: it becomes one run of the channel, every qubit
meeting, with probability p, one of 1, X, Y, Z drawn at random, whose mean is the channel. Feature
randomisation is what p = 1 comes close to.
"""

from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field

from qunlearn.parts.corruptions import Corruption
from qunlearn.parts.part import option
from qunlearn.quantum.local import PAULIS, no_states, on_qubit, turned


class Depolarizing(Corruption):
    """States whose every qubit is replaced by noise with probability p, label kept."""

    label = "depolarised states"
    twin_features = "depolarised states"

    p: Annotated[float, Field(ge=0, le=1)] = option(
        0.1, says="probability per qubit that its state is replaced by noise"
    )

    def misfit(self, source, dataset):
        return no_states(source, dataset, "features have feature_noise")

    def twins(self, x, y, rng):
        qubits = x.shape[1].bit_length() - 1
        for qubit in range(qubits):
            x = self._mixed(x, qubit) if x.ndim == 3 else self._one_run(x, qubit, rng)
        return x, None

    def _mixed(self, rho, qubit):
        """Density matrices (N, 2^L, 2^L) after the channel on one qubit."""
        hit = 0
        for pauli in PAULIS.values():
            hit = hit + turned(rho, partial(on_qubit, gates=pauli, qubit=qubit))
        return (1 - 0.75 * self.p) * rho + 0.25 * self.p * hit

    def _one_run(self, psi, qubit, rng):
        """State vectors (N, 2^L) after one run of it."""
        choices = np.stack([np.eye(2), *PAULIS.values()])  # (4, 2, 2)
        drawn = rng.integers(4, size=len(psi))
        is_hit = rng.random(len(psi)) < self.p
        return on_qubit(psi, choices[np.where(is_hit, drawn, 0)], qubit)
