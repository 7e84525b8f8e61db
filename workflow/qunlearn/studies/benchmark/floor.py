"""The floor: the least time an update can take on this machine, from what the algorithm must
compute and move.

Floating-point operations are divided by the measured rate of large matrix products, bytes by the
measured rate of copying large arrays; the floor is the larger of the two (a roofline: both may
overlap). A floor is per replica, for replicas that train together and share one pool of features.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.parts import models
from qunlearn.quantum.circuit import Circuit
from qunlearn.quantum.lightcone import live_gates
from qunlearn.quantum.program import program
from qunlearn.studies.benchmark.cones import circuit_of
from qunlearn.studies.benchmark.engine import Inputs
from qunlearn.studies.benchmark.tasks import Cone, Mlp, Qnn, Task
from qunlearn.training.features import columns_in_use
from qunlearn.training.memory import device

ADAM_FLOPS = 12  # per parameter
FLOAT = 4  # bytes
PAIR_FLOPS = 6  # of turning a pair of strings
COPIED = 2**25  # numbers of an array that is copied, 128 MiB


# -- the machine -----------------------------------------------------------------------------------
class Machine(NamedTuple):
    """Floating-point operations per second of a matrix product, bytes per second (read + written)
    of a copy."""

    flops: float
    bytes: float


def machine() -> Machine:
    """Rates of this process: the best of several sizes of float32 product, and a copy of a large
    array."""
    on_host = device().platform == "cpu"
    sizes = (512, 1024, 2048) if on_host else (4096, 8192)
    product_rates = [_product_rate(size) for size in sizes]
    return Machine(max(product_rates), _copy_rate() if on_host else _copy_rate_of_device())


def _product_rate(size: int) -> float:
    matrix = jnp.ones((size, size), jnp.float32)
    square = jax.jit(lambda a: a @ a)

    def product():
        square(matrix).block_until_ready()

    return 2 * size**3 / _best(product)


def _copy_rate() -> float:
    source = np.ones(COPIED, np.float32)
    target = np.empty_like(source)
    seconds = _best(lambda: np.copyto(target, source))
    return 2 * source.nbytes / seconds


def _copy_rate_of_device() -> float:
    source = jnp.ones(8 * COPIED, jnp.float32)  # far more than its cache holds
    add_one = jax.jit(lambda array: array + 1)

    def copy():
        add_one(source).block_until_ready()

    return 2 * source.nbytes / _best(copy)


def _best(function: Callable, runs: int = 3) -> float:
    """Seconds of the fastest run, after one in vain."""
    function()
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        function()
        taken.append(time.perf_counter() - began)
    return min(taken)


# -- the work --------------------------------------------------------------------------------------
class Work(NamedTuple):
    """Floating-point operations and bytes of one update of one replica."""

    flops: float
    bytes: float

    def seconds(self, machine: Machine) -> float:
        return max(self.flops / machine.flops, self.bytes / machine.bytes)


def work(spec: Task, inputs: Inputs | None, replicas: int) -> Work:
    """One update of one replica among `replicas`."""
    of = {"qnn": qnn_work, "cone": cone_work, "mlp": mlp_work}[spec.kind]
    return of(spec, inputs, replicas)


def qnn_work(spec: Qnn, inputs: Inputs, replicas: int) -> Work:
    """The light-cone algorithm: the observable evolved gate by gate (for each of the pairs of
    strings that a gate mixes, in the order of gates with the fewest pairs known), its coefficients
    times the minibatch's features, both passes back, and Adam.

    A backward pass counts as two forward ones for the evolution (the cotangent, and the gradient of
    each angle) and as one for the product. Features are read twice, and no more often than the pool
    holds rows for all replicas. Of a light cone so wide that states are evolved in its place, the
    evolution alone is counted.
    """
    model = models.build(spec.options, [inputs.x, inputs.x[:1]])
    parameters = len(model.live)
    flops = _evolution(model.circuit) + ADAM_FLOPS * parameters
    moved = 6 * parameters
    if model.engine == "cone":
        columns = len(columns_in_use([model.encode(inputs.x)]))
        flops += 4 * _batch(spec) * columns
        moved += 2 * _rows(spec, replicas) * columns
    return Work(flops, FLOAT * moved)


def cone_work(spec: Cone, inputs: None, replicas: int) -> Work:
    """The same of a value and its derivatives: the evolution, and angles and derivatives moved."""
    circuit = circuit_of(spec)
    parameters = len(live_gates(circuit))
    return Work(_evolution(circuit), FLOAT * 2 * parameters)


def _evolution(circuit: Circuit) -> int:
    """Operations of the observable's evolution there and back."""
    return 3 * PAIR_FLOPS * len(program(circuit).pairs)


def mlp_work(spec: Mlp, inputs: Inputs, replicas: int) -> Work:
    """Two operations per weight and sample forward, two for the weights' gradient, two for the
    signal passed down (not below the first layer), and Adam; weights and both moments are read and
    written once."""
    sizes = [spec.width, *spec.hidden, 1]
    by_layer = [fan_in * fan_out for fan_in, fan_out in pairwise(sizes)]
    weights = sum(by_layer)
    parameters = weights + sum(sizes[1:])
    per_sample = 6 * weights - 2 * by_layer[0]
    flops = _batch(spec) * per_sample
    flops += ADAM_FLOPS * parameters
    features = _rows(spec, replicas) * spec.width
    moved = 2 * features + 6 * parameters
    return Work(flops, FLOAT * moved)


def _batch(spec: Task) -> int:
    return min(spec.batch, spec.samples)


def _rows(spec: Task, replicas: int) -> float:
    """Rows of the pool that one replica reads in one update, of those that it does not share."""
    return min(_batch(spec), spec.samples / replicas)
