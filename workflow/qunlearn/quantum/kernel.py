"""The observable's evolution of `quantum.lightcone` as compiled loops, for CPUs and single precision.

In the Pauli basis every gate is a rotation by its angle in disjoint planes: RX(t) turns (Y, Z) on its qubit, RY (Z, X),
RZ (X, Y), RZZ (XI, YZ), (XZ, YI) and the same with the qubits exchanged; all other strings it leaves alone. So a
circuit is data, a list of gates and of pairs of strings, and one loop serves every circuit. Gates that share no qubit
are exchanged so that the register grows late, which saves a third to two thirds of the pairs. Replicas are evolved in
tiles of WIDTH, one after the other so that a tile stays in the cache: each row of its register (4^k, WIDTH) is a vector
that holds one string's coefficients. Going backwards, register and cotangent are turned back together, since a
rotation's adjoint is its inverse: nothing is stored on the way, and a gate's derivative is <cotangent, generator
register>. What a replica gets does not depend on the others, to the last bit.

XLA runs the loops as one operation of its programs, through its foreign function interface: a handler, compiled by
Numba, finds the buffers in a call frame (xla/ffi/api/c_api.h, version 0.3 of a stable binary interface). The arithmetic
is that of `lightcone.observable`, whose many small operations XLA runs several times slower and takes seconds to
compile. Only reverse-mode derivatives exist. The innermost loops are written as vector instructions (intrinsics that
emit LLVM's), because compilers do not see that the arrays are separate. All compiled functions are in this file because
Numba recompiles a cached one only when the file it stands in has changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from llvmlite import ir
from numba import carray, cfunc, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from . import lightcone
from .ansatz import Ansatz, Gate

PLANES = {"rx": (2, 3), "ry": (3, 1), "rz": (1, 2)}
Z = 3  # the measured observable, as a letter of I, X, Y, Z
ARGUMENTS, RESULTS = 9, 14  # words of XLA's call frame that hold the lists of buffers
#: Replicas per tile: one vector register of AVX-512, two of AVX, four of Neon.
WIDTH = 16
VECTOR, MASK, WORD = ir.VectorType(ir.FloatType(), WIDTH), ir.VectorType(ir.IntType(32), WIDTH), ir.IntType(64)
ALIGNED = 4  # bytes
ROWS = 4  # of a pool that are read together, to hide the latency of the additions


class Program(NamedTuple):
    """A circuit as data: `parameters` (G,) of the live gates in the order of the evolution; gate g turns the planes of
    the strings `pairs[gates[g, 0] : gates[g, 1]]`, numbered in the order of `lightcone.support`; `size`, 4^k."""

    parameters: np.ndarray
    gates: np.ndarray
    pairs: np.ndarray
    size: int


def _late_growth(gates: list[Gate], needed: list[int]) -> Iterator[Gate]:
    """The gates, each with the size of the register it needs, in the order that lets the register grow last: of those
    that can be next the one that needs least. Gates that share no qubit are exchanged."""
    waiting = list(range(len(gates)))
    while waiting:
        free, busy = [], set()
        for number in waiting:
            if busy.isdisjoint(gates[number].qubits):
                free.append(number)
            busy.update(gates[number].qubits)
        chosen = min(free, key=lambda number: (needed[number], number))
        waiting.remove(chosen)
        yield gates[chosen]


@cache
def program(ansatz: Ansatz) -> Program:
    """The live part of the circuit. A new qubit of the light cone is a new leading leg of the register."""
    live = lightcone.live_gates(ansatz)
    stride = {qubit: 4**leg for leg, qubit in enumerate(reversed(lightcone.support(ansatz)))}
    size, parameters, pairs = 4, [], []
    for gate in _late_growth(live, [max(stride[qubit] for qubit in gate.qubits) for gate in live]):
        size = max(size, *(4 * stride[qubit] for qubit in gate.qubits))
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
        pairs.append(np.stack([string[first], (string + steps)[first]], axis=1))
        parameters.append(gate.parameter)
    ends = np.cumsum([len(turned) for turned in pairs])
    gates = np.stack([np.append(0, ends[:-1]), ends], axis=1)
    return Program(*(np.asarray(a, np.uint32) for a in (parameters, gates, np.concatenate(pairs))), size)


def _vectors(context, builder, signature, arguments, number):
    """An array argument as a pointer to vectors of WIDTH numbers, or for an array of integers, to those."""
    kind = signature.args[number]
    data = context.make_array(kind)(context, builder, arguments[number]).data
    return data if kind.dtype == types.uint32 else builder.bitcast(data, VECTOR.as_pointer())


def _fused(builder, a, x, b, y):
    """a x + b y, element by element."""
    product = builder.fmul(a, x, flags=("contract",))
    return builder.fadd(product, builder.fmul(b, y, flags=("contract",)), flags=("contract",))


def _zeros(builder, count):
    """Pointers to `count` vectors of zeros, which the compiler keeps in registers."""
    totals = [cgutils.alloca_once(builder, VECTOR) for _ in range(count)]
    for total in totals:
        builder.store(VECTOR([0.0] * WIDTH), total)
    return totals


def _add_product(builder, total, a, b):
    """Add a b to the vector at `total`."""
    product = builder.fmul(a, b, flags=("contract",))
    builder.store(builder.fadd(builder.load(total), product, flags=("contract",)), total)


def _loop(builder, vectors, pairs, begin, end):
    """Yields, for every pair, the pointers to its two rows of each array in `vectors`."""
    with cgutils.for_range_slice(builder, begin, end, WORD(1)) as (number, _):
        place = [builder.gep(pairs, [builder.add(builder.shl(number, WORD(1)), WORD(n))]) for n in (0, 1)]
        rows = [builder.zext(builder.load(p), WORD) for p in place]
        yield [[builder.gep(base, [row]) for row in rows] for base in vectors]


def _turned(builder, c, s, rows, sign):
    """Turn the plane of two rows and return the rows as they were."""
    x, y = (builder.load(row, align=ALIGNED) for row in rows)
    minus = builder.fneg(s)
    forward, backward = (s, minus) if sign > 0 else (minus, s)
    builder.store(_fused(builder, c, x, forward, y), rows[0], align=ALIGNED)
    builder.store(_fused(builder, c, y, backward, x), rows[1], align=ALIGNED)
    return x, y


@intrinsic
def _turn(typing, register, cosines, sines, pairs, begin, end):
    """Turn the planes `pairs[begin:end]` of `register` (4^k, WIDTH) by the angles with these `cosines` and `sines`
    (WIDTH,)."""

    def generate(context, builder, signature, arguments):
        register, *turn, pairs = (_vectors(context, builder, signature, arguments, n) for n in range(4))
        c, s = (builder.load(place, align=ALIGNED) for place in turn)
        for (rows,) in _loop(builder, [register], pairs, *arguments[4:]):
            _turned(builder, c, s, rows, 1)

    return types.void(register, cosines, sines, pairs, begin, end), generate


@intrinsic
def _turn_back(typing, register, cotangent, cosines, sines, pairs, begin, end, slope):
    """Turn both arrays (4^k, WIDTH) back, and write the derivative in the angle to `slope` (WIDTH,)."""

    def generate(context, builder, signature, arguments):
        register, cotangent, *turn, pairs = (_vectors(context, builder, signature, arguments, n) for n in range(5))
        slope = _vectors(context, builder, signature, arguments, 7)
        c, s = (builder.load(place, align=ALIGNED) for place in turn)
        sums = _zeros(builder, 2)
        for rows, duals in _loop(builder, [register, cotangent], pairs, *arguments[5:7]):
            x, y = _turned(builder, c, s, rows, -1)
            u, v = _turned(builder, c, s, duals, -1)
            for total, a, b in zip(sums, (u, v), (y, x)):
                _add_product(builder, total, a, b)
        builder.store(builder.fsub(*(builder.load(total) for total in sums)), slope, align=ALIGNED)

    return types.void(register, cotangent, cosines, sines, pairs, begin, end, slope), generate


def _transposed(builder, vectors):
    """Columns of a WIDTH x WIDTH matrix from its rows: Eklundh, IEEE Trans. Comput. C-21, 801 (1972)."""
    lanes, step = np.arange(WIDTH), WIDTH // 2
    while step:
        low = ir.Constant(MASK, np.where(lanes & step, WIDTH + lanes - step, lanes).tolist())
        high = ir.Constant(MASK, np.where(lanes & step, WIDTH + lanes, lanes + step).tolist())
        for n in lanes[lanes & step == 0]:
            pair = vectors[n], vectors[n + step]
            vectors[n], vectors[n + step] = (builder.shuffle_vector(*pair, mask) for mask in (low, high))
        step //= 2
    return vectors


def _places(builder, register, columns, block, lines, stride):
    """Pointers to WIDTH rows of a register, numbers WIDTH * block and following of `columns`, and to as many numbers of
    each lane's line."""
    first = builder.mul(block, WORD(WIDTH))
    numbers = [builder.load(builder.gep(columns, [builder.add(first, WORD(n))])) for n in range(WIDTH)]
    rows = [builder.gep(register, [builder.zext(number, WORD)]) for number in numbers]
    return rows, [builder.gep(lines, [builder.add(block, builder.mul(stride, WORD(n)))]) for n in range(WIDTH)]


