"""The readout by TensorCircuit's state vector: for light cones too wide to hold 4^k Pauli strings.

The state of all L qubits is evolved gate by gate for every sample, under jit and vmap.
"""

from __future__ import annotations

import jax

from .ansatz import Ansatz, readout, tensorcircuit


def expectation(ansatz: Ansatz, parameters, states):
    """(B,) values of <Z> on the measured qubit for states (B, 2^L)."""
    with tensorcircuit() as tc:
        return jax.vmap(lambda state: readout(tc, ansatz, parameters, state))(states)
