"""All first and second derivatives of the evolved observable in its angles, from one evolution in
compiled loops, in double precision.

The evolution of `quantum.lightcone`, as a list of gates (`quantum.program`), takes the observable
through o_0 = Z, o_g = R_g o_(g-1), ..., o_G, where R_g turns pairs of strings by the angle t_g:
dR_g/dt_g = K_g R_g, K_g (x, y) = (y, -x) on its pairs and 0 on other strings. So
- do/dt_g is born behind gate g as K_g o_g, and turned by all later gates as the observable is;
- let weights w be turned back from the end, so that w . o_G = w_g . o_g. Then
      d2(w . o_G)/(dt_i dt_g) = w_g . K_g (do/dt_i behind gate g),   i <= g,
  and in place of the derivative the observable itself gives the gradient.
The observable and its derivatives are the lanes of one register, a row for each string.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from qunlearn.quantum.program import Z


@njit(cache=True, fastmath={"contract"})
def evolve(cosines, sines, gates, pairs, size):
    """(size,) coefficients of the observable, from the gates' cosines and sines (G,); `gates` and
    `pairs` as of `quantum.program`."""
    register = np.zeros(size)
    register[Z] = 1
    for gate in range(len(gates)):
        _turn(register, cosines[gate], sines[gate], pairs[gates[gate, 0] : gates[gate, 1]])
    return register


@njit(cache=True, fastmath={"contract"})
def _turn(register, cosine, sine, pairs):
    for n in range(len(pairs)):
        first, second = pairs[n]
        x, y = register[first], register[second]
        register[first] = cosine * x + sine * y
        register[second] = cosine * y - sine * x


@njit(cache=True, fastmath={"contract"})
def differentiate(cosines, sines, gates, pairs, weights):
    """Lanes (size, 1 + G): the evolved observable and its derivatives by gate; and (G, 1 + G): the
    gradient of weights . observable, and beside it its second derivatives, those with the same and
    with earlier gates. `weights` (size,), the rest as for `evolve`."""
    weights = weights.copy()
    for gate in range(len(gates) - 1, -1, -1):
        _turn(weights, cosines[gate], -sines[gate], pairs[gates[gate, 0] : gates[gate, 1]])
    lanes = np.zeros((len(weights), 1 + len(gates)))
    lanes[Z, 0] = 1
    slopes = np.zeros((len(gates), 1 + len(gates)))
    for gate in range(len(gates)):
        cosine, sine, born = cosines[gate], sines[gate], 1 + gate
        turned = pairs[gates[gate, 0] : gates[gate, 1]]
        _turn(weights, cosine, sine, turned)
        for n in range(len(turned)):
            first, second = turned[n]
            weight, other_weight = weights[first], weights[second]
            for lane in range(born):
                x, y = lanes[first, lane], lanes[second, lane]
                x, y = cosine * x + sine * y, cosine * y - sine * x
                lanes[first, lane], lanes[second, lane] = x, y
                slopes[gate, lane] += weight * y - other_weight * x
            x, y = lanes[first, 0], lanes[second, 0]
            lanes[first, born], lanes[second, born] = y, -x
            slopes[gate, born] -= weight * x + other_weight * y
    return lanes, slopes
