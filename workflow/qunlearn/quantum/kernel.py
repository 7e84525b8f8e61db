"""The observable's evolution of `quantum.lightcone` as compiled loops, for CPUs and single
precision.

One loop serves every circuit, which comes as data (`quantum.program`). Replicas are evolved in
tiles of WIDTH, one after the other so that a tile stays in the cache: each row of its register
(4^k, WIDTH) is a vector that holds one string's coefficients. Going backwards, register and
cotangent are turned back together, since a rotation's adjoint is its inverse: nothing is stored on
the way, and a gate's derivative is <cotangent, generator register>. What a replica gets does not
depend on the others, to the last bit.

The arithmetic is that of `lightcone.observable`, whose many small operations XLA runs several times
slower and takes seconds to compile. The innermost loops are written as vector instructions
(intrinsics that emit LLVM's), because compilers do not see that the arrays are separate. All that
is compiled stands in this file, because Numba recompiles a cached function only when the file it
stands in has changed; how XLA calls it is at the end, and in `quantum.foreign`.
"""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
from llvmlite import ir
from numba import carray, cfunc, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

#: Replicas per tile, and strings that are read together: one vector register of AVX-512, two of
#: AVX, four of Neon.
WIDTH = 16
ROWS = 4  # of a pool that are read together, to hide the latency of the additions
Z = 3  # the measured observable, as a letter of I, X, Y, Z

VECTOR = ir.VectorType(ir.FloatType(), WIDTH)
INT, LONG = ir.IntType(32), ir.IntType(64)
ALIGNED = 4  # bytes
CONTRACT = ("contract",)  # a product and a sum may become one fused instruction


# -- instructions ----------------------------------------------------------------------------------------------------
class Emitter:
    """Writes the instructions of one intrinsic."""

    def __init__(self, context, builder, signature, arguments):
        self.context, self.builder = context, builder
        self.signature, self.arguments = signature, arguments

    def pointer(self, number: int):
        """To the numbers of an array, the argument of this number."""
        kind, argument = self.signature.args[number], self.arguments[number]
        make = self.context.make_array(kind)
        return make(self.context, self.builder, argument).data

    def vectors(self, number: int):
        """The same, to vectors of WIDTH of its numbers."""
        pointer = self.pointer(number)
        return self.builder.bitcast(pointer, VECTOR.as_pointer())

    def element(self, base, index, step: int = 0):
        """Pointer to the element `index` + `step` of an array."""
        place = self.builder.add(index, LONG(step))
        return self.builder.gep(base, [place])

    def load_index(self, base, index, step: int = 0):
        """The whole number at `index` + `step` of an array of them."""
        found = self.builder.load(self.element(base, index, step))
        return self.builder.zext(found, LONG)

    def load(self, pointer):
        return self.builder.load(pointer, align=ALIGNED)

    def store(self, vector, pointer) -> None:
        self.builder.store(vector, pointer, align=ALIGNED)

    def multiply(self, a, b):
        return self.builder.fmul(a, b, flags=CONTRACT)

    def add(self, a, b):
        return self.builder.fadd(a, b, flags=CONTRACT)

    def fused(self, a, x, b, y):
        """a x + b y."""
        product = self.multiply(a, x)
        return self.add(product, self.multiply(b, y))

    def zeros(self) -> ir.Instruction:
        """Pointer to a vector of zeros, which the compiler keeps in a register."""
        total = cgutils.alloca_once(self.builder, VECTOR)
        self.builder.store(VECTOR([0.0] * WIDTH), total)
        return total

    def add_product(self, total, a, b) -> None:
        """Add a b to the vector at `total`."""
        product = self.multiply(a, b)
        value = self.builder.load(total)
        self.builder.store(self.add(value, product), total)

    def shuffle(self, a, b, lanes: list[int]):
        """Vector of these lanes of a (0, 1, ...) and b (following)."""
        mask = ir.VectorType(INT, len(lanes))
        return self.builder.shuffle_vector(a, b, mask(lanes))

    def spread(self, number):
        """Vector with one number in all lanes."""
        empty = VECTOR(ir.Undefined)
        first = self.builder.insert_element(empty, number, INT(0))
        return self.shuffle(first, first, [0] * WIDTH)

    def total(self, vector):
        """Sum of all lanes: half to half, quarter to quarter, ..."""
        width = WIDTH // 2
        while width:
            lanes = list(range(2 * width))
            low = self.shuffle(vector, vector, lanes[:width])
            high = self.shuffle(vector, vector, lanes[width:])
            vector = self.builder.fadd(low, high)
            width //= 2
        return self.builder.extract_element(vector, INT(0))

    @contextmanager
    def each_pair(self, pairs, begin, end, arrays):
        """A loop over the pairs numbers `begin` to `end`; gives the pointers to their two rows of
        each array."""
        one = LONG(1)
        with cgutils.for_range_slice(self.builder, begin, end, one) as (number, _):
            place = self.builder.shl(number, one)
            first = self.load_index(pairs, place)
            second = self.load_index(pairs, place, 1)
            pointers = []
            for base in arrays:
                rows = self.element(base, first), self.element(base, second)
                pointers.append(rows)
            yield pointers

    def turn(self, rows, cosine, sine):
        """Turn the plane of two rows: (c x + s y, c y - s x). Returns x and y."""
        first, second = rows
        x, y = self.load(first), self.load(second)
        self.store(self.fused(cosine, x, sine, y), first)
        minus = self.builder.fneg(sine)
        self.store(self.fused(cosine, y, minus, x), second)
        return x, y

    def transpose(self, vectors: list):
        """Columns of a WIDTH x WIDTH matrix from its rows: Eklundh, IEEE Trans. Comput. C-21, 801
        (1972)."""
        lanes, step = np.arange(WIDTH), WIDTH // 2
        while step:
            is_upper = lanes & step != 0
            low = np.where(is_upper, WIDTH + lanes - step, lanes)
            high = np.where(is_upper, WIDTH + lanes, lanes + step)
            for n in lanes[~is_upper]:
                pair = vectors[n], vectors[n + step]
                vectors[n] = self.shuffle(*pair, low.tolist())
                vectors[n + step] = self.shuffle(*pair, high.tolist())
            step //= 2
        return vectors


