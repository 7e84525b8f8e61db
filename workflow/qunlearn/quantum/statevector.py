"""The readout by evolved state vectors: for light cones too wide to hold 4^k Pauli strings.

Only the light cone's qubits are evolved, by a scan over layers: the rotations as two matrices, one for each half of the
qubits, the bonds as one diagonal. The qubits outside ride along as a batch. The last layers, whose own light cone fits
into half of the register, are not applied to the states but to the observable.
"""

from __future__ import annotations

from dataclasses import replace

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
        product = jnp.einsum("lab,lcd->lacbd", product, blocks[:, i]).reshape(len(blocks), size, size)
    return product


def _last_layers(ansatz: Ansatz) -> Ansatz:
    """As many of the circuit's last layers as have a light cone of at most half the register."""
    most = (len(lightcone.support(ansatz)) + 1) // 2
    depths = [d for d in range(1, ansatz.depth + 1) if len(lightcone.support(replace(ansatz, depth=d))) <= most]
    return replace(ansatz, depth=depths[-1])


def _evolved(ansatz: Ansatz, table, states):
    """Arranged states (B, 2^L) after all gates on the light cone's qubits in the first layers; `table` has a row of
    parameters for each of these."""
    register, kind, depth = lightcone.support(ansatz), states.dtype, len(table)
    k, half = len(register), len(register) // 2
    angles = table[:, : 3 * ansatz.qubits].reshape(depth, ansatz.qubits, 3)[:, np.array(register)]
    blocks = _rotations(ansatz.rotations, angles)
    first, second = _kron(blocks[:, :half]).astype(kind), _kron(blocks[:, half:]).astype(kind)

    inside = [i for i, bond in enumerate(ansatz.bonds) if set(bond) <= set(register)]
    bits = np.arange(2**k)[:, None] >> np.arange(k)[::-1] & 1
    pairs = [[register.index(q) for q in ansatz.bonds[i]] for i in inside]
    signs = np.array([np.prod(1 - 2 * bits[:, pair], axis=1) for pair in pairs], table.dtype).reshape(-1, 2**k)
    phases = table[:, 3 * ansatz.qubits :][:, np.array(inside, dtype=int)] @ signs
    phases = jnp.exp(-0.5j * phases).astype(kind).reshape(depth, 2**half, 2 ** (k - half))

    def layer(states, gates):
        first, second, phase = gates
        states = jnp.einsum("ab,nbc->nac", first, states @ second.T)
        return states * phase, None

    folded = states.reshape(-1, 2**half, 2 ** (k - half))
    return jax.lax.scan(layer, folded, (first, second, phases))[0].reshape(states.shape)


def _observable_matrix(ansatz: Ansatz, parameters):
    """(2^m, 2^m) matrix of U^dagger Z U on the m qubits of a circuit's light cone."""
    m = len(lightcone.support(ansatz))
    tensor = lightcone.observable(ansatz, parameters).reshape((4,) * m)
    for _ in range(m):
        tensor = jnp.tensordot(tensor, lightcone.PAULIS, axes=(0, 0))
    return tensor.transpose(*range(0, 2 * m, 2), *range(1, 2 * m, 2)).reshape(2**m, 2**m)


def _halves(ansatz: Ansatz, parameters, states):
    """Arranged states (B, 2^L) after the first layers, and the observable of the last ones applied to them."""
    last = _last_layers(ansatz)
    table = parameters.reshape(ansatz.depth, -1)
    first = ansatz.depth - last.depth
    states = _evolved(ansatz, table[:first], states)
    matrix = _observable_matrix(last, table[first:].reshape(-1)).astype(states.dtype)
    return states, (states.reshape(-1, len(matrix)) @ matrix.T).reshape(states.shape)


def expectation(ansatz: Ansatz, parameters, states):
    """(B,) values of <Z> on the measured qubit for arranged states (B, 2^L)."""
    states, images = _halves(ansatz, parameters, states)
    return jnp.sum((states.conj() * images).real, axis=1)


def observable(ansatz: Ansatz, parameters, basis):
    """(2 r^2,) real and imaginary parts of <b_i|U^dagger Z U|b_j>, for arranged states (r, 2^L): what the readout is
    on the space that they span."""
    states, images = _halves(ansatz, parameters, basis)
    matrix = states.conj() @ images.T
    return jnp.concatenate([matrix.real.reshape(-1), matrix.imag.reshape(-1)])
