"""Gates on one qubit of many states at once, in numpy: what corruptions do to states before any
model sees them.

The first qubit is the most significant bit of an amplitude's index, as everywhere here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

PAULIS = {
    "x": np.array([[0, 1], [1, 0]], complex),
    "y": np.array([[0, -1j], [1j, 0]]),
    "z": np.array([[1, 0], [0, -1]], complex),
}


def on_qubit(x: np.ndarray, gates: np.ndarray, qubit: int) -> np.ndarray:
    """States (N, 2^L), or matrices (N, 2^L, ...) from the left, after gates (2, 2), or (N, 2, 2) one for each, on a
    qubit."""
    gates = np.broadcast_to(gates, (len(x), 2, 2))
    parts = x.reshape(len(x), 2**qubit, 2, -1)  # (N, qubits before, the qubit, all behind)
    return np.einsum("nab,nibj->niaj", gates, parts).reshape(x.shape)


def turned(x: np.ndarray, act: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """States (N, 2^L) after U, or density matrices (N, 2^L, 2^L) as U rho U^dagger, where `act` applies U from the
    left."""
    once = act(x)
    if x.ndim == 2:
        return once
    return dagger(act(dagger(once)))


def dagger(x: np.ndarray) -> np.ndarray:
    """Conjugate transposes of matrices (N, d, d)."""
    return x.conj().swapaxes(1, 2)


def no_states(source, dataset: str, instead: str) -> str:
    """Why gates cannot act on the samples of a `Source`, empty where they can; `instead`: what others have."""
    if not source.is_complex():
        return f"{dataset} holds no quantum states to act on; {instead}"
    shape = source.shape()
    if shape and shape[0] & (shape[0] - 1):
        return f"states of {dataset} have {shape[0]} amplitudes, which are not those of qubits"
    return ""
