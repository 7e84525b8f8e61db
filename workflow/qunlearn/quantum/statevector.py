"""The readout by evolved state vectors: for light cones too wide to hold 4^k Pauli strings.

Only the light cone's qubits are evolved, by a scan over layers: the rotations as two matrices, one for each half of the
qubits, the bonds as one diagonal. The qubits outside ride along as a batch. The last layers, whose own light cone fits
into half of the register, are not applied to the states but to the observable.

All in real arithmetic, for which matrix products have faster code: amplitudes carry an axis of length 2, real and
imaginary part, and a complex matrix is a real one of twice the size. *Folded* amplitudes are (batch, 2^a, 2, 2^b), a
row for every basis state of the register's first half.
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


def parts(states: np.ndarray) -> np.ndarray:
    """(N, 2, d) real and imaginary parts of complex amplitudes (N, d)."""
    return np.stack([states.real, states.imag], axis=1)


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


def _real(matrices):
    """(..., 2 d, 2 d) real matrices that do from the right, to rows of d real parts and then d imaginary parts, what
    complex `matrices` (..., d, d) do from the left."""
    turned = jnp.swapaxes(matrices, -1, -2)
    return jnp.block([[turned.real, turned.imag], [-turned.imag, turned.real]])


def _apply(folded, matrix):
    """A real matrix on the second half of folded amplitudes."""
    return (folded.reshape(-1, len(matrix)) @ matrix).reshape(folded.shape)


def _evolved(ansatz: Ansatz, table, states):
    """Folded amplitudes of arranged states (B, 2, 2^L) after all gates on the light cone's qubits in the first layers;
    `table` has a row of parameters for each of these."""
    register, kind, depth = lightcone.support(ansatz), states.dtype, len(table)
    k, half = len(register), len(register) // 2
    angles = table[:, : 3 * ansatz.qubits].reshape(depth, ansatz.qubits, 3)[:, np.array(register)]
    blocks = _rotations(ansatz.rotations, angles)
    first, second = (_real(_kron(part)).astype(kind) for part in (blocks[:, :half], blocks[:, half:]))

    inside = [i for i, bond in enumerate(ansatz.bonds) if set(bond) <= set(register)]
    bits = np.arange(2**k)[:, None] >> np.arange(k)[::-1] & 1
    pairs = [[register.index(q) for q in ansatz.bonds[i]] for i in inside]
    signs = np.array([np.prod(1 - 2 * bits[:, pair], axis=1) for pair in pairs], table.dtype).reshape(-1, 2**k)
    phases = table[:, 3 * ansatz.qubits :][:, np.array(inside, dtype=int)] @ signs / 2
    phases = phases.astype(kind).reshape(depth, 2**half, 2 ** (k - half))

    def exchanged(folded):
        return folded.transpose(0, 3, 2, 1)

    def layer(states, gates):
        first, second, cosine, sine = gates
        states = exchanged(_apply(exchanged(_apply(states, second)), first))
        real, imaginary = states[:, :, 0], states[:, :, 1]
        return jnp.stack([real * cosine + imaginary * sine, imaginary * cosine - real * sine], axis=2), None

    folded = states.reshape(len(states), 2, -1, 2**half, 2 ** (k - half)).transpose(0, 2, 3, 1, 4)
    folded = folded.reshape(-1, *folded.shape[2:])
    return jax.lax.scan(layer, folded, (first, second, jnp.cos(phases), jnp.sin(phases)))[0]


def _observable_matrix(ansatz: Ansatz, parameters):
    """(2^m, 2^m) matrix of U^dagger Z U on the m qubits of a circuit's light cone."""
    m = len(lightcone.support(ansatz))
    tensor = lightcone.observable(ansatz, parameters).reshape((4,) * m)
    for _ in range(m):
        tensor = jnp.tensordot(tensor, lightcone.PAULIS, axes=(0, 0))
    return tensor.transpose(*range(0, 2 * m, 2), *range(1, 2 * m, 2)).reshape(2**m, 2**m)


def _halves(ansatz: Ansatz, parameters, states):
    """Folded amplitudes of arranged states (B, 2, 2^L) after the first layers, and the observable of the last layers
    applied to them."""
    last = _last_layers(ansatz)
    table = parameters.reshape(ansatz.depth, -1)
    first = ansatz.depth - last.depth
    folded = _evolved(ansatz, table[:first], states)
    matrix = _observable_matrix(last, table[first:].reshape(-1))
    idle = folded.shape[-1] // len(matrix)  # of the second half, which holds the last layers' light cone at its end
    return folded, _apply(folded, _real(jnp.kron(jnp.eye(idle), matrix)).astype(folded.dtype))


def expectation(ansatz: Ansatz, parameters, states):
    """(B,) values of <Z> on the measured qubit for arranged states (B, 2, 2^L)."""
    states, images = (x.reshape(len(states), -1) for x in _halves(ansatz, parameters, states))
    return jnp.sum(states * images, axis=1)


def observable(ansatz: Ansatz, parameters, basis):
    """(2 r^2,) real and imaginary parts of <b_i|U^dagger Z U|b_j>, for arranged states (r, 2, 2^L): what the readout is
    on the space that they span."""
    states, images = _halves(ansatz, parameters, basis)
    turned = jnp.stack([images[:, :, 1], -images[:, :, 0]], axis=2)
    rows = states.reshape(len(basis), -1)
    return jnp.concatenate([(rows @ x.reshape(rows.shape).T).reshape(-1) for x in (images, turned)])
