"""The readout's backward light cone, and the readout observable evolved through it in the Pauli basis.

Only gates in the causal past of the measured Z act on the output; all others cancel between U and U^dagger. So
    <Z>(x; theta) = sum_P o_P(theta) <x|P|x>,   P over the 4^k Pauli strings on the k qubits of the light cone,
where o(theta) holds the real Pauli coefficients of O(theta) = U^dagger Z U. The observable is evolved backwards, gate
by gate, on a register that grows with the cone (1, 2, ..., k qubits): in this basis a rotation is a real 3x3 matrix
on (X, Y, Z) and an RZZ mixes pairs of strings. The expectation values <x|P|x> are the model's features, computed once.
Exact, real arithmetic, and independent of the number of qubits outside the cone.

Depolarising noise stays inside this picture: the channel rho -> (1 - p) rho + p Tr_q(rho) I/2 on every qubit q after
every layer (a Pauli error of probability 3p/4; the local noise of Wang et al., Nat. Commun. 12, 6961, 2021) is its own
adjoint, and damps a string by 1 - p for every letter other than I. It leaves the light cone as it is.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from .ansatz import Ansatz, Gate

#: Strings are used in whole vectors of so many, as `quantum.kernel` reads them.
WIDTH = 16
PAULIS = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])

# RZZ acts on the pair of legs (a, b), each in {I, X, Y, Z}: strings with exactly one of X, Y on the pair turn into
# the string with both letters exchanged (I <-> Z, X <-> Y: a flip of both legs); all others commute with Z Z.
_XY = np.array([0.0, 1.0, -1.0, 0.0])
_TURNS = np.abs(np.abs(_XY)[:, None] - np.abs(_XY)[None, :])
_SIGN = _XY[:, None] * (1 - np.abs(_XY))[None, :] + (1 - np.abs(_XY))[:, None] * _XY[None, :]


class Layer(NamedTuple):
    """What of one layer lies in the cone: bonds as pairs of qubits, rotated qubits, in order of the register."""

    bonds: tuple[Gate, ...]
    rotations: dict[int, tuple[Gate, ...]]


def live_gates(ansatz: Ansatz) -> list[Gate]:
    """Gates that can change the output, latest first: those that do not commute with everything behind them.

    A gate is dead when it acts outside the observable's support, or when it is diagonal and so is the observable on
    all its qubits that lie in the support.
    """
    support, diagonal = {ansatz.measure}, {ansatz.measure}
    live = []
    for gate in reversed(ansatz.gates()):
        touched = [q for q in gate.qubits if q in support]
        is_diagonal = gate.name in ("rz", "rzz")
        if not touched or (is_diagonal and all(q in diagonal for q in touched)):
            continue
        live.append(gate)
        # a bond leaves the new qubit diagonal: the observable gains only Z there
        diagonal.update(q for q in gate.qubits if q not in support)
        support.update(gate.qubits)
        if not is_diagonal:
            diagonal.difference_update(gate.qubits)
    return live


def support(ansatz: Ansatz) -> list[int]:
    """Qubits of the light cone, newest first: the order of the register's legs."""
    seen: list[int] = [ansatz.measure]
    for gate in live_gates(ansatz):
        seen.extend(q for q in gate.qubits if q not in seen)
    return seen[::-1]


def layers(ansatz: Ansatz) -> list[Layer]:
    """The cone layer by layer, latest first. Within a layer all bonds commute; rotations are kept whole per qubit."""
    live = live_gates(ansatz)
    found = []
    seen = {ansatz.measure}
    for layer in reversed(range(ansatz.depth)):
        bonds = tuple(g for g in live if g.layer == layer and g.name == "rzz")
        seen.update(q for g in bonds for q in g.qubits)
        rotations = {q: tuple(g for g in ansatz.gates() if g.layer == layer and g.qubits == (q,)) for q in sorted(seen)}
        found.append(Layer(bonds, rotations))
    return found


def _rotation(axis: str, cosine, sine):
    """(..., 3, 3): coefficients of R^dagger P R for P = X, Y, Z, as a matrix acting on coefficient vectors."""
    a, b = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = jnp.zeros((*cosine.shape, 3, 3), cosine.dtype)
    fixed = 3 - a - b
    matrix = matrix.at[..., fixed, fixed].set(1).at[..., a, a].set(cosine).at[..., b, b].set(cosine)
    return matrix.at[..., a, b].set(sine).at[..., b, a].set(-sine)


def _kron(matrices) -> jnp.ndarray:
    product = matrices[0]
    for matrix in matrices[1:]:
        rows = product.shape[0] * 4
        product = jnp.einsum("ab,cd->acbd", product, matrix).reshape(rows, rows)
    return product


