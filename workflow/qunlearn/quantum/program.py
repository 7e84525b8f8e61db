"""A circuit as data for the compiled loops of `quantum.kernel`: gates as pairs of Pauli strings.

In the Pauli basis every gate is a rotation by its angle in disjoint planes: RX(t) turns (Y, Z) on
its qubit, RY (Z, X), RZ (X, Y), RZZ (XI, YZ), (XZ, YI) and the same with the qubits exchanged; all
other strings it leaves alone. So one loop over a list of gates and of pairs of strings serves every
circuit. Gates that share no qubit are exchanged so that the register of strings grows late, which
saves a third to two thirds of the pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from qunlearn.quantum import lightcone
from qunlearn.quantum.circuit import Circuit, Gate

#: Numbers in a vector of `quantum.vectors`: one vector register of AVX-512, two of AVX, four of
#: Neon. Strings are used in whole vectors.
WIDTH = 16
#: Letters of a string.
I, X, Y, Z = range(4)  # noqa: E741
#: A rotation turns the first of its two letters towards the second.
PLANES = {"rx": (Y, Z), "ry": (Z, X), "rz": (X, Y)}


class Program(NamedTuple):
    """The live gates of a circuit in the order of the evolution, backwards in time.

    `parameters` (G,): index of each gate's angle; gate g turns the planes of the strings
    `pairs[gates[g, 0] : gates[g, 1]]`, numbered in the order of `lightcone.support`; `size`: 4^k,
    number of strings.
    """

    parameters: np.ndarray
    gates: np.ndarray
    pairs: np.ndarray
    size: int


@cache
def program(circuit: Circuit) -> Program:
    """The live part of the circuit. A new qubit of the light cone is a new leading leg of the
    register."""
    oldest_first = reversed(lightcone.support(circuit))
    stride = {qubit: 4**leg for leg, qubit in enumerate(oldest_first)}
    size, parameters, pairs = 4, [], []
    for gate in _late_growth(lightcone.live_gates(circuit), stride):
        strides = [stride[qubit] for qubit in gate.qubits]
        size = max(size, 4 * max(strides))
        if gate.name == "rzz":
            turned = _bond_pairs(size, *strides)
        else:
            turned = _rotation_pairs(size, *strides, *PLANES[gate.name])
        pairs.append(turned)
        parameters.append(gate.parameter)
    lengths = [len(turned) for turned in pairs]
    ends = np.cumsum(lengths)
    gates = np.stack([ends - lengths, ends], axis=1)
    return Program(
        np.asarray(parameters, np.uint32),
        gates.astype(np.uint32),
        np.concatenate(pairs).astype(np.uint32),
        size,
    )


def _late_growth(gates: list[Gate], stride: dict[int, int]) -> Iterator[Gate]:
    """The gates in the order that lets the register grow last: of those that can be next, always
    the one that needs the smallest register. Gates that share no qubit are exchanged."""
    needed = [max(stride[qubit] for qubit in gate.qubits) for gate in gates]
    waiting = list(range(len(gates)))
    while waiting:
        free, busy = [], set()
        for number in waiting:
            if busy.isdisjoint(gates[number].qubits):
                free.append((needed[number], number))
            busy.update(gates[number].qubits)
        _, chosen = min(free)
        waiting.remove(chosen)
        yield gates[chosen]


def _rotation_pairs(size: int, stride: int, first: int, second: int) -> np.ndarray:
    """(n, 2) strings of a register of this size that a rotation turns into each other, by its two
    letters on the leg of this stride."""
    strings = np.arange(size)
    letters = strings // stride % 4
    turned = strings[letters == first]
    partners = turned + (second - first) * stride
    return np.stack([turned, partners], axis=1)


def _bond_pairs(size: int, stride: int, other_stride: int) -> np.ndarray:
    """(n, 2) strings that RZZ on two legs turns into each other: X with I or Z, and its partner
    with both letters exchanged, X with Y and I with Z."""
    strings = np.arange(size)
    letters = strings // stride % 4
    others = strings // other_stride % 4
    x_first = (letters == X) & np.isin(others, (I, Z))
    x_second = (others == X) & np.isin(letters, (I, Z))
    steps = (Z - 2 * letters) * stride  # from X to Y, from I to Z
    steps += (Z - 2 * others) * other_stride
    pairs = np.stack([strings, strings + steps], axis=1)
    return pairs[x_first | x_second]


def whole_vectors(columns: np.ndarray, size: int) -> np.ndarray:
    """The sorted `columns` and the first of the others below `size`, up to a multiple of WIDTH or
    all of them."""
    missing = -len(columns) % WIDTH
    others = np.setdiff1d(np.arange(size), columns)
    return np.sort(np.append(columns, others[:missing]))