# -- evolution -------------------------------------------------------------------------------------------------------
@intrinsic
def _turn(typing, register, cosines, sines, pairs, begin, end):
    """Turn the planes `pairs[begin:end]` of `register` (4^k, WIDTH) by the angles with these
    `cosines` and `sines` (WIDTH,)."""

    def generate(*context):
        emit = Emitter(*context)
        register, pairs = emit.vectors(0), emit.pointer(3)
        cosine = emit.load(emit.vectors(1))
        sine = emit.load(emit.vectors(2))
        begin, end = emit.arguments[4:]
        with emit.each_pair(pairs, begin, end, [register]) as (rows,):
            emit.turn(rows, cosine, sine)

    return types.void(register, cosines, sines, pairs, begin, end), generate


@intrinsic
def _turn_back(typing, register, cotangent, cosines, sines, pairs, begin, end, gradient):
    """Turn both arrays (4^k, WIDTH) back, and write the derivative in the angle to `gradient`
    (WIDTH,)."""

    def generate(*context):
        emit = Emitter(*context)
        arrays = emit.vectors(0), emit.vectors(1)
        cosine = emit.load(emit.vectors(2))
        sine = emit.load(emit.vectors(3))
        minus = emit.builder.fneg(sine)
        begin, end = emit.arguments[5:7]
        x_terms, y_terms = emit.zeros(), emit.zeros()
        with emit.each_pair(emit.pointer(4), begin, end, arrays) as (rows, duals):
            x, y = emit.turn(rows, cosine, minus)
            dual_x, dual_y = emit.turn(duals, cosine, minus)
            emit.add_product(x_terms, dual_x, y)
            emit.add_product(y_terms, dual_y, x)
        total = emit.builder.load(x_terms)
        total = emit.builder.fsub(total, emit.builder.load(y_terms))
        emit.store(total, emit.vectors(7))

    return types.void(register, cotangent, cosines, sines, pairs, begin, end, gradient), generate


