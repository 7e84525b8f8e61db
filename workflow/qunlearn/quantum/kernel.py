"""The observable's evolution of `quantum.lightcone` as compiled loops, for CPUs and single precision.

In the Pauli basis every gate is a rotation by its angle in disjoint planes: RX(t) turns (Y, Z) on its qubit, RY (Z, X),
RZ (X, Y), RZZ (XI, YZ), (XZ, YI) and the same with the qubits exchanged; all other strings it leaves alone. So a
circuit is data, a list of gates and of pairs of strings, and one loop serves every circuit and all replicas at once:
each row of the register (4^k, R) holds one string's coefficient for R replicas. Going backwards, register and cotangent
are turned back together, since a rotation's adjoint is its inverse: nothing is stored on the way, and a gate's
derivative is <cotangent, generator register>.

XLA runs the loops as one operation of its programs, through its foreign function interface: a handler, compiled by
Numba, finds the buffers in a call frame (xla/ffi/api/c_api.h, version 0.3 of a stable binary interface). The arithmetic
is that of `lightcone.observable`, whose many small operations XLA runs several times slower and takes seconds to
compile. Only reverse-mode derivatives exist. All compiled functions are in this file because Numba recompiles a cached
one only when the file it stands in has changed.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from llvmlite import ir
from numba import carray, cfunc, njit, types
from numba.extending import intrinsic

from . import lightcone
from .ansatz import Ansatz

PLANES = {"rx": (2, 3), "ry": (3, 1), "rz": (1, 2)}
Z = 3  # the measured observable, as a letter of I, X, Y, Z
ARGUMENTS, RESULTS = 9, 14  # words of XLA's call frame that hold the lists of buffers


class Program(NamedTuple):
    """A circuit as data: `parameters` (G,) of the live gates, latest first; the planes of gate g are those of
    `runs[gates[g, 0] : gates[g, 1]]`, where a run (i, j, n) pairs strings i ... i + n - 1 with j ... j + n - 1, in the
    order of `lightcone.support`; `size`, 4^k."""

    parameters: np.ndarray
    gates: np.ndarray
    runs: np.ndarray
    size: int


@cache
def program(ansatz: Ansatz) -> Program:
    """The live part of the circuit. A new qubit of the light cone is a new leading leg of the register."""
    live = lightcone.live_gates(ansatz)
    stride, size = {ansatz.measure: 1}, 4
    runs, gates = [], []
    for gate in live:
        for qubit in gate.qubits:
            if qubit not in stride:
                stride[qubit], size = size, 4 * size
        string = np.arange(size)
        letters = [string // stride[qubit] % 4 for qubit in gate.qubits]
        if gate.name == "rzz":
            first = np.zeros(size, bool)
            for turned, other in (letters, letters[::-1]):
                first |= (turned == 1) & ((other == 0) | (other == 3))
            steps = sum((3 - 2 * letter) * stride[qubit] for letter, qubit in zip(letters, gate.qubits))
        else:
            a, b = PLANES[gate.name]
            first, steps = letters[0] == a, np.full(size, (b - a) * stride[gate.qubits[0]])
        pairs = np.stack([string[first], (string + steps)[first]], axis=1)
        begins = np.append(True, np.any(np.diff(pairs, axis=0) != 1, axis=1))
        lengths = np.diff(np.append(np.flatnonzero(begins), len(pairs)))
        start = gates[-1][1] if gates else 0
        runs.append(np.column_stack([pairs[begins], lengths]))
        gates.append((start, start + len(lengths)))
    parameters = np.array([gate.parameter for gate in live], np.int32)
    return Program(parameters, np.array(gates, np.int32), np.concatenate(runs).astype(np.int32), size)


@njit(fastmath={"contract"}, error_model="numpy", cache=True)
def _evolve(angles, parameters, gates, runs, columns, coefficients, register, turns):
    """`coefficients` (R, C) of the observable at `angles` (R, P); keeps the whole `register` (4^k, R) and the cosines
    and sines of the live angles, `turns` (2, G, R)."""
    replicas = angles.shape[0]
    for gate in range(gates.shape[0]):
        for r in range(replicas):
            turns[0, gate, r] = np.cos(angles[r, parameters[gate]])
            turns[1, gate, r] = np.sin(angles[r, parameters[gate]])
    register[:] = 0
    register[Z] = 1
    for gate in range(gates.shape[0]):
        c, s = turns[0, gate], turns[1, gate]
        for run in range(gates[gate, 0], gates[gate, 1]):
            i, j, rows = np.int64(runs[run, 0]), np.int64(runs[run, 1]), np.int64(runs[run, 2])
            first, second = register[i : i + rows], register[j : j + rows]
            for k in range(rows):
                for r in range(replicas):
                    a, b = first[k, r], second[k, r]
                    first[k, r] = c[r] * a + s[r] * b
                    second[k, r] = c[r] * b - s[r] * a
    for r in range(replicas):
        for column in range(columns.shape[0]):
            coefficients[r, column] = register[columns[column], r]


@njit(fastmath={"contract"}, error_model="numpy", cache=True)
def _pull_back(cotangent, register, turns, parameters, gates, runs, columns, slopes, scratch):
    """`slopes` (R, P): derivatives in the angles of sum(cotangent * coefficients)."""
    replicas = cotangent.shape[0]
    forward, backward, slope = scratch[0], scratch[1], np.empty(replicas, slopes.dtype)
    forward[:] = register
    backward[:] = 0
    for column in range(columns.shape[0]):
        for r in range(replicas):
            backward[columns[column], r] = cotangent[r, column]
    slopes[:] = 0
    for gate in range(gates.shape[0] - 1, -1, -1):
        c, s = turns[0, gate], turns[1, gate]
        slope[:] = 0
        for run in range(gates[gate, 0], gates[gate, 1]):
            i, j, rows = np.int64(runs[run, 0]), np.int64(runs[run, 1]), np.int64(runs[run, 2])
            first, second = forward[i : i + rows], forward[j : j + rows]
            one, two = backward[i : i + rows], backward[j : j + rows]
            for k in range(rows):
                for r in range(replicas):
                    a, b, x, y = first[k, r], second[k, r], one[k, r], two[k, r]
                    slope[r] += x * b - y * a
                    first[k, r] = c[r] * a - s[r] * b
                    second[k, r] = c[r] * b + s[r] * a
                    one[k, r] = c[r] * x - s[r] * y
                    two[k, r] = c[r] * y + s[r] * x
        slopes[:, parameters[gate]] = slope


@intrinsic
def _pointer(context, address):
    """A C pointer from its address."""

    def generate(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())

    return types.voidptr(types.int64), generate


@njit
def _words(address, count):
    return carray(_pointer(address), (count,), np.int64)


@njit
def _is_call(frame):
    """False where XLA asks for the handler's version, which is answered: 0.3 of the interface."""
    extension = _words(frame, 2)[1]
    if extension == 0:
        return True
    version = carray(_pointer(_words(extension, 4)[3] + 24), (2,), np.int32)
    version[0], version[1] = 0, 3
    return False


