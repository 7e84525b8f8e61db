"""Graded noise on quantum states: every qubit is turned about a random axis, label kept, as by
gates of a device that are not quite those asked for. Seeds draw which states, the axes and the
angles."""

from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field

from qunlearn.parts.corruptions import Corruption
from qunlearn.parts.part import option
from qunlearn.quantum.local import PAULIS, no_states, on_qubit, turned


class RotatedStates(Corruption):
    """States whose every qubit is turned about a random axis by a random angle, label kept."""

    label = "rotated states"
    twin_features = "rotated states"

    sigma: Annotated[float, Field(ge=0, le=100)] = option(
        0.2, says="standard deviation of the angle, in units of pi"
    )

    def misfit(self, source, dataset):
        return no_states(source, dataset, "features have feature_noise")

    def twins(self, x, y, rng):
        qubits = x.shape[1].bit_length() - 1
        for qubit in range(qubits):
            gates = self._turns(len(x), rng)
            x = turned(x, partial(on_qubit, gates=gates, qubit=qubit))
        return x, None

    def _turns(self, count, rng):
        """(N, 2, 2) gates exp(-i angle n.P / 2) about random axes n."""
        axes = rng.standard_normal((count, 3))
        axes /= np.linalg.norm(axes, axis=1, keepdims=True)
        half = np.pi * self.sigma * rng.standard_normal(count) / 2
        half = half[:, None, None]
        paulis = np.stack(list(PAULIS.values()))  # (3, 2, 2)
        along = np.einsum("nk,kab->nab", axes, paulis)
        return np.cos(half) * np.eye(2) - 1j * np.sin(half) * along
