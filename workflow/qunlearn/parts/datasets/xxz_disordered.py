"""Ground states of XXZ chains with random bonds: a line on which no two samples are neighbours.

H = sum_i J_i (X_i X_i+1 + Y_i Y_i+1 + Delta Z_i Z_i+1), periodic, every J_i uniform in [1 - w, 1 + w] and drawn anew
for every sample. Along the clean line (w = 0, `xxz`) neighbouring ground states have fidelities above 0.9998, so that
validation interpolates; here they do not. Its phases are as well defined: bonds do not move the symmetric point
Delta = 1, which parts a random-singlet from a random Neel phase (Fisher, Phys. Rev. B 50, 3799, 1994).
All J_i are positive, so that after the sign change of Marshall off-diagonal elements are negative: the ground state of
zero magnetisation is unique and positive. Translations are no symmetry, and the matrix has binom(L, L/2) rows.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from qunlearn.config.options import Seed
from qunlearn.parts.datasets.xxz import Sector, Xxz
from qunlearn.parts.part import option
from qunlearn.runtime.keys import generator


class RandomBonds:
    """The Hamiltonian on the basis states of zero magnetisation of a `Sector`, bond by bond."""

    def __init__(self, sector: Sector):
        length, states = sector.length, sector.states
        bits = (states[:, None] >> np.arange(length)[::-1]) & 1
        spins = 1 - 2 * bits
        #: Z_i Z_i+1 (dimension, L).
        self.zz = spins * np.roll(spins, -1, axis=1)
        self.bond, self.rows, self.columns = [], [], []
        for site in range(length):
            other = (site + 1) % length
            rows = np.flatnonzero(bits[:, site] != bits[:, other])
            mask = (1 << (length - 1 - site)) | (1 << (length - 1 - other))
            self.bond.append(np.full(len(rows), site))
            self.rows.append(rows)
            self.columns.append(np.searchsorted(states, states[rows] ^ mask))
        self.bond, self.rows, self.columns = map(
            np.concatenate, (self.bond, self.rows, self.columns)
        )

    def matrix(self, delta: float, couplings: np.ndarray):
        """(dimension, dimension), sparse, with Marshall's signs, for couplings J (L,)."""
        from scipy.sparse import csr_matrix, diags_array

        size = len(self.zz)
        exchanges = -2 * couplings[self.bond]
        hopping = csr_matrix((exchanges, (self.rows, self.columns)), shape=(size, size))
        return csr_matrix(hopping + delta * diags_array(self.zz @ couplings))

    def ground_state(self, delta: float, couplings: np.ndarray) -> tuple[float, np.ndarray]:
        """Energy and ground vector (dimension,), unit norm, positive."""
        from scipy.sparse.linalg import eigsh

        matrix = self.matrix(delta, couplings)
        guess = np.ones(len(self.zz))
        energy, vector = eigsh(matrix, k=1, which="SA", v0=guess, tol=1e-12)
        return float(energy[0]), np.abs(vector[:, 0])


class XxzDisordered(Xxz):
    """Ground states of periodic XXZ chains with random bonds, every sample its own; Delta up to 1
    (class 0) against Delta above 1."""

    label = "XXZ, random bonds"

    length: Annotated[int, Field(ge=4, le=14, multiple_of=2)] = option(says="sites of the chain")
    disorder: Annotated[float, Field(ge=0, lt=1)] = option(
        says="w: every coupling is uniform in [1 - w, 1 + w]"
    )
    seed: Seed = option(says="the couplings and the random phases")

    @property
    def distinct(self):
        return self.in_use  # no symmetry is left

    def ground_states(self, sector, deltas, progress):
        draws = generator("xxz_disordered", "couplings", self.seed)
        uniform = draws.random((len(deltas), self.length))
        couplings = 1 + self.disorder * (2 * uniform - 1)  # (N, L)
        bonds = RandomBonds(sector)
        energies, vectors = [], []
        for delta, chain in zip(deltas, couplings):
            energy, vector = bonds.ground_state(float(delta), chain)
            energies.append(energy)
            vectors.append(vector)
            progress(len(vectors) / len(deltas), f"ground state at Delta = {delta:.2f}")
        return np.array(energies), np.array(vectors) * sector.marshall
