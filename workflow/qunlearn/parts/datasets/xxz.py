"""Ground states of the XXZ chain by exact diagonalisation (paper, Methods: XXZ model ground state classification).

H = sum_i (X_i X_i+1 + Y_i Y_i+1 + Delta Z_i Z_i+1), periodic, L sites, in units of the exchange coupling.
For even L and Delta > -1 the ground state has zero magnetisation, which leaves binom(L, L/2) of the 2^L basis states.
After the sign change of Marshall all off-diagonal elements are negative there, so that the ground state is unique and
positive (Perron-Frobenius): translations, reflection and spin flip, under which H is invariant, leave it as it is. It
is constant on their orbits, and the matrix to diagonalise has one row per orbit: 35 instead of 4096 at L = 12, some
2500 instead of a million at L = 20.
Basis: site 0 is the most significant bit, bit 0 is spin up (Z = +1), as TensorCircuit orders qubits.
"""

from __future__ import annotations

from math import comb
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from qunlearn.config.options import Count, Name, Options, Seed
from qunlearn.config.words import unknown_name
from qunlearn.parts.datasets import Dataset, Source, spread
from qunlearn.parts.part import option
from qunlearn.runtime.errors import UserError
from qunlearn.runtime.keys import generator

#: Most anisotropies of a range.
MOST = 10_000
#: From here on a chain counts as gapped, class 1.
TRANSITION = 1.0
CLASSES = ("gapless", "gapped")


def _range(values: list[float]) -> list[float]:
    """The values where they are a range of anisotropies."""
    if len(values) == 3:
        first, last, step = values
        if -1 < first <= last and step > 0 and (last - first) / step < MOST:
            return values
    words = "{range} is no range: [first, last, step] is asked for, with -1 < first <= last and step > 0"
    raise PydanticCustomError("range", words, {"range": repr(values)})


#: First and last anisotropy, and the step between neighbours.
Range = Annotated[list[float], AfterValidator(_range)]
Ranges = Annotated[list[Range], Field(min_length=1)]


class Anisotropies(Options):
    """Which ground states are trained on and validated with: ranges of Delta, [first, last, step] each."""

    train: Ranges = option(says="ranges to train on")
    validation: Ranges = option(says="ranges to validate with")


#: 'text' is that of Methods. 'authors' is inferred (docs/authors.md): index ranges in the authors' code on states 0.01
#: apart from Delta = -1 on, every other one, 41 of either phase with a gap below Delta = 1; to validate with, those
#: between them and one beyond on either side of the gap, 84. On 'text' every validation state lies between two training
#: states; 'held_out' keeps a range of either phase for validation alone, 'near' the two ranges next to the transition.
GRIDS = {
    "text": Anisotropies(
        train=[[-0.96, 0.96, 0.02], [1.02, 3.00, 0.02]], validation=[[-0.97, 2.99, 0.02]]
    ),
    "authors": Anisotropies(
        train=[[0.07, 0.87, 0.02], [1.00, 1.80, 0.02]],
        validation=[[0.06, 0.88, 0.02], [1.01, 1.83, 0.02]],
    ),
    "held_out": Anisotropies(
        train=[[-0.96, 0.18, 0.02], [0.62, 0.96, 0.02], [1.02, 1.58, 0.02], [2.22, 3.00, 0.02]],
        validation=[[0.21, 0.59, 0.02], [1.61, 2.19, 0.02]],
    ),
    "near": Anisotropies(
        train=[[-0.96, 0.48, 0.02], [1.52, 3.00, 0.02]],
        validation=[[0.51, 0.99, 0.02], [1.01, 1.49, 0.02]],
    ),
}


def deltas(ranges: list[list[float]]) -> np.ndarray:
    """All anisotropies of ranges [first, last, step], one range after the other, to ten decimals."""
    found = []
    for first, last, step in ranges:
        steps = np.arange(round((last - first) / step) + 1)
        found.append(np.round(first + step * steps, 10))
    return np.concatenate(found)


def by_class(anisotropies: np.ndarray) -> list[np.ndarray]:
    """Those of class 0 and those of class 1, in their order."""
    gapped = anisotropies >= TRANSITION
    return [anisotropies[~gapped], anisotropies[gapped]]