def _mover(back):
    """Intrinsic that copies WIDTH rows of a register, numbers WIDTH * block ... of `columns`, to the `lines` (WIDTH,
    WIDTH * blocks) of its lanes, or back."""

    @intrinsic
    def move(typing, register, columns, block, blocks, lines):
        def generate(context, builder, signature, arguments):
            register, columns, lines = (_vectors(context, builder, signature, arguments, n) for n in (0, 1, 4))
            places = _places(builder, register, columns, arguments[2], lines, arguments[3])
            source, target = reversed(places) if back else places
            vectors = _transposed(builder, [builder.load(place, align=ALIGNED) for place in source])
            for vector, place in zip(vectors, target):
                builder.store(vector, place, align=ALIGNED)

        return types.void(register, columns, block, blocks, lines), generate

    return move


_gather, _scatter = _mover(back=False), _mover(back=True)


@njit(error_model="numpy", cache=True)
def _copy(source, target):
    """The first numbers of `target`; an assignment of slices would look for overlaps."""
    for n in range(len(source)):
        target[n] = source[n]


@njit(fastmath={"contract"}, error_model="numpy", cache=True)
def _turns(cosines, sines):
    """Replace angles, in `cosines`, by their cosines and sines: by the nearest multiple of pi/2, subtracted in double
    precision, and minimax polynomials on the rest (S. Moshier's Cephes, sinf.c), as vector instructions."""
    for n in range(len(cosines)):
        angle = np.float64(cosines[n])
        turn = np.floor(angle * (2 / np.pi) + 0.5)
        x, quarter = np.float32(angle - turn * (np.pi / 2)), np.int32(turn)
        y = x * x
        odd = np.float32(8.3321608736e-3) + y * np.float32(-1.9515295891e-4)
        sine = x + x * y * (np.float32(-1.6666654611e-1) + y * odd)
        even = np.float32(-1.388731625493765e-3) + y * np.float32(2.443315711809948e-5)
        cosine = np.float32(1) - np.float32(0.5) * y + y * y * (np.float32(4.166664568298827e-2) + y * even)
        a, b = (sine, cosine) if quarter & 1 else (cosine, sine)
        cosines[n] = -a if (quarter + 1) & 2 else a
        sines[n] = -b if quarter & 2 else b


