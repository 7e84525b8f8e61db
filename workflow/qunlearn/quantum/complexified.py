"""The readout where angles are complex numbers: what a simulator with complex parameters would
differentiate.

A rotation exp(-i t P / 2) whose angle t = x + i y has an imaginary part is not unitary: it is
exp(-i x P / 2) exp(y P / 2). Without normalisation the readout is <Z> = <psi(t)|Z|psi(t)>, real and
defined for any t. At y = 0 its derivatives in the imaginary part of one angle are
    d<Z>/dy   = Re <chi|P|phi>,
    d2<Z>/dy2 = <Z> + d2<Z>/dx2,
with phi the state behind the gate and chi the observable's image Z psi, brought back to it. The
second holds because at fixed other angles <Z> = a + r cos(x - x0): the insertion of P in both the
ket and the bra is the readout with the angle turned by pi, a - r cos(x - x0). No gate cancels
outside the light cone: where d<Z>/dx vanishes, d<Z>/dy does not.
"""

from __future__ import annotations

import numpy as np

from qunlearn.quantum.circuit import CLIFFORDS, Circuit, Gate
from qunlearn.quantum.lightcone import MATRICES
from qunlearn.quantum.statevector import PAULI


def imaginary_slopes(circuit: Circuit, angles: np.ndarray, states: np.ndarray) -> np.ndarray:
    """(N, P) derivatives of <Z> in the imaginary part of every angle, at real `angles` (P,), for
    pure states (N, 2^L)."""
    ket = states.astype(complex).reshape(-1, *(2,) * circuit.qubits)
    for gate in circuit.gates:
        ket = _acted(ket, gate, angles)
    bra = _matrix_on(ket, PAULI["z"], [circuit.measure])
    slopes = np.zeros((len(states), circuit.parameters))
    for gate in reversed(circuit.gates):
        if gate.parameter is not None:
            overlaps = bra.conj() * _generated(ket, gate)
            slopes[:, gate.parameter] = overlaps.reshape(len(states), -1).sum(axis=1).real
        ket = _acted(ket, gate, -angles)
        bra = _acted(bra, gate, -angles)
    return slopes


def _acted(psi: np.ndarray, gate: Gate, angles: np.ndarray) -> np.ndarray:
    """A gate on amplitudes (N, 2, ..., 2); with the angles' signs turned, its inverse."""
    if gate.name in CLIFFORDS:  # each its own inverse
        return _matrix_on(psi, MATRICES[gate.name], gate.qubits)
    half = angles[gate.parameter] / 2
    return np.cos(half) * psi - 1j * np.sin(half) * _generated(psi, gate)


def _generated(psi: np.ndarray, gate: Gate) -> np.ndarray:
    """The Pauli string of a rotation on amplitudes (N, 2, ..., 2)."""
    for letter, qubit in zip(gate.paulis, gate.qubits):
        psi = _matrix_on(psi, PAULI[letter], [qubit])
    return psi


def _matrix_on(psi: np.ndarray, matrix: np.ndarray, qubits) -> np.ndarray:
    """A matrix (2^q, 2^q) on q qubits of amplitudes (N, 2, ..., 2)."""
    count = len(qubits)
    axes = [1 + qubit for qubit in qubits]
    tensor = matrix.reshape((2,) * (2 * count))
    image = np.tensordot(tensor, psi, (range(count, 2 * count), axes))
    return np.moveaxis(image, range(count), axes)
