"""What a circuit sees of its inputs: their amplitudes, and for a narrow light cone the Pauli
expectations of the state reduced to it.

Inputs are rows (N, d), pure states or real vectors to be encoded as such, or mixed states, density
matrices (N, 2^L, 2^L).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qunlearn.quantum import lightcone
from qunlearn.quantum.circuit import Circuit
from qunlearn.quantum.lightcone import PAULIS
from qunlearn.runtime.errors import UserError

#: Numbers that a block of reduced states may hold: 64 MiB in double precision, and as many of the
#: inputs.
BLOCK = 2**22
#: Expectations below this are zero by symmetry, up to rounding; columns of zeros are dropped later.
ROUNDING = 1e-13
#: Directions whose singular value is below this fraction of the largest do not count for the span.
SPAN_TOLERANCE = 1e-8


def qubits(x: np.ndarray) -> int:
    """Number of qubits that hold samples (N, d) or (N, d, d): the next power of two for vectors.

    Raises UserError for matrices of another size.
    """
    size = x.shape[1]
    count = max(1, (size - 1).bit_length())
    if x.ndim == 3 and x.shape[1:] != (2**count, 2**count):
        raise UserError(
            f"density matrices must be 2^k x 2^k, for k qubits, not {size} x {x.shape[2]}."
        )
    return count


def amplitudes(x: np.ndarray) -> np.ndarray:
    """Rows zero-padded to the next power of two: amplitude encoding of unit-norm vectors. Density
    matrices (N, 2^L, 2^L) as they are."""
    missing = 2 ** qubits(x) - x.shape[1]
    return np.pad(x, ((0, 0), (0, missing))) if missing else x


def encoded(x: np.ndarray, split: bool = False) -> np.ndarray:
    """Samples as states: `amplitudes`; or `split`, complex vectors (N, d) as real ones (N, 2 d') on
    one more qubit, [Re x, Im x], both parts padded to a power of two d'. The new qubit comes first:
    it is 0 where a real part stands.

    What the qubits behind the new one see of such a state is Re rho, rho what they see of x: it
    does not depend on the phase of x. A circuit sees that phase where its light cone holds qubit 0.

    Raises UserError for samples that cannot be split.
    """
    states = amplitudes(x)
    if not split:
        return states
    if states.ndim != 2 or not np.iscomplexobj(states):
        raise UserError(
            "split: only complex vectors have a real and an imaginary part to put side by side; "
            "set it to false for these data."
        )
    return np.concatenate([states.real, states.imag], axis=1)


def span(states: np.ndarray) -> np.ndarray:
    """(r, d) orthonormal rows that span all states (N, d)."""
    _, values, rows = np.linalg.svd(states, full_matrices=False)
    return rows[values > SPAN_TOLERANCE * values[0]]


def pauli_features(circuit: Circuit, states: np.ndarray) -> np.ndarray:
    """(N, 4^k) expectation values Tr(P rho) of every Pauli string on the cone's k qubits, in the
    order of `lightcone.support`, of states (N, 2^L) or (N, 2^L, 2^L)."""
    k = len(lightcone.support(circuit))
    found = np.empty((len(states), 4**k))
    for rows, features in feature_blocks(circuit, states):
        found[rows] = features
    return found


def feature_blocks(
    circuit: Circuit, x: np.ndarray, split: bool = False
) -> Iterator[tuple[slice, np.ndarray]]:
    """`pauli_features` of the samples x, encoded as `encoded` does, some rows after the others:
    which rows, and their features (n, 4^k). So x may be larger than memory: an array on disk
    (`numpy.memmap`, a dataset of an HDF5 file) is read slice by slice."""
    k = len(lightcone.support(circuit))
    numbers = encoded(x[:1], split)[0].size if len(x) else 1
    rows = max(1, BLOCK // max(4**k, numbers))
    for start in range(0, len(x), rows):
        block = slice(start, start + rows)
        states = encoded(np.asarray(x[block]), split)
        yield block, _expectations(circuit, states, k)


def _expectations(circuit: Circuit, states: np.ndarray, k: int) -> np.ndarray:
    """(n, 4^k) of `pauli_features`, of all states at once."""
    tensor = reduced_states(circuit, states)
    tensor = tensor.reshape(-1, *(2,) * (2 * k))
    for leg in range(k):  # contract a ket leg and a bra leg with P, append the Pauli leg
        ket_and_bra = 1, 1 + k - leg
        tensor = np.tensordot(tensor, PAULIS, axes=(ket_and_bra, (2, 1)))
    found = tensor.reshape(-1, 4**k).real
    return np.where(np.abs(found) < ROUNDING, 0, found)


def bipartite(circuit: Circuit, states: np.ndarray) -> np.ndarray:
    """(N, 2^k, 2^(L - k)) amplitudes of states (N, 2^L): by row of the cone's qubits, in the order
    of `lightcone.support`, and by column of the others."""
    register, rest = _cone_and_rest(circuit)
    psi = states.reshape(-1, *(2,) * circuit.qubits)
    psi = psi.transpose(0, *(1 + np.array(register + rest)))
    return psi.reshape(-1, 2 ** len(register), 2 ** len(rest))


def reduced_states(circuit: Circuit, states: np.ndarray) -> np.ndarray:
    """(N, 2^k, 2^k) density matrices on the cone's qubits, in the order of `lightcone.support`."""
    if states.ndim == 2:
        psi = bipartite(circuit, states)
        return psi @ psi.conj().transpose(0, 2, 1)
    register, rest = _cone_and_rest(circuit)
    inside, outside = 2 ** len(register), 2 ** len(rest)
    legs = (2,) * circuit.qubits
    kets = 1 + np.array(register + rest)
    bras = kets + circuit.qubits
    rho = states.reshape(-1, *legs, *legs)
    rho = rho.transpose(0, *kets, *bras)
    rho = rho.reshape(-1, inside, outside, inside, outside)
    return np.trace(rho, axis1=2, axis2=4)


def _cone_and_rest(circuit: Circuit) -> tuple[list[int], list[int]]:
    """The cone's qubits, in the order of `lightcone.support`, and the others."""
    register = lightcone.support(circuit)
    return register, [q for q in range(circuit.qubits) if q not in register]