@njit
def _buffer(frame, values, number):
    """Address of the data of an argument or a result, and its shape (R, N), R = 1 for one axis."""
    buffer = _words(_words(_words(frame, 15)[values], number + 1)[number], 6)
    rank = buffer[4]
    shape = _words(buffer[5], rank)
    return _pointer(buffer[3]), (shape[rank - 2] if rank > 1 else 1, shape[rank - 1])


@njit
def _circuit(frame, first):
    """The arguments `parameters, gates, runs, columns`, from number `first` on."""
    data, (_, live) = _buffer(frame, ARGUMENTS, first)
    parameters = carray(data, (live,), np.int32)
    gates = carray(_buffer(frame, ARGUMENTS, first + 1)[0], (live, 2), np.int32)
    data, shape = _buffer(frame, ARGUMENTS, first + 2)
    runs = carray(data, shape, np.int32)
    data, (_, chosen) = _buffer(frame, ARGUMENTS, first + 3)
    return parameters, gates, runs, carray(data, (chosen,), np.int32)


@cfunc(types.int64(types.int64), cache=True)
def _evolve_handler(frame):
    if _is_call(frame):
        data, shape = _buffer(frame, ARGUMENTS, 0)
        angles = carray(data, shape, np.float32)
        parameters, gates, runs, columns = _circuit(frame, 1)
        data, shape = _buffer(frame, RESULTS, 0)
        coefficients = carray(data, shape, np.float32)
        data, (replicas, size) = _buffer(frame, RESULTS, 1)
        register = carray(data, (size, replicas), np.float32)
        turns = carray(_buffer(frame, RESULTS, 2)[0], (2, len(gates), replicas), np.float32)
        _evolve(angles, parameters, gates, runs, columns, coefficients, register, turns)
    return 0


