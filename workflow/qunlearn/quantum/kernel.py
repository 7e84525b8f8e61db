"""The observable's evolution of `quantum.lightcone` as compiled loops, for CPUs and single
precision.

One loop serves every circuit, which comes as data (`quantum.program`). Replicas are evolved in
tiles of WIDTH: each row of a tile's register (4^k, WIDTH) is a vector that holds one string's
coefficients. Going backwards, register and cotangent are turned back together, since a rotation's
adjoint is its inverse: nothing is stored on the way, and a gate's derivative is <cotangent,
generator register>. What a replica gets does not depend on the others, to the last bit.

The arithmetic is that of `lightcone.observable`, whose many small operations XLA runs ten times
slower and more. The innermost loops are over vectors (`quantum.vectors`).
"""

from __future__ import annotations

import numpy as np
from numba import carray, cfunc, njit, types
from numba.extending import intrinsic

from qunlearn.quantum.program import WIDTH, Z
from qunlearn.quantum.vectors import load, memory, spread, store, sum_of

APART = 32  # rows between two registers: places that are a page apart are mistaken for each other

# -- evolution -------------------------------------------------------------------------------------------------------
# Minimax polynomials for |x| <= pi/4 (S. Moshier's Cephes, sinf.c):
# sin x = x + S3 x^3 + S5 x^5 + S7 x^7, cos x = 1 - x^2/2 + C4 x^4 + C6 x^6 + C8 x^8
S3, S5, S7 = map(np.float32, (-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4))
C4, C6, C8 = map(np.float32, (4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5))


@njit(fastmath={"contract"}, error_model="numpy")
def _cosines_and_sines(angles, gates):
    """Both (G, WIDTH), of the gates' angles in `angles` (lanes, P). The nearest multiple of pi/2 is
    subtracted in double precision, polynomials serve for the rest."""
    cosines, sines = memory(len(gates)), memory(len(gates))
    cosines[:] = 0
    for gate in range(len(gates)):
        for lane in range(len(angles)):
            cosines[gate, lane] = angles[lane, gates[gate, 0]]
    a, b = cosines.reshape(-1), sines.reshape(-1)
    for n in range(len(a)):
        angle = np.float64(a[n])
        turn = np.floor(angle * (2 / np.pi) + 0.5)
        x = np.float32(angle - turn * (np.pi / 2))
        y = x * x
        odd = S3 + y * (S5 + y * S7)
        sine = x + x * y * odd
        even = C4 + y * (C6 + y * C8)
        cosine = np.float32(1) - np.float32(0.5) * y + y * y * even
        quarter = np.int32(turn)
        if quarter & 1:
            cosine, sine = sine, cosine
        a[n] = -cosine if (quarter + 1) & 2 else cosine
        b[n] = -sine if quarter & 2 else sine
    return cosines, sines


@njit
def _turn(register, cosines, sines, gates, pairs):
    """Evolve the measured observable in `register` (4^k, WIDTH)."""
    register[:] = 0
    register[Z] = 1
    for gate in range(len(gates)):
        cosine, sine = load(cosines, gate), load(sines, gate)
        for n in range(gates[gate, 1], gates[gate, 2]):
            first, second = pairs[n, 0], pairs[n, 1]
            x, y = load(register, first), load(register, second)
            store(register, first, cosine * x + sine * y)
            store(register, second, cosine * y - sine * x)


@njit
def _turn_back(register, cotangent, cosines, sines, gates, pairs):
    """Take both back to the measured observable. Returns derivatives (G, WIDTH) in the angles."""
    slopes = memory(len(gates))
    for gate in range(len(gates) - 1, -1, -1):
        cosine, sine = load(cosines, gate), load(sines, gate)
        x_terms = y_terms = spread(np.float32(0))
        for n in range(gates[gate, 1], gates[gate, 2]):
            first, second = pairs[n, 0], pairs[n, 1]
            x, y = load(register, first), load(register, second)
            store(register, first, cosine * x - sine * y)
            store(register, second, cosine * y + sine * x)
            dual_x, dual_y = load(cotangent, first), load(cotangent, second)
            store(cotangent, first, cosine * dual_x - sine * dual_y)
            store(cotangent, second, cosine * dual_y + sine * dual_x)
            x_terms = x_terms + dual_x * y
            y_terms = y_terms + dual_y * x
        store(slopes, gate, x_terms - y_terms)
    return slopes


# -- what XLA calls --------------------------------------------------------------------------------------------------
# A handler gets the address of a call frame (xla/ffi/api/c_api.h, version 0.3 of a stable binary interface), which
# holds 8-byte words: size, extension, api, context, stage; of arguments and of results size, extension, length, types,
# buffers. A buffer: size, extension, type, data, rank, shape. An extension that asks for the version: size, type, next,
# metadata; these: size, version's size, version's extension, and its two numbers of 4 bytes.
HANDLER = types.int64(types.int64)
VERSION = (0, 3)
EXTENSION, ARGUMENTS, RESULTS = 1, 9, 14
DATA, SHAPE = 3, 5
METADATA, VERSION_BYTE = 3, 24


@intrinsic
def _pointer(typing, address, kind):
    """C pointer to numbers of this kind, from its address."""
    pointer = types.CPointer(kind.dtype)

    def generate(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(pointer))

    return pointer(types.int64, kind), generate


@njit
def _word(address, number):
    return _pointer(address, np.int64)[number]