def _rotate(tensor, matrices):
    """Apply one 4x4 matrix per leg, as two products of about square size: faster than leg by leg."""
    legs, half = tensor.ndim, tensor.ndim // 2
    if half == 0:
        return matrices[0] @ tensor
    folded = tensor.reshape(4**half, -1)
    return (_kron(matrices[:half]) @ folded @ _kron(matrices[half:]).T).reshape((4,) * legs)


def _turn(tensor, a: int, b: int, cosine, sine):
    """Conjugate by RZZ on legs a < b (the kernel does not change when they are exchanged)."""
    shape = [1] * tensor.ndim
    shape[a] = shape[b] = 4
    keep = jnp.where(_TURNS > 0, cosine, 1).astype(tensor.dtype).reshape(shape)
    swap = (_SIGN * sine).astype(tensor.dtype).reshape(shape)
    return keep * tensor + swap * jnp.flip(tensor, (a, b))


def observable(ansatz: Ansatz, parameters, depolarizing: float = 0.0) -> jnp.ndarray:
    """(4^k,) Pauli coefficients of O(theta) = U^dagger Z U on the cone's qubits, in the order of `support`; with noise
    of probability `depolarizing` per qubit after each layer, those of the observable that the noisy circuit measures.
    """
    cone = layers(ansatz)
    sites = [(layer, q) for layer in range(len(cone)) for q in cone[layer].rotations]
    angles = jnp.stack([parameters[np.array([g.parameter for g in cone[layer].rotations[q]])] for layer, q in sites])
    cosines, sines = jnp.cos(angles), jnp.sin(angles)
    blocks = None
    for i, axis in enumerate(ansatz.rotations):  # the last gate of a site meets the observable first
        step = _rotation(axis, cosines[:, i], sines[:, i])
        blocks = step if blocks is None else blocks @ step
    if depolarizing:  # of the layer before, which commutes with the rotations; nothing comes before the first
        fades = np.array([1 if layer + 1 == len(cone) else 1 - depolarizing for layer, _ in sites])
        blocks = blocks * fades.astype(blocks.dtype)[:, None, None]
    blocks = jnp.pad(blocks, ((0, 0), (1, 0), (1, 0))).at[:, 0, 0].set(1)
    block = {site: blocks[i] for i, site in enumerate(sites)}

    register = [ansatz.measure]
    tensor = jnp.zeros(4, angles.dtype).at[3].set(1 - depolarizing)
    for depth, layer in enumerate(cone):
        for gate in layer.bonds:
            for qubit in gate.qubits:
                if qubit not in register:
                    register.insert(0, qubit)
                    tensor = jnp.pad(tensor[None], [(0, 3)] + [(0, 0)] * tensor.ndim)
            a, b = sorted(register.index(q) for q in gate.qubits)
            angle = parameters[gate.parameter]
            tensor = _turn(tensor, a, b, jnp.cos(angle), jnp.sin(angle))
        tensor = _rotate(tensor, [block[depth, q] for q in register])
    return tensor.reshape(-1)


def whole_vectors(columns: np.ndarray, size: int) -> np.ndarray:
    """The sorted `columns` and the first of the others below `size`, up to a multiple of WIDTH or all of them."""
    missing = -len(columns) % WIDTH
    return np.sort(np.append(columns, np.setdiff1d(np.arange(size), columns)[:missing]))


def reduced_states(ansatz: Ansatz, states: np.ndarray) -> np.ndarray:
    """(N, 2^k, 2^k) density matrices on the cone's qubits, in the order of `support`, of states (N, 2^L)."""
    register = support(ansatz)
    k, n = len(register), ansatz.qubits
    rest = [q for q in range(n) if q not in register]
    psi = states.reshape(-1, *(2,) * n).transpose(0, *(q + 1 for q in register + rest))
    psi = psi.reshape(len(states), 2**k, -1)
    return psi @ psi.conj().transpose(0, 2, 1)


def pauli_features(ansatz: Ansatz, states: np.ndarray) -> np.ndarray:
    """(N, 4^k) expectation values <x|P|x> of every Pauli string on the cone's qubits, for states (N, 2^L)."""
    k = len(support(ansatz))
    out = np.empty((len(states), 4**k))
    rows = max(
        1, 2**22 // max(4**k, 2**ansatz.qubits)
    )  # bounds the memory of states and reduced states to about 64 MiB each
    for start in range(0, len(states), rows):
        part = states[start : start + rows]
        tensor = reduced_states(ansatz, part).reshape(-1, *(2,) * (2 * k))
        for leg in range(k):  # Tr[rho P]: contract a ket leg and a bra leg with P, append the Pauli leg
            tensor = np.tensordot(tensor, PAULIS, axes=((1, 1 + k - leg), (2, 1)))
        out[start : start + rows] = tensor.reshape(len(part), -1).real
    out[np.abs(out) < 1e-13] = 0  # zero by symmetry, up to rounding: such columns are dropped later
    return out