@cfunc(types.int64(types.int64), cache=True)
def _pull_back_handler(frame):
    if _is_call(frame):
        data, shape = _buffer(frame, ARGUMENTS, 0)
        cotangent = carray(data, shape, np.float32)
        data, (replicas, size) = _buffer(frame, ARGUMENTS, 1)
        register = carray(data, (size, replicas), np.float32)
        parameters, gates, runs, columns = _circuit(frame, 3)
        turns = carray(_buffer(frame, ARGUMENTS, 2)[0], (2, len(gates), replicas), np.float32)
        data, shape = _buffer(frame, RESULTS, 0)
        slopes = carray(data, shape, np.float32)
        scratch = carray(_buffer(frame, RESULTS, 1)[0], (2, size, replicas), np.float32)
        _pull_back(cotangent, register, turns, parameters, gates, runs, columns, slopes, scratch)
    return 0


@cache
def _register() -> None:
    for name, handler in (("evolve", _evolve_handler), ("pull_back", _pull_back_handler)):
        jax.ffi.register_ffi_target(f"qunlearn_{name}", jax.ffi.pycapsule(handler.address), platform="cpu")


def _call(name: str, data: tuple, widths: tuple[int, ...]):
    """The compiled loop as a function of single replicas' arrays (N,), followed by the `data` that replicas share; its
    results are (width,) each. A vmap makes it one call for all replicas."""

    def together(*arguments):
        results = [jax.ShapeDtypeStruct((len(arguments[0]), width), jnp.float32) for width in widths]
        return jax.ffi.ffi_call(f"qunlearn_{name}", results, vmap_method="sequential")(*arguments, *data)

    @jax.custom_batching.custom_vmap
    def one(*arguments):
        return [found[0] for found in together(*(a[None] for a in arguments))]

    @one.def_vmap
    def _(replicas, mapped, *arguments):
        each = [a if m else jnp.broadcast_to(a, (replicas, *a.shape)) for a, m in zip(arguments, mapped)]
        return together(*each), [True] * len(widths)

    return one


def coefficients(ansatz: Ansatz, columns: np.ndarray, parameters) -> jnp.ndarray:
    """(C,) entries `columns` of `lightcone.observable`: Pauli coefficients of U^dagger Z U at `parameters` (P,)."""
    _register()
    circuit = program(ansatz)
    data = circuit.parameters, circuit.gates, circuit.runs, np.asarray(columns, np.int32)
    evolve = _call("evolve", data, (len(columns), circuit.size, 2 * len(circuit.gates)))
    pull_back = _call("pull_back", data, (ansatz.parameters, 2 * circuit.size))

    @jax.custom_vjp
    def evolved(angles):
        return evolve(angles)[0]

    def forward(angles):
        found, *kept = evolve(angles)
        return found, kept

    def backward(kept, cotangent):
        return (pull_back(cotangent, *kept)[0],)

    evolved.defvjp(forward, backward)
    return evolved(parameters)
