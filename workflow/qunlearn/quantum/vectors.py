"""Vectors as a type of Numba's, for loops in which no compiler finds them by itself: it would have to
know that a row of an array that is written is none of those that are read next.

`load` takes a row of an array as a vector, `store` writes it; +, - and * work on all lanes at once.
Single precision, arrays without gaps.
"""

from __future__ import annotations

import operator
from functools import partial

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

from qunlearn.quantum.program import WIDTH

LINE = 64  # bytes of a line of the cache

FLOAT, INT, LONG = ir.FloatType(), ir.IntType(32), ir.IntType(64)
VECTOR = ir.VectorType(FLOAT, WIDTH)


class Vector(types.Type):
    """WIDTH numbers in vector registers of the processor."""


register_model(Vector)(partial(models.PrimitiveModel, be_type=VECTOR))
vector = Vector("vector")


def _row(context, builder, kind, array, row):
    """Pointer to a row of an array of this kind."""
    numbers = context.make_array(kind)(context, builder, array).data
    first = builder.mul(row, LONG(WIDTH))
    return builder.bitcast(builder.gep(numbers, [first]), VECTOR.as_pointer())


@intrinsic
def load(typing, array, row):
    """The vector at a row of an array (..., WIDTH), rows numbered through all its axes."""

    def generate(context, builder, signature, arguments):
        return builder.load(_row(context, builder, array, *arguments), align=4)

    return vector(array, types.int64), generate


@intrinsic
def store(typing, array, row, value):
    """Write a vector to a row of an array."""

    def generate(context, builder, signature, arguments):
        *where, value = arguments
        builder.store(value, _row(context, builder, array, *where), align=4)

    return types.void(array, types.int64, vector), generate


@intrinsic
def spread(typing, number):
    """The vector with one number in all lanes."""

    def generate(context, builder, signature, arguments):
        first = builder.insert_element(VECTOR(ir.Undefined), *arguments, INT(0))
        zeros = ir.Constant(ir.VectorType(INT, WIDTH), None)
        return builder.shuffle_vector(first, first, zeros)

    return vector(types.float32), generate


@intrinsic
def sum_of(typing, value):
    """Sum of all lanes, in LLVM's own order."""

    def generate(context, builder, signature, arguments):
        kind = ir.FunctionType(FLOAT, [FLOAT, VECTOR])
        name = f"llvm.vector.reduce.fadd.v{WIDTH}f32"
        reduce = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(reduce, [FLOAT(-0.0), *arguments], fastmath=("reassoc",))

    return types.float32(vector), generate


def _teach(symbol, instruction: str) -> None:
    """Let an operator of Python work on two vectors."""

    @intrinsic
    def operate(typing, a, b):
        def generate(context, builder, signature, arguments):
            fused = ("contract",)  # a product and a sum may become one instruction
            return getattr(builder, instruction)(*arguments, flags=fused)

        return vector(vector, vector), generate

    @overload(symbol)
    def _(a, b):
        if a == b == vector:
            return lambda a, b: operate(a, b)


_teach(operator.add, "fadd")
_teach(operator.sub, "fsub")
_teach(operator.mul, "fmul")


@njit
def memory(rows):
    """(rows, WIDTH) numbers from the start of a cache line on."""
    numbers = np.empty((rows + 1) * WIDTH, np.float32)
    begin = (LINE - numbers.ctypes.data % LINE) // numbers.itemsize
    return numbers[begin : begin + rows * WIDTH].reshape(rows, WIDTH)
