"""Values of a circuit on many samples with all their first and second derivatives in its angles, in
double precision, from the compiled loops of `quantum.tangents`: for curvature.

One evolution gives what differentiation of XLA's operations takes hundreds of evolutions and half a
minute of compilation for. Every rotation has an angle of its own; Clifford gates and noise have no
place here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import NamedTuple

import numpy as np

from qunlearn.quantum import foreign
from qunlearn.quantum.circuit import Circuit
from qunlearn.quantum.program import program


class Derivatives(NamedTuple):
    """Of values (N,) their `jacobian` (N, P), and the `hessian` (P, P) of their weighted sum."""

    values: np.ndarray
    jacobian: np.ndarray
    hessian: np.ndarray


@cache
def loops() -> ModuleType | None:
    """`quantum.tangents`; None, after a warning, where Numba does not run."""

    def load():
        foreign.keep_checked()
        from qunlearn.quantum import tangents

        return tangents

    return foreign.unless_it_fails(load, "curvature takes longer")


def derivatives(
    circuit: Circuit,
    angles: np.ndarray,
    features: np.ndarray,
    columns: np.ndarray,
    weigh: Callable[[np.ndarray], np.ndarray],
) -> Derivatives:
    """Of the values features @ `lightcone.observable`[columns] at `angles` (P,), with features
    (N, C). The Hessian is that of weights @ values, with the constant weights (N,) = weigh(values).
    """
    data = program(circuit)
    live = angles[data.parameters]  # (G,)
    gates = np.cos(live), np.sin(live), data.gates, data.pairs
    values = features @ loops().evolve(*gates, data.size)[columns]
    weights = np.zeros(data.size)
    weights[columns] = weigh(values) @ features
    lanes, slopes = loops().differentiate(*gates, weights)
    jacobian = np.zeros((len(values), len(angles)))
    jacobian[:, data.parameters] = features @ lanes[columns, 1:]
    with_earlier = slopes[:, 1:]  # (G, G), zero above the diagonal
    with_later = np.tril(with_earlier, -1).T
    hessian = np.zeros((len(angles), len(angles)))
    hessian[np.ix_(data.parameters, data.parameters)] = with_earlier + with_later
    return Derivatives(values, jacobian, hessian)
