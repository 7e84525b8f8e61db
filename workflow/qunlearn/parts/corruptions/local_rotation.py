"""A backdoor of quantum states: one or two sites are turned by a local unitary.

The attacker can act on these sites, and knows no model. The unitary is the same at every seed;
which states it acts on is drawn. A site outside the light cone of a QNN's readout cannot be seen by
it: `local_rotation~site=0` of a circuit on a chain that is read at its other end.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from qunlearn.parts.corruptions import Backdoor
from qunlearn.parts.part import option
from qunlearn.quantum.local import PAULIS, no_states, on_qubit, turned


class LocalRotation(Backdoor):
    """States of which one or two sites are turned, exp(-i angle P / 2), labelled with the target class."""

    label = "local rotation"

    site: Annotated[int, Field(ge=-64, le=63)] = option(
        -1, says="site that is turned, from 0; a negative one counts from the end"
    )
    sites: Literal[1, 2] = option(
        1, says="1: P acts on it alone; 2: and on the one before it, around the ring"
    )
    axis: Literal["x", "y", "z"] = option("x", says="P is X, Y or Z on every site that it acts on")
    angle: Annotated[float, Field(ge=-2, le=2)] = option(1.0, says="angle, in units of pi")

    def misfit(self, source, dataset):
        return no_states(source, dataset, "images have pixel_patch")

    def problems(self, source, dataset):
        qubits = source.qubits()
        if qubits is None:
            return []
        if not -qubits <= self.site < qubits:
            return [
                f"site {self.site} is none of the {qubits} of {dataset}; take one from {-qubits} to {qubits - 1}"
            ]
        if self.sites > qubits:
            return [f"{dataset} has one site; take `sites=1`"]
        return []

    def triggered(self, x, image_shape):
        return turned(x, self._act)

    def _act(self, x):
        """cos(angle / 2) x - i sin(angle / 2) P x."""
        qubits = x.shape[1].bit_length() - 1
        half = np.pi * self.angle / 2
        flipped = x
        for step in range(self.sites):
            flipped = on_qubit(flipped, PAULIS[self.axis], (self.site - step) % qubits)
        return np.cos(half) * x - 1j * np.sin(half) * flipped