def _mover(back: bool):
    """Intrinsic that copies WIDTH rows of a register, numbers WIDTH * block and following of
    `columns`, to as many numbers of the `lines` (WIDTH, WIDTH * blocks) of its lanes, or back."""

    @intrinsic
    def move(typing, register, columns, block, blocks, lines):
        def generate(*context):
            emit = Emitter(*context)
            register, columns, lines = emit.vectors(0), emit.pointer(1), emit.vectors(4)
            block, blocks = emit.arguments[2:4]
            first = emit.builder.mul(block, LONG(WIDTH))
            source, target = [], []
            for n in range(WIDTH):
                row = emit.load_index(columns, first, n)
                source.append(emit.element(register, row))
                line = emit.builder.mul(blocks, LONG(n))
                place = emit.builder.add(block, line)
                target.append(emit.element(lines, place))
            if back:
                source, target = target, source
            vectors = [emit.load(place) for place in source]
            for vector, place in zip(emit.transpose(vectors), target):
                emit.store(vector, place)

        return types.void(register, columns, block, blocks, lines), generate

    return move


_gather, _scatter = _mover(back=False), _mover(back=True)


@njit(error_model="numpy", cache=True)
def _copy(source, target):
    """The first numbers of `target`; an assignment of slices would look for overlaps."""
    for n in range(len(source)):
        target[n] = source[n]


# Minimax polynomials for |x| <= pi/4 (S. Moshier's Cephes, sinf.c):
# sin x = x + S3 x^3 + S5 x^5 + S7 x^7, cos x = 1 - x^2/2 + C4 x^4 + C6 x^6 + C8 x^8
S3, S5, S7 = map(np.float32, (-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4))
C4, C6, C8 = map(np.float32, (4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5))


@njit(fastmath={"contract"}, error_model="numpy", cache=True)
def _cosines_and_sines(cosines, sines):
    """Replace angles, in `cosines`, by their cosines and sines: the nearest multiple of pi/2 is
    subtracted in double precision, polynomials serve for the rest, all as vector instructions."""
    for n in range(len(cosines)):
        angle = np.float64(cosines[n])
        turn = np.floor(angle * (2 / np.pi) + 0.5)
        x = np.float32(angle - turn * (np.pi / 2))
        y = x * x
        odd = S3 + y * (S5 + y * S7)
        sine = x + x * y * odd
        even = C4 + y * (C6 + y * C8)
        cosine = np.float32(1) - np.float32(0.5) * y + y * y * even
        quarter = np.int32(turn)
        a, b = (sine, cosine) if quarter & 1 else (cosine, sine)
        cosines[n] = -a if (quarter + 1) & 2 else a
        sines[n] = -b if quarter & 2 else b


@njit
def _pairs_of(gates, gate):
    """Numbers of the first of a gate's pairs and of the first behind them."""
    return np.int64(gates[gate, 0]), np.int64(gates[gate, 1])


@njit(fastmath={"contract"}, error_model="numpy", cache=True)
def _evolve(angles, parameters, gates, pairs, columns, coefficients, registers, turns, lines):
    """`coefficients` (R, C) of the observable at `angles` (R, P).

    Keeps the whole `registers` (tiles, 4^k + 1, WIDTH) and the cosines and sines of the live
    angles, `turns` (tiles, 2, G, WIDTH). `lines` (WIDTH, C in whole vectors) is memory to work in.
    """
    blocks = len(columns) // WIDTH
    for tile in range(len(registers)):
        register, turn = registers[tile], turns[tile]
        first = tile * WIDTH
        lanes = min(WIDTH, len(angles) - first)
        turn[:] = 0
        for lane in range(lanes):
            for gate in range(len(gates)):
                turn[0, gate, lane] = angles[first + lane, parameters[gate]]
        _cosines_and_sines(turn[0].reshape(-1), turn[1].reshape(-1))
        register[:] = 0
        register[Z] = 1
        for gate in range(len(gates)):
            begin, end = _pairs_of(gates, gate)
            _turn(register, turn[0, gate], turn[1, gate], pairs, begin, end)
        for block in range(blocks):
            _gather(register, columns, block, blocks, lines)
        for lane in range(lanes):
            _copy(lines[lane, : coefficients.shape[1]], coefficients[first + lane])


