"""Many replicas of one program at once: how many, and how."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp

from qunlearn.training.memory import budget, device, needed

#: Parameters, gradients and optimiser state of the replicas that run together should fit in this
#: many bytes of cache.
CACHE_BYTES = 3 * 2**19
#: Replicas per program on a CPU; enough to amortise the small operations of a quantum model.
LANES = 10


def replicas_together(
    platform: str, params_bytes: int, replicas: int, limits: tuple[int, int] | None = None
) -> int:
    """How many replicas one program holds, each with so many bytes of parameters: all on an
    accelerator, if they fit; on a CPU a number that depends neither on how many there are nor on
    memory, so that a cell runs through the same program, to the last bit, however cells were
    grouped and wherever.

    A model whose arithmetic is the same in any company sets `limits`, least and most: programs are
    then as few and equal as can be.
    """
    if platform != "cpu":
        return replicas
    if limits:
        least, most = limits
        programs = math.ceil(replicas / most)
        return max(least, math.ceil(replicas / programs))
    fitting = CACHE_BYTES // (4 * params_bytes)
    return max(1, min(LANES, fitting))


def fewer(number: int, needed: int, budget: int) -> int:
    """How many to try next where `number` of them need more bytes than there are."""
    in_proportion = number * budget // needed
    return max(1, min(number - 1, in_proportion))


def of_all(function: Callable, shared, *own):
    """`vectorised(function)(shared, *own)`, compiled: on an accelerator of as many replicas at once
    as its memory holds."""
    replicas = len(jax.tree.leaves(own)[0])
    program = jax.jit(vectorised(function))
    at_once = replicas
    while at_once > 1 and device().platform != "cpu":
        some = jax.tree.map(lambda array: array[:at_once], own)  # noqa: B023
        size = needed(program.lower(shared, *some).compile())
        most = budget()
        if size <= most:
            break
        at_once = fewer(at_once, size, most)
    found = []
    for first in range(0, replicas, at_once):
        some = jax.tree.map(lambda array: array[first : first + at_once], own)  # noqa: B023
        found.append(program(shared, *some))
    if len(found) == 1:
        return found[0]
    return jax.tree.map(lambda *parts: jnp.concatenate(parts), *found)


def vectorised(function: Callable) -> Callable:
    """`function(shared, *own)` of one replica as a function of many: arrays in all arguments but
    the first gain a leading replica axis, and so does the result."""
    return lambda shared, *own: jax.vmap(partial(function, shared))(*own)