@njit(fastmath={"contract"}, error_model="numpy", cache=True)
def _evolve(angles, parameters, gates, pairs, columns, coefficients, registers, turns, lines):
    """`coefficients` (R, C) of the observable at `angles` (R, P); keeps the whole `registers` (tiles, 4^k + 1, WIDTH)
    and the cosines and sines of the live angles, `turns` (tiles, 2, G, WIDTH)."""
    blocks = len(columns) // WIDTH
    for tile in range(len(registers)):
        register, turn = registers[tile], turns[tile]
        lanes = min(WIDTH, len(angles) - tile * WIDTH)
        turn[:] = 0
        for lane in range(lanes):
            angle = angles[tile * WIDTH + lane]
            for gate in range(len(gates)):
                turn[0, gate, lane] = angle[parameters[gate]]
        _turns(turn[0].reshape(-1), turn[1].reshape(-1))
        register[:] = 0
        register[Z] = 1
        for gate in range(len(gates)):
            _turn(register, turn[0, gate], turn[1, gate], pairs, np.int64(gates[gate, 0]), np.int64(gates[gate, 1]))
        for block in range(blocks):
            _gather(register, columns, block, blocks, lines)
        for lane in range(lanes):
            _copy(lines[lane, : coefficients.shape[1]], coefficients[tile * WIDTH + lane])


