"""Ground states of the XXZ chain by exact diagonalisation (paper, Methods: XXZ model ground state classification).

H = sum_i (X_i X_i+1 + Y_i Y_i+1 + Delta Z_i Z_i+1), periodic, L sites, in units of the exchange coupling.
For even L and Delta > -1 the ground state lies in the sector of zero magnetisation, which holds binom(L, L/2)
of the 2^L basis states (924 of 4096 at L = 12): the Hamiltonian is built there and the state scattered back.
Basis: site 0 is the most significant bit, bit 0 is spin up (Z = +1), as TensorCircuit orders qubits.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, diags_array
from scipy.sparse.linalg import eigsh

from ..keys import generator
from . import Dataset, spread

TRAIN_DELTA = (np.arange(-96, 97, 2) / 100, np.arange(102, 301, 2) / 100)
VALIDATION_DELTA = np.arange(-97, 300, 2) / 100


class Sector:
    """The zero-magnetisation sector of a periodic chain of even length L: basis, bonds and Marshall signs."""

    def __init__(self, length: int):
        if length % 2 or length < 4:
            raise ValueError(f"the chain length must be even and at least 4, not {length}")
        self.length = length
        states = np.arange(2**length, dtype=np.int64)
        bits = (states[:, None] >> np.arange(length)[::-1]) & 1
        keep = bits.sum(axis=1) == length // 2
        self.states, bits = states[keep], bits[keep]
        spins = 1 - 2 * bits
        self.zz = (spins * np.roll(spins, -1, axis=1)).sum(axis=1).astype(float)
        self.hop = self._hopping(bits)
        # A bipartite chain with Delta > -1 has a ground state that is positive after this sign change (Marshall).
        self.marshall = (1 - 2 * (bits[:, ::2].sum(axis=1) % 2)).astype(float)

    def _hopping(self, bits: np.ndarray) -> csr_matrix:
        """sum_i (XX + YY): exchanges unequal neighbours with matrix element 2."""
        index = np.full(2**self.length, -1)
        index[self.states] = np.arange(len(self.states))
        rows, columns = [], []
        for site in range(self.length):
            other = (site + 1) % self.length
            source = np.flatnonzero(bits[:, site] != bits[:, other])
            mask = (1 << (self.length - 1 - site)) | (1 << (self.length - 1 - other))
            rows.append(source)
            columns.append(index[self.states[source] ^ mask])
        rows, columns = np.concatenate(rows), np.concatenate(columns)
        return csr_matrix((np.full(len(rows), 2.0), (rows, columns)), shape=(len(bits), len(bits)))

    def hamiltonian(self, delta: float) -> csr_matrix:
        return csr_matrix(self.hop + delta * diags_array(self.zz))

    def ground_state(self, delta: float, start: np.ndarray | None = None) -> tuple[float, np.ndarray]:
        """Energy and ground vector within the sector, unit norm, real, with Marshall's signs.

        `start` (a nearby ground state) shortens the iteration. Raises ValueError for delta <= -1, where the ground
        state is ferromagnetic and degenerate.
        """
        if delta <= -1:
            raise ValueError(f"delta = {delta} is not above -1: the ground state is not unique")
        guess = self.marshall if start is None else start
        energy, vector = eigsh(self.hamiltonian(delta), k=1, which="SA", v0=guess, tol=1e-12)
        vector = vector[:, 0] * np.sign(vector[:, 0] @ self.marshall)
        return float(energy[0]), vector / np.linalg.norm(vector)

    def ground_states(self, deltas: np.ndarray, progress=lambda *_: None) -> tuple[np.ndarray, np.ndarray]:
        """Energies (n,) and ground vectors (n, dimension) within the sector, one row per anisotropy."""
        energies, vectors = np.empty(len(deltas)), np.empty((len(deltas), len(self.states)))
        for i, delta in enumerate(deltas):
            energies[i], vectors[i] = self.ground_state(float(delta), vectors[i - 1] if i else None)
            progress((i + 1) / len(deltas), f"ground state at Delta = {delta:.2f}")
        return energies, vectors

    def scatter(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors of the sector (n, dimension) as states of all amplitudes (n, 2^L)."""
        states = np.zeros((len(vectors), 2**self.length), dtype=vectors.dtype)
        states[:, self.states] = vectors
        return states


def ground_states(length: int, deltas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Energies (n,) and ground states (n, 2^L), real, one row per anisotropy."""
    sector = Sector(length)
    energies, vectors = sector.ground_states(deltas)
    return energies, sector.scatter(vectors)


def apply_gauge(states: np.ndarray, gauge: str, rng: np.random.Generator) -> np.ndarray:
    """Give each eigenvector the phase a solver would: `random` (uniform) or `fixed` (largest amplitude positive)."""
    if gauge == "random":
        return states * np.exp(2j * np.pi * rng.random((len(states), 1)))
    largest = np.take_along_axis(states, np.abs(states).argmax(axis=1, keepdims=True), axis=1)
    return (states * np.conj(largest) / np.abs(largest)).astype(complex)


def build(length: int, gauge: str, seed: int, train_per_class: int | None = None, progress=lambda *_: None) -> Dataset:
    """Train on 97 gapless (class 0) and 100 gapped (class 1) ground states, validate on 199 between them.

    `train_per_class` keeps so many training states of either phase, spread over its anisotropies.
    """
    train = [part[spread(len(part), train_per_class, "training states of a phase")] for part in TRAIN_DELTA]
    deltas = np.concatenate([*train, VALIDATION_DELTA])
    order = np.argsort(deltas)
    sector = Sector(length)
    energies, vectors = sector.ground_states(deltas[order], progress)
    back = np.argsort(order)
    energies = energies[back]
    states = sector.scatter(apply_gauge(vectors[back], gauge, generator("xxz", "gauge", seed)))
    n = len(train[0]) + len(train[1])
    return Dataset(
        name="xxz",
        x_train=states[:n],
        y_train=(deltas[:n] > 1).astype(np.int8),
        x_validation=states[n:],
        y_validation=(deltas[n:] > 1).astype(np.int8),
        class_names=("gapless", "gapped"),
        coordinate_train=deltas[:n],
        coordinate_validation=deltas[n:],
        attributes={
            "coordinate": "anisotropy Delta, in units of the exchange coupling",
            "energy_train": energies[:n],
            "energy_validation": energies[n:],
        },
    )