@njit
def _is_call(frame, version):
    """False where XLA asks for the version of the interface, which is answered."""
    extension = _word(frame, EXTENSION)
    if extension:
        metadata = _word(extension, METADATA)
        asked = _pointer(metadata + VERSION_BYTE, np.int32)
        asked[0], asked[1] = version
    return not extension


@njit
def _array(frame, values, number, kind):
    """One of the `values`, ARGUMENTS or RESULTS, of two axes."""
    buffer = _word(_word(frame, values), number)
    shape = _word(buffer, SHAPE)
    rows, length = _word(shape, 0), _word(shape, 1)
    return carray(_pointer(_word(buffer, DATA), kind), (rows, length))


@njit
def _program(frame, first):
    """The arguments `gates, pairs, columns, size` of `foreign.coefficients`, from number `first`."""
    gates = _array(frame, ARGUMENTS, first, np.uint32)
    pairs = _array(frame, ARGUMENTS, first + 1, np.uint32)
    columns = _array(frame, ARGUMENTS, first + 2, np.uint32)
    size = _array(frame, ARGUMENTS, first + 3, np.uint32)
    return gates, pairs, columns[0], np.int64(size[0, 0])


@cfunc(HANDLER, cache=True)
def _evolve(frame):
    """Of angles (R, P) and a program: coefficients (R, C) of the observable's strings `columns`."""
    if _is_call(frame, VERSION):
        angles = _array(frame, ARGUMENTS, 0, np.float32)
        gates, pairs, columns, size = _program(frame, 1)
        coefficients = _array(frame, RESULTS, 0, np.float32)
        register = memory(size)
        for begin in range(0, len(angles), WIDTH):
            tile = slice(begin, begin + WIDTH)
            _turn(register, *_cosines_and_sines(angles[tile], gates), gates, pairs)
            found = coefficients[tile]
            for lane in range(len(found)):
                for n in range(len(columns)):
                    found[lane, n] = register[columns[n], lane]
    return 0


@cfunc(HANDLER, cache=True)
def _pull_back(frame):
    """Of cotangents (R, C), angles (R, P) and a program: derivatives (R, P) in the angles of
    sum(cotangents * coefficients)."""
    if _is_call(frame, VERSION):
        cotangents = _array(frame, ARGUMENTS, 0, np.float32)
        angles = _array(frame, ARGUMENTS, 1, np.float32)
        gates, pairs, columns, size = _program(frame, 2)
        gradients = _array(frame, RESULTS, 0, np.float32)
        gradients[:] = 0
        both = memory(2 * size + APART)
        register, cotangent = both[:size], both[size + APART :]
        for begin in range(0, len(angles), WIDTH):
            tile = slice(begin, begin + WIDTH)
            turns = _cosines_and_sines(angles[tile], gates)
            _turn(register, *turns, gates, pairs)
            cotangent[:] = 0
            given, found = cotangents[tile], gradients[tile]
            for n in range(len(columns)):
                for lane in range(len(given)):
                    cotangent[columns[n], lane] = given[lane, n]
            slopes = _turn_back(register, cotangent, *turns, gates, pairs)
            for gate in range(len(gates)):
                for lane in range(len(found)):
                    found[lane, gates[gate, 0]] = slopes[gate, lane]
    return 0


@cfunc(HANDLER, cache=True)
def _read(frame):
    """Of rows (R, B), observables (R, C) and a pool (N, C): products (R, B) of each replica's rows
    of the pool with its observable. Two rows at once load the observable once."""
    if _is_call(frame, VERSION):
        rows = _array(frame, ARGUMENTS, 0, np.uint32)
        observables = _array(frame, ARGUMENTS, 1, np.float32)
        pool = _array(frame, ARGUMENTS, 2, np.float32)
        products = _array(frame, RESULTS, 0, np.float32)
        blocks = pool.shape[1] // WIDTH
        for r in range(len(rows)):
            for b in range(0, rows.shape[1], 2):
                other = min(b + 1, rows.shape[1] - 1)  # of an odd number the last is read twice
                first, second = rows[r, b] * blocks, rows[r, other] * blocks
                total = other_total = spread(np.float32(0))
                for n in range(blocks):
                    coefficients = load(observables, r * blocks + n)
                    total = total + coefficients * load(pool, first + n)
                    other_total = other_total + coefficients * load(pool, second + n)
                products[r, b], products[r, other] = sum_of(total), sum_of(other_total)
    return 0


@cfunc(HANDLER, cache=True)
def _read_back(frame):
    """Of rows (R, B), cotangents (R, B) and a pool (N, C): derivatives (R, C) in the observables of
    sum(cotangents * products)."""
    if _is_call(frame, VERSION):
        rows = _array(frame, ARGUMENTS, 0, np.uint32)
        cotangents = _array(frame, ARGUMENTS, 1, np.float32)
        pool = _array(frame, ARGUMENTS, 2, np.float32)
        gradients = _array(frame, RESULTS, 0, np.float32)
        blocks = pool.shape[1] // WIDTH
        for r in range(len(rows)):
            for n in range(blocks):
                slope = spread(np.float32(0))
                for b in range(rows.shape[1]):
                    slope = slope + spread(cotangents[r, b]) * load(pool, rows[r, b] * blocks + n)
                store(gradients, r * blocks + n, slope)
    return 0


#: Operation -> its handler.
HANDLERS = {"evolve": _evolve, "pull_back": _pull_back, "read": _read, "read_back": _read_back}