@njit(fastmath={"contract"}, error_model="numpy", cache=True)
def _pull_back(cotangent, registers, turns, parameters, gates, pairs, columns, slopes, scratch, lines):
    """`slopes` (R, P): derivatives in the angles of sum(cotangent * coefficients)."""
    slopes[:] = 0
    blocks = len(columns) // WIDTH
    forward, backward, slope = scratch[0], scratch[1], np.empty(WIDTH, slopes.dtype)
    for tile in range(len(registers)):
        turn = turns[tile]
        lanes = min(WIDTH, len(slopes) - tile * WIDTH)
        _copy(registers[tile].reshape(-1), forward.reshape(-1))
        backward[:] = 0
        for lane in range(lanes):
            _copy(cotangent[tile * WIDTH + lane], lines[lane])
        lines[lanes:] = 0
        for block in range(blocks):
            _scatter(backward, columns, block, blocks, lines)
        for gate in range(len(gates) - 1, -1, -1):
            begin, end = np.int64(gates[gate, 0]), np.int64(gates[gate, 1])
            _turn_back(forward, backward, turn[0, gate], turn[1, gate], pairs, begin, end, slope)
            for lane in range(lanes):
                slopes[tile * WIDTH + lane, parameters[gate]] = slope[lane]


def _picked(context, builder, signature, arguments, count):
    """Of the arguments (pool, rows, first, blocks, ...): pointers to the pool's rows numbers `first` ... of `rows`."""
    pool, rows = (_vectors(context, builder, signature, arguments, n) for n in (0, 1))
    numbers = [builder.load(builder.gep(rows, [builder.add(arguments[2], WORD(n))])) for n in range(count)]
    return [builder.gep(pool, [builder.mul(builder.zext(number, WORD), arguments[3])]) for number in numbers]


def _reader(count):
    """Intrinsic that multiplies `count` rows of the pool with an observable. Its columns are summed by their number
    modulo WIDTH, then these."""

    @intrinsic
    def products(typing, pool, rows, first, blocks, observable, values):
        def generate(context, builder, signature, arguments):
            picked = _picked(context, builder, signature, arguments, count)
            observable = _vectors(context, builder, signature, arguments, 4)
            values = context.make_array(signature.args[5])(context, builder, arguments[5]).data
            totals = _zeros(builder, count)
            with cgutils.for_range(builder, arguments[3]) as loop:
                o = builder.load(builder.gep(observable, [loop.index]), align=ALIGNED)
                for total, row in zip(totals, picked):
                    _add_product(builder, total, builder.load(builder.gep(row, [loop.index]), align=ALIGNED), o)
            for n, total in enumerate(totals):
                vector, width = builder.load(total), WIDTH // 2
                while width:
                    halves = np.arange(2 * width).reshape(2, width).tolist()
                    kind = ir.VectorType(ir.IntType(32), width)
                    vector = builder.fadd(*(builder.shuffle_vector(vector, vector, kind(half)) for half in halves))
                    width //= 2
                place = builder.gep(values, [builder.add(arguments[2], WORD(n))])
                builder.store(builder.extract_element(vector, ir.IntType(32)(0)), place)

        return types.void(pool, rows, first, blocks, observable, values), generate

    return products


def _back_reader(count):
    """Intrinsic that adds `count` rows of the pool, times their weights, to a slope."""

    @intrinsic
    def sums(typing, pool, rows, first, blocks, weights, slope):
        def generate(context, builder, signature, arguments):
            picked = _picked(context, builder, signature, arguments, count)
            weights = context.make_array(signature.args[4])(context, builder, arguments[4]).data
            slope = _vectors(context, builder, signature, arguments, 5)
            spread = []
            for n in range(count):
                weight = builder.load(builder.gep(weights, [builder.add(arguments[2], WORD(n))]))
                one = builder.insert_element(VECTOR(ir.Undefined), weight, ir.IntType(32)(0))
                spread.append(builder.shuffle_vector(one, one, MASK([0] * WIDTH)))
            with cgutils.for_range(builder, arguments[3]) as loop:
                total = builder.gep(slope, [loop.index])
                value = builder.load(total, align=ALIGNED)
                for row, weight in zip(picked, spread):
                    x = builder.load(builder.gep(row, [loop.index]), align=ALIGNED)
                    value = builder.fadd(builder.fmul(x, weight, flags=("contract",)), value, flags=("contract",))
                builder.store(value, total, align=ALIGNED)

        return types.void(pool, rows, first, blocks, weights, slope), generate

    return sums


