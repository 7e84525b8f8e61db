"""The compiled loops of `quantum.kernel` as operations of XLA's programs, through its foreign
function interface.

An operation takes lists of arrays: those of each replica, and those that all replicas share (the
circuit, the pool of features). Under a vmap it becomes one call for all replicas. Only reverse-mode
derivatives exist. A program that is lowered for a CPU calls the loops; on any other platform, and
where the loops do not run (`available`), `lightcone.observable` and matrix products give the same
numbers to rounding.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Primitive
from jax.interpreters import mlir

from qunlearn.quantum import lightcone
from qunlearn.quantum.circuit import Circuit
from qunlearn.quantum.program import WIDTH, program
from qunlearn.runtime.caches import check_loops


@cache
def available() -> bool:
    """Whether the compiled loops run on this machine's CPU. If not, warns once, with the reason."""
    found = unless_it_fails(_register, "training on a CPU is slower")
    return found is not None


def unless_it_fails(load: Callable, therefore: str):
    """What `load` returns; None where compiled loops do not run, with a warning of the reason and
    of what follows."""
    try:
        return load()
    except Exception as error:  # whatever Numba, LLVM, JAX or XLA may raise: there is another way
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        warnings.warn(
            f"compiled loops of the QNN are not used, and {therefore} ({reason})", stacklevel=3
        )
        return None


def keep_checked() -> None:
    """Compile anew what a job before has kept where the file is damaged or `vectors` changed."""
    check_loops(Path(__file__).with_name("vectors.py"))


@cache
def _register() -> bool:
    """Make the loops known to XLA. Raises whatever stands in the way: a package that is missing or
    does not compile, a version of the interface that does not fit, a machine of other words."""
    keep_checked()
    from qunlearn.quantum import kernel

    if struct.calcsize("P") != 8:
        raise RuntimeError("they are for machines with 8-byte pointers")
    jax.devices(
        "cpu"
    )  # XLA checks versions at once where this backend has started, and else breaks its start
    for name, handler in kernel.HANDLERS.items():
        capsule = jax.ffi.pycapsule(handler.address)
        jax.ffi.register_ffi_target(f"qunlearn_{name}", capsule, platform="cpu")
    return True


def coefficients(circuit: Circuit, columns: np.ndarray, parameters) -> jnp.ndarray:
    """(C,) entries `columns` of `lightcone.observable`: Pauli coefficients of U^dagger Z U at
    `parameters` (P,)."""
    data = program(circuit)
    gates = np.column_stack([data.parameters, data.gates])
    shared = [
        gates,
        data.pairs,
        columns[None].astype(np.uint32),
        np.full((1, 1), data.size, np.uint32),
    ]

    def evolve_elsewhere(angles, *_):
        return lightcone.observable(circuit, angles)[columns]

    def pull_back_elsewhere(cotangent, angles, *_):
        _, pull = jax.vjp(evolve_elsewhere, angles)
        return pull(cotangent)[0]

    evolve = _operation("evolve", evolve_elsewhere, len(columns))
    pull_back = _operation("pull_back", pull_back_elsewhere, circuit.parameters)

    @jax.custom_vjp
    def evolved(angles):
        return evolve([angles], shared)

    def forward(angles):
        return evolved(angles), angles

    def backward(angles, cotangent):
        return (pull_back([cotangent, angles], shared),)

    evolved.defvjp(forward, backward)
    return evolved(parameters)


@jax.custom_vjp
def read(pool, rows, observable) -> jnp.ndarray:
    """(B,) products of the `rows` (B,) of the `pool` (N, C), shared by all replicas, with the
    observable (C,), in which alone it can be differentiated. Raises ValueError unless C is a
    multiple of WIDTH."""
    if pool.shape[1] % WIDTH:
        raise ValueError(f"{pool.shape[1]} columns are no multiple of {WIDTH}")
    operation = _operation("read", _read_elsewhere, len(rows))
    return operation([rows.astype(jnp.uint32), observable], [pool])


def _read_forward(pool, rows, observable):
    return read(pool, rows, observable), (pool, rows.astype(jnp.uint32))


def _read_backward(kept, cotangent):
    pool, rows = kept
    operation = _operation("read_back", _read_back_elsewhere, pool.shape[1])
    return None, None, operation([rows, cotangent], [pool])


read.defvjp(_read_forward, _read_backward)


def _read_elsewhere(rows, observable, pool):
    return pool[rows] @ observable


def _read_back_elsewhere(rows, cotangent, pool):
    return cotangent @ pool[rows]


def _operation(name: str, elsewhere: Callable, width: int):
    """The compiled loop as a function of a list of single replicas' arrays (N,) and a list of those
    that all replicas share, with a result (width,); `elsewhere`, of the same arrays one by one,
    gives it where the loops do not run.
    """
    _register()

    @jax.custom_batching.sequential_vmap
    def together(each, shared):
        return _by_platform.bind(
            *each,
            *map(jnp.asarray, shared),
            name=name,
            elsewhere=jax.vmap(elsewhere, [0] * len(each) + [None] * len(shared)),
            shape=(len(each[0]), width),
        )

    @jax.custom_batching.custom_vmap
    def one(each, shared):
        return together([array[None] for array in each], shared)[0]

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
        return together(spread, shared), True

    return one


# -- one program, any platform -----------------------------------------------------------------------------------------
# An operation of its own and no `jax.lax.platform_dependent`, which would trace, differentiate and compile around both
# ways everywhere: this one is traced where a program is lowered, in the way of its platform alone.
_by_platform = Primitive("qunlearn_loop")


def _in_loops(*arrays, name, elsewhere, shape):
    result = jax.ShapeDtypeStruct(shape, jnp.float32)
    return jax.ffi.ffi_call(f"qunlearn_{name}", result)(*arrays)


def _in_operations(*arrays, name, elsewhere, shape):
    return elsewhere(*arrays)


@_by_platform.def_abstract_eval
def _result(*_, name, elsewhere, shape):
    return jax.core.ShapedArray(shape, jnp.float32)


@_by_platform.def_impl
def _on_its_own(*arrays, **how):
    return jax.jit(partial(_by_platform.bind, **how))(*arrays)


in_operations = mlir.lower_fun(_in_operations, multiple_results=False)
in_loops = mlir.lower_fun(_in_loops, multiple_results=False)
mlir.register_lowering(_by_platform, in_operations)
mlir.register_lowering(_by_platform, in_loops, platform="cpu")
