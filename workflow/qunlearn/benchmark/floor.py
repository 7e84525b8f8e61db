"""The floor: the least time an update can take on this machine, from what the algorithm must compute and move.

Floating-point operations are divided by the measured rate of large matrix products, bytes by the measured rate of
copying large arrays; the floor is the larger of the two (a roofline: both may overlap). A floor is per replica, for
replicas that train together and share one pool of features.
"""

from __future__ import annotations

import itertools
import time
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .. import models
from ..models import base
from ..quantum import kernel

ADAM_FLOPS = 12  # per parameter
FLOAT = 4  # bytes


class Machine(NamedTuple):
    """Floating-point operations per second of a matrix product, bytes per second (read + written) of a copy."""

    flops: float
    bytes: float


class Work(NamedTuple):
    """Floating-point operations and bytes of one update of one replica."""

    flops: float
    bytes: float

    def seconds(self, machine: Machine) -> float:
        return max(self.flops / machine.flops, self.bytes / machine.bytes)


def _best(function, runs: int = 7) -> float:
    function()
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        function()
        taken.append(time.perf_counter() - began)
    return min(taken)


def machine() -> Machine:
    """Rates of this process: the best of several sizes of float32 product, and a copy of 128 MiB."""
    rates = []
    for n in (512, 1024, 2048):
        a = jnp.ones((n, n), jnp.float32)
        product = jax.jit(lambda a: a @ a)
        rates.append(2 * n**3 / _best(lambda: product(a).block_until_ready()))  # noqa: B023
    source = np.ones(2**25, np.float32)
    target = np.empty_like(source)
    return Machine(max(rates), 2 * source.nbytes / _best(lambda: np.copyto(target, source)))


def qnn_work(spec, inputs, replicas: int) -> Work:
    """The light-cone algorithm: the observable evolved gate by gate (6 operations for each of the pairs of strings
    that a gate mixes, in the order of gates with the fewest pairs known), its coefficients times the minibatch's
    features, both passes back, and Adam.

    A backward pass counts as two forward ones for the evolution (the cotangent, and the gradient of each angle) and as
    one for the product. Features are read twice, and no more often than the pool holds rows for all replicas.
    """
    model = models.build(spec.options, [inputs.x, inputs.x])
    circuit = kernel.program(model.ansatz)
    live = len(circuit.parameters)
    batch, columns = min(spec.batch, spec.samples), len(base.columns_in_use([model.encode(inputs.x)]))
    flops = 3 * 6 * len(circuit.pairs) + 4 * batch * columns + ADAM_FLOPS * live
    rows = min(batch, spec.samples / replicas)
    return Work(flops, FLOAT * (2 * rows * columns + 6 * live))


def mlp_work(spec, inputs, replicas: int) -> Work:
    """Two operations per weight and sample forward, two for the weights' gradient, two for the signal passed down
    (not below the first layer), and Adam; weights and both moments are read and written once."""
    batch = min(spec.batch, spec.samples)
    sizes = [spec.width, *spec.hidden, 1]
    weights = [a * b for a, b in itertools.pairwise(sizes)]
    parameters = sum(weights) + sum(sizes[1:])
    flops = batch * (6 * sum(weights) - 2 * weights[0]) + ADAM_FLOPS * parameters
    rows = min(batch, spec.samples / replicas)
    return Work(flops, FLOAT * (2 * rows * spec.width + 6 * parameters))


def work(spec, inputs, replicas: int) -> Work:
    """One update of one replica among `replicas`."""
    return (mlp_work if "hidden" in spec.options else qnn_work)(spec, inputs, replicas)