_read_rows, _read_row = _reader(ROWS), _reader(1)
_back_rows, _back_row = _back_reader(ROWS), _back_reader(1)


@njit(error_model="numpy", cache=True)
def _read(rows, observables, pool, values):
    """`values` (R, B): products of each replica's `rows` (R, B) of the `pool` (N, C) with its observable (R, C)."""
    batch, blocks = rows.shape[1], pool.shape[1] // WIDTH
    for replica in range(len(rows)):
        for b in range(0, batch - ROWS + 1, ROWS):
            _read_rows(pool, rows[replica], b, blocks, observables[replica], values[replica])
        for b in range(batch // ROWS * ROWS, batch):
            _read_row(pool, rows[replica], b, blocks, observables[replica], values[replica])


@njit(error_model="numpy", cache=True)
def _read_back(rows, cotangents, pool, slopes):
    """`slopes` (R, C): derivatives in the observables of sum(cotangents * values)."""
    slopes[:] = 0
    batch, blocks = rows.shape[1], pool.shape[1] // WIDTH
    for replica in range(len(rows)):
        for b in range(0, batch - ROWS + 1, ROWS):
            _back_rows(pool, rows[replica], b, blocks, cotangents[replica], slopes[replica])
        for b in range(batch // ROWS * ROWS, batch):
            _back_row(pool, rows[replica], b, blocks, cotangents[replica], slopes[replica])


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
    """The arguments `parameters, gates, pairs, columns`, from number `first` on."""
    data, (_, live) = _buffer(frame, ARGUMENTS, first)
    parameters = carray(data, (live,), np.uint32)
    gates = carray(_buffer(frame, ARGUMENTS, first + 1)[0], (live, 2), np.uint32)
    data, shape = _buffer(frame, ARGUMENTS, first + 2)
    pairs = carray(data, shape, np.uint32)
    data, (_, chosen) = _buffer(frame, ARGUMENTS, first + 3)
    return parameters, gates, pairs, carray(data, (chosen,), np.uint32)


@njit
def _kept(frame, values, first, replicas, live):
    """Registers and turns, arguments or results number `first` and following."""
    tiles = _tiles(replicas)
    data, (_, width) = _buffer(frame, values, first)
    size = replicas * width // (WIDTH * tiles)
    registers = carray(data, (tiles, size, WIDTH), np.float32)
    return registers, carray(_buffer(frame, values, first + 1)[0], (tiles, 2, live, WIDTH), np.float32)


@njit
def _tiles(replicas):
    return (replicas + WIDTH - 1) // WIDTH


@cfunc(types.int64(types.int64), cache=True)
def _evolve_handler(frame):
    if _is_call(frame):
        data, (replicas, count) = _buffer(frame, ARGUMENTS, 0)
        angles = carray(data, (replicas, count), np.float32)
        parameters, gates, pairs, columns = _circuit(frame, 1)
        data, shape = _buffer(frame, RESULTS, 0)
        coefficients = carray(data, shape, np.float32)
        registers, turns = _kept(frame, RESULTS, 1, replicas, len(gates))
        lines = carray(_buffer(frame, RESULTS, 3)[0], (WIDTH, len(columns)), np.float32)
        _evolve(angles, parameters, gates, pairs, columns, coefficients, registers, turns, lines)
    return 0


@cfunc(types.int64(types.int64), cache=True)
def _pull_back_handler(frame):
    if _is_call(frame):
        data, (replicas, count) = _buffer(frame, ARGUMENTS, 0)
        cotangent = carray(data, (replicas, count), np.float32)
        parameters, gates, pairs, columns = _circuit(frame, 3)
        registers, turns = _kept(frame, ARGUMENTS, 1, replicas, len(gates))
        data, shape = _buffer(frame, RESULTS, 0)
        slopes = carray(data, shape, np.float32)
        scratch = carray(_buffer(frame, RESULTS, 1)[0], (2, registers.shape[1], WIDTH), np.float32)
        lines = carray(_buffer(frame, RESULTS, 2)[0], (WIDTH, len(columns)), np.float32)
        _pull_back(cotangent, registers, turns, parameters, gates, pairs, columns, slopes, scratch, lines)
    return 0


@njit
def _rows(frame):
    """The arguments and the result of `_read` and `_read_back`, as they come."""
    data, shape = _buffer(frame, ARGUMENTS, 0)
    rows = carray(data, shape, np.uint32)
    data, shape = _buffer(frame, ARGUMENTS, 1)
    given = carray(data, shape, np.float32)
    data, shape = _buffer(frame, ARGUMENTS, 2)
    pool = carray(data, shape, np.float32)
    data, shape = _buffer(frame, RESULTS, 0)
    return rows, given, pool, carray(data, shape, np.float32)


@cfunc(types.int64(types.int64), cache=True)
def _read_handler(frame):
    if _is_call(frame):
        _read(*_rows(frame))
    return 0


@cfunc(types.int64(types.int64), cache=True)
def _read_back_handler(frame):
    if _is_call(frame):
        _read_back(*_rows(frame))
    return 0


HANDLERS = {
    "evolve": _evolve_handler,
    "pull_back": _pull_back_handler,
    "read": _read_handler,
    "read_back": _read_back_handler,
}


@cache
def _register() -> None:
    for name, handler in HANDLERS.items():
        jax.ffi.register_ffi_target(f"qunlearn_{name}", jax.ffi.pycapsule(handler.address), platform="cpu")


def _call(name: str, width: int, kept: tuple[int, ...] = ()):
    """The compiled loop as a function of a list of single replicas' arrays (N,) and a list of those that all replicas
    share. Its first result is (width,); the others are memory of its own, with room for each `kept` numbers per replica
    in whole tiles. A vmap makes it one call for all replicas."""
    _register()

    def together(each, shared):
        replicas = len(each[0])
        lanes = -(-replicas // WIDTH) * WIDTH
        widths = (width, *(-(-lanes * numbers // replicas) for numbers in kept))
        results = [jax.ShapeDtypeStruct((replicas, w), jnp.float32) for w in widths]
        return jax.ffi.ffi_call(f"qunlearn_{name}", results, vmap_method="sequential")(*each, *shared)

    @jax.custom_batching.custom_vmap
    def one(each, shared):
        return [found[0] for found in together([a[None] for a in each], shared)]

    @one.def_vmap
    def _(replicas, mapped, each, shared):
        if any(mapped[1]):
            raise ValueError(f"the replicas of '{name}' must share their circuit and their pool of features")
        each = [a if m else jnp.broadcast_to(a, (replicas, *a.shape)) for a, m in zip(each, mapped[0])]
        return together(each, shared), [True] * (1 + len(kept))

    return one


def coefficients(ansatz: Ansatz, columns: np.ndarray, parameters) -> jnp.ndarray:
    """(C,) entries `columns` of `lightcone.observable`: Pauli coefficients of U^dagger Z U at `parameters` (P,)."""
    circuit = program(ansatz)
    rows, whole = circuit.size + 1, -(-len(columns) // WIDTH) * WIDTH
    padded = np.append(columns, np.full(whole - len(columns), circuit.size))  # the last row belongs to no string
    shared = [circuit.parameters, circuit.gates, circuit.pairs, padded.astype(np.uint32)]
    evolve = _call("evolve", len(columns), (rows, 2 * len(circuit.gates), whole))
    pull_back = _call("pull_back", ansatz.parameters, (2 * rows, whole))

    @jax.custom_vjp
    def evolved(angles):
        return evolve([angles], shared)[0]

    def forward(angles):
        found, *kept, _ = evolve([angles], shared)
        return found, kept

    def backward(kept, cotangent):
        return (pull_back([cotangent, *kept], shared)[0],)

    evolved.defvjp(forward, backward)
    return evolved(parameters)


@jax.custom_vjp
def read(pool, rows, observable) -> jnp.ndarray:
    """(B,) products of the `rows` (B,) of the `pool` (N, C), shared by all replicas, with the observable (C,), in which
    alone it can be differentiated. Raises ValueError unless C is a multiple of WIDTH."""
    if pool.shape[1] % WIDTH:
        raise ValueError(f"{pool.shape[1]} columns are no multiple of {WIDTH}")
    return _call("read", len(rows))([rows.astype(jnp.uint32), observable], [pool])[0]


def _read_forward(pool, rows, observable):
    return read(pool, rows, observable), (pool, rows.astype(jnp.uint32))


def _read_backward(kept, cotangent):
    pool, rows = kept
    return None, None, _call("read_back", pool.shape[1])([rows, cotangent], [pool])[0]


read.defvjp(_read_forward, _read_backward)