class Sector:
    """What the ground state of a periodic chain of even length L lives in.

    `states`: basis states of zero magnetisation (dimension,); `marshall`: their signs; `orbit` (dimension,): which
    orbit of the symmetries each belongs to; `sizes` (orbits,): how many belong to it.
    """

    def __init__(self, length: int):
        if length % 2 or length < 4:
            raise ValueError(f"the chain length must be even and at least 4, not {length}")
        self.length = length
        states = np.arange(2**length, dtype=np.int64)
        self.states = states[np.bitwise_count(states) == length // 2]
        first, self.orbit, self.sizes = self._orbits()
        representatives = self.states[first]
        spins = 1 - 2 * self._bits(representatives)
        self.zz = (spins * np.roll(spins, -1, axis=1)).sum(axis=1).astype(float)
        self.hop = self._hopping(representatives)
        self.marshall = (1 - 2 * (self._bits(self.states)[:, ::2].sum(axis=1) % 2)).astype(float)

    def _bits(self, states: np.ndarray) -> np.ndarray:
        """(n, L) bits of basis states, site 0 first."""
        return (states[:, None] >> np.arange(self.length)[::-1]) & 1

    def _orbits(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Position of each orbit's first state, orbit of every state, size of every orbit. An orbit is named by its
        smallest state."""
        everything = 2**self.length - 1
        mirrored = self._bits(self.states) @ (1 << np.arange(self.length, dtype=np.int64))
        name = self.states.copy()
        for image in (self.states, mirrored):
            for _ in range(self.length):
                image = (image << 1) & everything | image >> (self.length - 1)
                np.minimum(name, np.minimum(image, everything ^ image), out=name)
        _, first, orbit, sizes = np.unique(
            name, return_index=True, return_inverse=True, return_counts=True
        )
        return first, orbit, sizes

    def _hopping(self, representatives: np.ndarray):
        """sum_i (XX + YY) between the normalised sums over orbits: every exchange of unequal neighbours that leads from
        a state of orbit a into orbit b counts -2 sqrt(|a| / |b|), with Marshall's sign."""
        bits = self._bits(representatives)
        rows, columns = [], []
        for site in range(self.length):
            other = (site + 1) % self.length
            source = np.flatnonzero(bits[:, site] != bits[:, other])
            mask = (1 << (self.length - 1 - site)) | (1 << (self.length - 1 - other))
            rows.append(source)
            columns.append(self.orbit[np.searchsorted(self.states, representatives[source] ^ mask)])
        from scipy.sparse import csr_matrix

        rows, columns = np.concatenate(rows), np.concatenate(columns)
        elements = -2 * np.sqrt(self.sizes[rows] / self.sizes[columns])
        return csr_matrix((elements, (rows, columns)), shape=(len(self.sizes),) * 2)

    def ground_state(
        self, delta: float, start: np.ndarray | None = None
    ) -> tuple[float, np.ndarray]:
        """Energy and ground vector over the orbits (orbits,), unit norm, positive.

        `start` (a nearby ground vector) shortens the iteration. Raises ValueError for delta <= -1, where the ground
        state is ferromagnetic and degenerate.
        """
        if delta <= -1:
            raise ValueError(f"delta = {delta} is not above -1: the ground state is not unique")
        from scipy.sparse import csr_matrix, diags_array
        from scipy.sparse.linalg import eigsh

        guess = np.sqrt(self.sizes) if start is None else start
        energy, vector = eigsh(
            csr_matrix(self.hop + delta * diags_array(self.zz)),
            k=1,
            which="SA",
            v0=guess,
            tol=1e-12,
        )
        vector = np.abs(vector[:, 0])
        return float(energy[0]), vector / np.linalg.norm(vector)

    def ground_states(
        self, deltas: np.ndarray, progress=lambda *_: None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Energies (n,) and ground vectors (n, dimension) within the sector, real, one row per anisotropy."""
        energies = np.empty(len(deltas))
        over_orbits = np.empty((len(deltas), len(self.sizes)))
        nearby = None
        for i, delta in enumerate(deltas):
            energies[i], nearby = self.ground_state(float(delta), nearby)
            over_orbits[i] = nearby
            progress((i + 1) / len(deltas), f"ground state at Delta = {delta:.2f}")
        per_state = over_orbits / np.sqrt(self.sizes)  # (n, orbits)
        amplitudes = per_state[:, self.orbit]  # (n, dimension)
        return energies, amplitudes * self.marshall

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
        turns = rng.random((len(states), 1))
        return states * np.exp(2j * np.pi * turns)
    place = np.abs(states).argmax(axis=1, keepdims=True)  # (n, 1)
    largest = np.take_along_axis(states, place, axis=1)
    fixed = states * np.conj(largest) / np.abs(largest)
    return fixed.astype(complex)


class Xxz(Source):
    """Ground states of the periodic XXZ chain, gapless (class 0) against gapped (class 1)."""

    label = "XXZ ground states"
    traits = frozenset({"arbitrary phase"})
    exhibits = "correlations"

    length: Annotated[int, Field(ge=4, le=20, multiple_of=2)] = option(says="sites of the chain")
    gauge: Literal["random", "fixed"] = option(
        says="phase of each eigenvector: random, or fixed (largest amplitude positive)"
    )
    seed: Seed = option(says="the random phases")
    train_per_class: Count | None = option(
        None, says="keep so many training states of either phase, spread over its anisotropies"
    )
    grid: Name = option(
        "text", says=f"which anisotropies: {', '.join(GRIDS)} or a name under `grids`"
    )
    grids: dict[Name, Anisotropies] = option({}, says="anisotropies of your own, by name")

    @property
    def in_use(self):
        """Amplitudes of the sector of zero magnetisation."""
        return comb(self.length, self.length // 2) / 2**self.length

    @property
    def distinct(self):
        """One of an orbit, which has about two amplitudes per site."""
        return self.in_use / (2 * self.length)

    def anisotropies(self) -> Anisotropies:
        """Raises UserError for a grid that there is not."""
        known = {**GRIDS, **self.grids}
        if self.grid not in known:
            raise UserError(unknown_name(("grid",), "grid", self.grid, known))
        return known[self.grid]

    def _trained_on(self) -> list[np.ndarray]:
        """Anisotropies of either class to train on, those kept. Raises UserError where there are too few."""
        found = by_class(deltas(self.anisotropies().train))
        words = f"training states of a phase on the grid '{self.grid}'"
        return [part[spread(len(part), self.train_per_class, words)] for part in found]

    def problems(self):
        try:
            found = by_class(deltas(self.anisotropies().train))
        except UserError as error:
            return [str(error)]
        least = min(map(len, found))
        if not least:
            return [f"grid: '{self.grid}' trains on no state of one of the phases; add a range"]
        if self.train_per_class is not None and self.train_per_class > least:
            words = (
                f"{self.train_per_class} is too large (at most {least} on the grid '{self.grid}')"
            )
            return [f"train_per_class: {words}"]
        return []

    def shape(self):
        return (2**self.length,)

    def is_complex(self):
        return True

    def sample_counts(self):
        train = sum(map(len, self._trained_on()))
        return train, len(deltas(self.anisotropies().validation))

    def numbers_built(self):
        """All amplitudes once, and less than half as much of the sector, where most of them vanish."""
        return 1.5 * sum(self.sample_counts()) * self.real_features()

    def ground_states(
        self, sector: Sector, anisotropies: np.ndarray, progress
    ) -> tuple[np.ndarray, np.ndarray]:
        """Energies (N,) and ground vectors (N, dimension) within the sector, one row per sample."""
        order = np.argsort(anisotropies)
        energies, vectors = sector.ground_states(anisotropies[order], progress)
        back = np.argsort(order)
        return energies[back], vectors[back]

    def build(self, progress=lambda *_: None) -> Dataset:
        """Train on some ground states of either phase, validate on others of the same line."""
        train = np.concatenate(self._trained_on())
        every = np.concatenate([train, deltas(self.anisotropies().validation)])
        sector = Sector(self.length)
        energies, vectors = self.ground_states(sector, every, progress)
        phases = generator("xxz", "gauge", self.seed)
        states = sector.scatter(apply_gauge(vectors, self.gauge, phases))  # (N, 2^L)
        n = len(train)
        classes = (every >= TRANSITION).astype(np.int8)
        return Dataset(
            name="xxz",
            x_train=states[:n],
            y_train=classes[:n],
            x_validation=states[n:],
            y_validation=classes[n:],
            class_names=CLASSES,
            coordinate_train=every[:n],
            coordinate_validation=every[n:],
            attributes={
                "coordinate": "anisotropy Delta, in units of the exchange coupling",
                "energy_train": energies[:n],
                "energy_validation": energies[n:],
            },
        )
