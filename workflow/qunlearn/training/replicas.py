"""Many replicas of one program at once: how many, and how."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import jax

#: Parameters, gradients and optimiser state of the replicas that run together should fit in this
#: many bytes of cache.
CACHE_BYTES = 3 * 2**19
#: Replicas per program on a CPU; enough to amortise the small operations of a quantum model.
LANES = 10


def replicas_together(
    params_bytes: int, replicas: int, limits: tuple[int, int] | None = None
) -> int:
    """How many replicas one program holds: all on an accelerator; on a CPU a number that does not
    depend on how many there are, so that a cell runs through the same program, to the last bit,
    however cells were grouped.

    A model whose arithmetic is the same in any company sets `limits`, least and most: programs are
    then as few and equal as can be.
    """
    if jax.default_backend() != "cpu":
        return replicas
    if limits:
        least, most = limits
        programs = math.ceil(replicas / most)
        return max(least, math.ceil(replicas / programs))
    fitting = CACHE_BYTES // (4 * params_bytes)
    return max(1, min(LANES, fitting))


def vectorised(function: Callable) -> Callable:
    """`function(shared, *own)` of one replica as a function of many: arrays in all arguments but
    the first gain a leading replica axis, and so does the result."""
    return lambda shared, *own: jax.vmap(partial(function, shared))(*own)


def over_replicas(function: Callable, lanes: int) -> Callable:
    """As `vectorised`; for a single lane the bare function, whose matrix products XLA compiles to
    faster code without a batch dimension of one."""
    if lanes > 1:
        return vectorised(function)

    def bare(shared, *own):
        own = jax.tree.map(lambda array: array[0], own)
        return jax.tree.map(lambda array: array[None], function(shared, *own))

    return bare