@njit(fastmath={"contract"}, error_model="numpy", cache=True)
def _pull_back(
    cotangent, registers, turns, parameters, gates, pairs, columns, gradients, scratch, lines
):
    """`gradients` (R, P): derivatives in the angles of sum(cotangent * coefficients).

    `scratch` (2, 4^k + 1, WIDTH) and `lines` are memory to work in.
    """
    gradients[:] = 0
    blocks = len(columns) // WIDTH
    forward, backward = scratch[0], scratch[1]
    gradient = np.empty(WIDTH, gradients.dtype)
    for tile in range(len(registers)):
        turn = turns[tile]
        first = tile * WIDTH
        lanes = min(WIDTH, len(gradients) - first)
        _copy(registers[tile].reshape(-1), forward.reshape(-1))
        backward[:] = 0
        for lane in range(lanes):
            _copy(cotangent[first + lane], lines[lane])
        lines[lanes:] = 0
        for block in range(blocks):
            _scatter(backward, columns, block, blocks, lines)
        for gate in range(len(gates) - 1, -1, -1):
            begin, end = _pairs_of(gates, gate)
            cosines, sines = turn[0, gate], turn[1, gate]
            _turn_back(forward, backward, cosines, sines, pairs, begin, end, gradient)
            for lane in range(lanes):
                gradients[first + lane, parameters[gate]] = gradient[lane]


# -- reading ---------------------------------------------------------------------------------------------------------
def _picked_rows(emit: Emitter, count: int) -> list:
    """Of the arguments (pool, rows, first, blocks, ...): pointers to the pool's rows numbers
    `first` ... of `rows`."""
    pool, rows = emit.vectors(0), emit.pointer(1)
    first, blocks = emit.arguments[2:4]
    picked = []
    for n in range(count):
        number = emit.load_index(rows, first, n)
        place = emit.builder.mul(number, blocks)
        picked.append(emit.element(pool, place))
    return picked


def _reader(count: int):
    """Intrinsic that multiplies `count` rows of the pool with an observable. Its columns are summed
    by their number modulo WIDTH, then these."""

    @intrinsic
    def products(typing, pool, rows, first, blocks, observable, values):
        def generate(*context):
            emit = Emitter(*context)
            first, blocks = emit.arguments[2:4]
            picked = _picked_rows(emit, count)
            observable, values = emit.vectors(4), emit.pointer(5)
            totals = [emit.zeros() for _ in picked]
            with cgutils.for_range(emit.builder, blocks) as loop:
                coefficients = emit.load(emit.element(observable, loop.index))
                for total, row in zip(totals, picked):
                    features = emit.load(emit.element(row, loop.index))
                    emit.add_product(total, features, coefficients)
            for n, total in enumerate(totals):
                value = emit.total(emit.builder.load(total))
                emit.builder.store(value, emit.element(values, first, n))

        return types.void(pool, rows, first, blocks, observable, values), generate

    return products


