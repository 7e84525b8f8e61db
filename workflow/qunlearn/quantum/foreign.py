"""The compiled loops of `quantum.kernel` as operations of XLA's programs, through its foreign
function interface.

An operation takes lists of arrays: those of each replica, and those that all replicas share (the
circuit, the pool of features). Under a vmap it becomes one call for all replicas. Only reverse-mode
derivatives exist. Where the loops do not run (`available`), `lightcone.observable` and matrix
products give the same numbers to rounding.
"""

from __future__ import annotations

import struct
import warnings
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.quantum.circuit import Circuit
from qunlearn.quantum.program import WIDTH, program
from qunlearn.runtime.caches import check_loops


@cache
def available() -> bool:
    """Whether the compiled loops run here. If not, warns once, with the reason."""
    try:
        _register()
    except Exception as error:  # whatever Numba, LLVM, JAX or XLA may raise: there is another way
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        warnings.warn(
            f"compiled loops of the QNN are not used, and training is slower ({reason})",
            stacklevel=2,
        )
        return False
    return True


@cache
def _register() -> None:
    """Make the loops known to XLA. Raises whatever stands in the way: a package that is missing or
    does not compile, a version of the interface that does not fit, a machine of other words."""
    check_loops()
    from qunlearn.quantum import kernel

    if struct.calcsize("P") != 8:
        raise RuntimeError("they are for machines with 8-byte pointers")
    jax.devices(
        "cpu"
    )  # XLA checks versions at once where this backend has started, and else breaks its start
    for name, handler in kernel.HANDLERS.items():
        capsule = jax.ffi.pycapsule(handler.address)
        jax.ffi.register_ffi_target(f"qunlearn_{name}", capsule, platform="cpu")


def coefficients(circuit: Circuit, columns: np.ndarray, parameters) -> jnp.ndarray:
    """(C,) entries `columns` of `lightcone.observable`: Pauli coefficients of U^dagger Z U at
    `parameters` (P,)."""
    data = program(circuit)
    rows = data.size + 1  # the last belongs to no string
    whole = -(-len(columns) // WIDTH) * WIDTH
    padded = np.append(columns, np.full(whole - len(columns), data.size)).astype(np.uint32)
    shared = [data.parameters, data.gates, data.pairs, padded]
    evolve = _operation("evolve", len(columns), (rows, 2 * len(data.gates), whole))
    pull_back = _operation("pull_back", circuit.parameters, (2 * rows, whole))

    @jax.custom_vjp
    def evolved(angles):
        return evolve([angles], shared)[0]

    def forward(angles):
        found, registers, turns, _ = evolve([angles], shared)
        return found, [registers, turns]

    def backward(kept, cotangent):
        return (pull_back([cotangent, *kept], shared)[0],)

    evolved.defvjp(forward, backward)
    return evolved(parameters)


@jax.custom_vjp
def read(pool, rows, observable) -> jnp.ndarray:
    """(B,) products of the `rows` (B,) of the `pool` (N, C), shared by all replicas, with the
    observable (C,), in which alone it can be differentiated. Raises ValueError unless C is a
    multiple of WIDTH."""
    if pool.shape[1] % WIDTH:
        raise ValueError(f"{pool.shape[1]} columns are no multiple of {WIDTH}")
    operation = _operation("read", len(rows))
    return operation([rows.astype(jnp.uint32), observable], [pool])[0]


def _read_forward(pool, rows, observable):
    return read(pool, rows, observable), (pool, rows.astype(jnp.uint32))


def _read_backward(kept, cotangent):
    pool, rows = kept
    operation = _operation("read_back", pool.shape[1])
    return None, None, operation([rows, cotangent], [pool])[0]


read.defvjp(_read_forward, _read_backward)


def _operation(name: str, width: int, kept: tuple[int, ...] = ()):
    """The compiled loop as a function of a list of single replicas' arrays (N,) and a list of those
    that all replicas share.

    Its first result is (width,); the others are memory of its own, with room for each `kept`
    numbers per replica in whole tiles of replicas.
    """
    _register()

    def together(each, shared):
        replicas = len(each[0])
        lanes = -(-replicas // WIDTH) * WIDTH
        widths = [width]
        widths += [-(-lanes * numbers // replicas) for numbers in kept]
        results = [jax.ShapeDtypeStruct((replicas, w), jnp.float32) for w in widths]
        call = jax.ffi.ffi_call(f"qunlearn_{name}", results, vmap_method="sequential")
        return call(*each, *shared)

    @jax.custom_batching.custom_vmap
    def one(each, shared):
        found = together([array[None] for array in each], shared)
        return [array[0] for array in found]

    @one.def_vmap
    def _(replicas, mapped, each, shared):
        each_mapped, shared_mapped = mapped
        if any(shared_mapped):
            raise ValueError(
                f"the replicas of '{name}' must share their circuit and their pool of features"
            )
        spread = []
        for array, is_mapped in zip(each, each_mapped):
            spread.append(array if is_mapped else jnp.broadcast_to(array, (replicas, *array.shape)))
        return together(spread, shared), [True] * (1 + len(kept))

    return one
