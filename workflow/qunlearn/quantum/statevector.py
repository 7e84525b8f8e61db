"""The readout by evolved state vectors: for light cones too wide to hold 4^k Pauli strings.

Only the light cone's qubits are evolved, by a scan over layers: the rotations as two matrices, one for each half of the
qubits, the bonds as one diagonal. The qubits outside ride along as a batch.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from . import lightcone
from .ansatz import Ansatz

_GENERATORS = {"x": lightcone.PAULIS[1], "y": lightcone.PAULIS[2], "z": lightcone.PAULIS[3]}


def arranged(ansatz: Ansatz, states: np.ndarray) -> np.ndarray:
    """States (N, 2^L) with their qubits reordered: those outside the cone first, then the cone's register."""
    register = lightcone.support(ansatz)
    order = [q for q in range(ansatz.qubits) if q not in register] + register
    return states.reshape(-1, *(2,) * ansatz.qubits).transpose(0, *(q + 1 for q in order)).reshape(len(states), -1)


def _rotations(axes: str, angles) -> jnp.ndarray:
    """(..., 2, 2) products of rotations exp(-i t P / 2) about `axes`, the first acting first; angles (..., axes)."""
    cosines, sines = jnp.cos(angles / 2)[..., None, None], jnp.sin(angles / 2)[..., None, None]
    product = jnp.eye(2)
    for i, axis in enumerate(axes):
        product = (cosines[..., i, :, :] * np.eye(2) - 1j * sines[..., i, :, :] * _GENERATORS[axis]) @ product
    return product


def _kron(blocks) -> jnp.ndarray:
    """(D, 2^q, 2^q) from blocks (D, q, 2, 2)."""
    product = jnp.ones((len(blocks), 1, 1))
    for i in range(blocks.shape[1]):
        size = 2 * product.shape[1]
        product = jnp.einsum("lab,lcd->lacbd", product, blocks[:, i]).reshape(-1, size, size)
    return product


def evolved(ansatz: Ansatz, parameters, states):
    """Arranged states (B, 2^L) after all gates on the light cone's qubits."""
    register, kind = lightcone.support(ansatz), states.dtype
    k, half = len(register), len(register) // 2
    table = parameters.reshape(ansatz.depth, -1)
    angles = table[:, : 3 * ansatz.qubits].reshape(ansatz.depth, ansatz.qubits, 3)[:, np.array(register)]
    blocks = _rotations(ansatz.rotations, angles)
    first, second = _kron(blocks[:, :half]).astype(kind), _kron(blocks[:, half:]).astype(kind)

    inside = [i for i, bond in enumerate(ansatz.bonds) if set(bond) <= set(register)]
    bits = np.arange(2**k)[:, None] >> np.arange(k)[::-1] & 1
    pairs = [[register.index(q) for q in ansatz.bonds[i]] for i in inside]
    signs = np.array([np.prod(1 - 2 * bits[:, pair], axis=1) for pair in pairs], parameters.dtype).reshape(-1, 2**k)
    phases = table[:, 3 * ansatz.qubits :][:, np.array(inside, dtype=int)] @ signs
    phases = jnp.exp(-0.5j * phases).astype(kind).reshape(-1, 2**half, 2 ** (k - half))

    def layer(states, gates):
        first, second, phase = gates
        states = jnp.einsum("ab,nbc->nac", first, states @ second.T)
        return states * phase, None

    folded = states.reshape(-1, 2**half, 2 ** (k - half))
    return jax.lax.scan(layer, folded, (first, second, phases))[0].reshape(states.shape)


def _signed(states):
    """Z of the measured qubit, the register's last, on states (B, 2^L)."""
    return (states.reshape(-1, 2) * np.array([1, -1], states.real.dtype)).reshape(states.shape)


def expectation(ansatz: Ansatz, parameters, states):
    """(B,) values of <Z> on the measured qubit for arranged states (B, 2^L)."""
    states = evolved(ansatz, parameters, states)
    return jnp.sum((states.conj() * _signed(states)).real, axis=1)


def observable(ansatz: Ansatz, parameters, basis):
    """(2 r^2,) real and imaginary parts of <b_i|U^dagger Z U|b_j>, for arranged states (r, 2^L): what the readout is
    on the space that they span."""
    states = evolved(ansatz, parameters, basis)
    matrix = states.conj() @ _signed(states).T
    return jnp.concatenate([matrix.real.reshape(-1), matrix.imag.reshape(-1)])