def _back_reader(count: int):
    """Intrinsic that adds `count` rows of the pool, times their weights, to a gradient."""

    @intrinsic
    def sums(typing, pool, rows, first, blocks, weights, gradient):
        def generate(*context):
            emit = Emitter(*context)
            first, blocks = emit.arguments[2:4]
            picked = _picked_rows(emit, count)
            weights, gradient = emit.pointer(4), emit.vectors(5)
            spread = []
            for n in range(count):
                weight = emit.builder.load(emit.element(weights, first, n))
                spread.append(emit.spread(weight))
            with cgutils.for_range(emit.builder, blocks) as loop:
                place = emit.element(gradient, loop.index)
                value = emit.load(place)
                for row, weight in zip(picked, spread):
                    features = emit.load(emit.element(row, loop.index))
                    product = emit.multiply(features, weight)
                    value = emit.add(product, value)
                emit.store(value, place)

        return types.void(pool, rows, first, blocks, weights, gradient), generate

    return sums


_read_rows, _read_row = _reader(ROWS), _reader(1)
_back_rows, _back_row = _back_reader(ROWS), _back_reader(1)


@njit(error_model="numpy", cache=True)
def _read(rows, observables, pool, values):
    """`values` (R, B): products of each replica's `rows` (R, B) of the `pool` (N, C) with its
    observable (R, C)."""
    blocks = pool.shape[1] // WIDTH
    batch = rows.shape[1]
    whole = batch // ROWS * ROWS
    for r in range(len(rows)):
        own, observable, found = rows[r], observables[r], values[r]
        for b in range(0, whole, ROWS):
            _read_rows(pool, own, b, blocks, observable, found)
        for b in range(whole, batch):
            _read_row(pool, own, b, blocks, observable, found)


@njit(error_model="numpy", cache=True)
def _read_back(rows, cotangents, pool, gradients):
    """`gradients` (R, C): derivatives in the observables of sum(cotangents * values)."""
    gradients[:] = 0
    blocks = pool.shape[1] // WIDTH
    batch = rows.shape[1]
    whole = batch // ROWS * ROWS
    for r in range(len(rows)):
        own, weights, gradient = rows[r], cotangents[r], gradients[r]
        for b in range(0, whole, ROWS):
            _back_rows(pool, own, b, blocks, weights, gradient)
        for b in range(whole, batch):
            _back_row(pool, own, b, blocks, weights, gradient)


# -- how XLA calls ---------------------------------------------------------------------------------------------------
# A handler gets the address of a call frame, a structure of 8-byte words (xla/ffi/api/c_api.h, version 0.3 of a stable
# binary interface). These are the words of the structures that are read, and the places of those that count.
VERSION = (0, 3)
LIST = ("size", "extension", "length", "types")  # what XLA_FFI_Args and XLA_FFI_Rets begin with
FRAME = ("size", "extension", "api", "context", "stage", *LIST, "arguments", *LIST, "results")
BUFFER = ("size", "extension", "type", "data", "rank", "shape")
ASKS_VERSION = ("size", "type", "next", "metadata")  # XLA_FFI_Metadata_Extension
METADATA = ("size", "version size", "version extension", "version numbers")

FRAME_WORDS, BUFFER_WORDS, ASKS_WORDS = len(FRAME), len(BUFFER), len(ASKS_VERSION)
EXTENSION, ARGUMENTS, RESULTS = map(FRAME.index, ("extension", "arguments", "results"))
DATA, RANK, SHAPE = map(BUFFER.index, ("data", "rank", "shape"))
ASKS_METADATA = ASKS_VERSION.index("metadata")
VERSION_BYTE = 8 * METADATA.index("version numbers")  # major and minor, 4 bytes each


@intrinsic
def _pointer(typing, address):
    """A C pointer from its address."""

    def generate(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())

    return types.voidptr(types.int64), generate


@njit
def _words(address, count):
    return carray(_pointer(address), (count,), np.int64)


@njit
def _is_call(frame):
    """False where XLA asks for the handler's version, which is answered."""
    extension = _words(frame, FRAME_WORDS)[EXTENSION]
    if extension == 0:
        return True
    metadata = _words(extension, ASKS_WORDS)[ASKS_METADATA]
    version = carray(_pointer(metadata + VERSION_BYTE), (2,), np.int32)
    version[0], version[1] = VERSION
    return False


@njit
def _buffer(frame, values, number):
    """Address of the numbers of one of the `values`, ARGUMENTS or RESULTS; its shape (R, N), R = 1
    for one axis."""
    buffers = _words(frame, FRAME_WORDS)[values]
    address = _words(buffers, number + 1)[number]
    buffer = _words(address, BUFFER_WORDS)
    data = _pointer(buffer[DATA])
    rank = buffer[RANK]
    shape = _words(buffer[SHAPE], rank)
    rows = shape[rank - 2] if rank > 1 else 1
    return data, (rows, shape[rank - 1])


@njit
def _floats(frame, values, number):
    """A buffer as an array (R, N)."""
    data, shape = _buffer(frame, values, number)
    return carray(data, shape, np.float32)


@njit
def _integers(frame, values, number):
    data, shape = _buffer(frame, values, number)
    return carray(data, shape, np.uint32)


@njit
def _floats_as(frame, values, number, shape):
    """A buffer in another shape of as many numbers or fewer."""
    data, _ = _buffer(frame, values, number)
    return carray(data, shape, np.float32)


@njit
def _program(frame, first):
    """The arguments `parameters, gates, pairs, columns`, from number `first` on
    (`program.Program`)."""
    parameters = _integers(frame, ARGUMENTS, first)[0]
    gates = _integers(frame, ARGUMENTS, first + 1)
    pairs = _integers(frame, ARGUMENTS, first + 2)
    columns = _integers(frame, ARGUMENTS, first + 3)[0]
    return parameters, gates, pairs, columns


@njit
def _kept(frame, values, first, replicas, live):
    """What `_evolve` keeps: registers and turns, arguments or results number `first` and
    following."""
    tiles = (replicas + WIDTH - 1) // WIDTH
    _, (_, width) = _buffer(frame, values, first)
    strings = replicas * width // (WIDTH * tiles)
    whole = tiles, strings, WIDTH
    registers = _floats_as(frame, values, first, whole)
    angles = tiles, 2, live, WIDTH
    turns = _floats_as(frame, values, first + 1, angles)
    return registers, turns


@cfunc(types.int64(types.int64), cache=True)
def _evolve_handler(frame):
    if _is_call(frame):
        angles = _floats(frame, ARGUMENTS, 0)
        parameters, gates, pairs, columns = _program(frame, 1)
        coefficients = _floats(frame, RESULTS, 0)
        registers, turns = _kept(frame, RESULTS, 1, len(angles), len(gates))
        lines = _floats_as(frame, RESULTS, 3, (WIDTH, len(columns)))
        _evolve(angles, parameters, gates, pairs, columns, coefficients, registers, turns, lines)
    return 0


@cfunc(types.int64(types.int64), cache=True)
def _pull_back_handler(frame):
    if _is_call(frame):
        cotangent = _floats(frame, ARGUMENTS, 0)
        parameters, gates, pairs, columns = _program(frame, 4)  # the angles, before, are in `turns`
        registers, turns = _kept(frame, ARGUMENTS, 1, len(cotangent), len(gates))
        kept = registers, turns, parameters, gates, pairs, columns
        gradients = _floats(frame, RESULTS, 0)
        scratch = _floats_as(frame, RESULTS, 1, (2, registers.shape[1], WIDTH))
        lines = _floats_as(frame, RESULTS, 2, (WIDTH, len(columns)))
        _pull_back(cotangent, *kept, gradients, scratch, lines)
    return 0


@njit
def _rows(frame):
    """Rows, observables or cotangents, pool, and the result of `_read` and `_read_back`."""
    rows = _integers(frame, ARGUMENTS, 0)
    given = _floats(frame, ARGUMENTS, 1)
    pool = _floats(frame, ARGUMENTS, 2)
    return rows, given, pool, _floats(frame, RESULTS, 0)


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


#: Operation -> its handler.
HANDLERS = {
    "evolve": _evolve_handler,
    "pull_back": _pull_back_handler,
    "read": _read_handler,
    "read_back": _read_back_handler,
}
