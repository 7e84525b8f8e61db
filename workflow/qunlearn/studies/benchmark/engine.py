"""What an engine of the benchmark is, and what all of them share: where replicas start, the order
of their minibatches, and a training loop in plain JAX.

An engine is a function of (task, inputs, replicas, updates) that returns an `Engine`. All replicas
start from random parameters and take their minibatches in random orders; every JAX engine but
`qml_benchmarks` scans over the updates inside one compiled program and takes the gradient with
reverse-mode differentiation and Adam. Before it is timed, an engine has to reproduce reference
logits and this project's derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from qunlearn.runtime.keys import generator, jax_key
from qunlearn.studies.benchmark.tasks import LEARNING_RATE, Task

MAX_CHECKED = 8  # logits compared before timing
#: Programs that run once to be checked: of the circuit simulators they take long to optimise.
UNOPTIMISED = {"xla_backend_optimization_level": "0"}


class Inputs(NamedTuple):
    """Samples (N, width) and their labels (N,)."""

    x: np.ndarray
    y: np.ndarray


class Engine(NamedTuple):
    """`compile()` traces and compiles and returns `run()`, which makes all updates of all replicas;
    `logits()` are those of the first replica's starting parameters on the first samples; `slope()`
    the derivative of their mean along `direction`, None for networks.

    Of a `tasks.Cone`: `logits()` (1,) is the first value, `slope()` its derivative.
    """

    compile: Callable[[], Callable[[], object]]
    logits: Callable[[], np.ndarray]
    slope: Callable[[], float] | None = None


def direction(parameters: int) -> np.ndarray:
    """(P,) in which all engines are asked for a derivative. One at random tells as much as all P of
    them: two gradients that differ anywhere agree along it by chance alone."""
    return generator("benchmark", "direction").normal(size=parameters)


def start(model, replicas: int) -> tuple[dict, dict]:
    """(params, state) of all replicas, along the first axis."""
    key = jax_key("benchmark", "init")
    keys = [jax.random.fold_in(key, replica) for replica in range(replicas)]
    params, state = jax.vmap(model.init)(jnp.stack(keys))
    if "theta" in params:  # away from the identity, where every engine would agree
        params = {"theta": 100 * params["theta"]}
    return params, state


def first(tree):
    """The first replica's part of arrays with a leading replica axis."""
    return jax.tree.map(lambda leaf: leaf[0], tree)


def orders(spec: Task, replicas: int, updates: int) -> np.ndarray:
    """(replicas, updates, batch) rows of the training set, which is gone through in a new order
    whenever it ends."""
    batch = min(spec.batch, spec.samples)
    used = updates * batch
    rounds = -(-used // spec.samples)
    everyone = np.arange(spec.samples, dtype=np.int32)
    rows = np.tile(everyone, (replicas, rounds, 1))
    rng = generator("benchmark", "order")
    rows = rng.permuted(rows, axis=2)
    rows = rows.reshape(replicas, -1)[:, :used]
    return rows.reshape(replicas, updates, batch)


def compiled(function: Callable, arguments: tuple, calls: int) -> Callable:
    """As `Engine.compile`: one program, called `calls` times per run. What a call gives is let go of
    before the next, as a job does with all but the last of them."""

    def compile():
        program = jax.jit(function).lower(*arguments).compile()
        ready = jax.device_put(arguments)

        def run():
            for _ in range(calls - 1):
                jax.block_until_ready(program(*ready))
            return jax.block_until_ready(program(*ready))

        return run

    return compile


def reverse_slope(function: Callable, theta, along):
    """The derivative of a function of angles (P,) along a direction, by reverse-mode
    differentiation."""
    return jax.grad(function)(theta) @ along


def forward_slope(function: Callable, theta, along):
    """The same by forward-mode differentiation, which XLA compiles in a tenth of the time where the
    function is a simulation of a state vector."""
    return jax.jvp(function, (theta,), (along,))[1]


def plain(
    logits: Callable,
    params: dict,
    inputs: tuple,
    order: np.ndarray,
    replicas: int,
    slope: Callable = reverse_slope,
) -> Engine:
    """Minibatch training in plain JAX and optax from `logits(params, x)`: one compiled scan over
    the updates. `params` and `order` (lanes, updates, batch) are of one replica, whose program is
    called once for each, or of all, which run together; `slope` as for `checks`."""
    x, _ = inputs
    lanes = len(order)
    if lanes > 1:
        function = jax.vmap(trainer(logits), in_axes=(None, None, 0, 0))
        arguments = (*inputs, params, order)
    else:
        function = trainer(logits)
        arguments = (*inputs, first(params), order[0])
    return Engine(
        compiled(function, arguments, replicas // lanes),
        **checks(logits, first(params), x[:MAX_CHECKED], slope),
    )


def checks(
    logits: Callable, params: dict, x, slope: Callable = reverse_slope
) -> dict[str, Callable]:
    """`logits` and `slope` of an engine, from `logits(params, x)` of one replica. `slope`: of
    these, `reverse_slope` or `forward_slope`."""

    def mean_logit(theta):
        return jnp.mean(logits({"theta": theta}, x))

    def values():
        return np.asarray(jax.jit(logits, compiler_options=UNOPTIMISED)(params, x))

    if "theta" not in params:
        return {"logits": values}

    def derivative():
        theta = params["theta"]
        along = jnp.asarray(direction(len(theta)), theta.dtype)
        program = jax.jit(partial(slope, mean_logit), compiler_options=UNOPTIMISED)
        return float(program(theta, along))

    return {"logits": values, "slope": derivative}


def trainer(logits: Callable) -> Callable:
    """The training of one replica, a function of (x, y, params, order)."""
    optimiser = optax.adam(LEARNING_RATE)

    def mean_loss(params, x, y):
        losses = optax.sigmoid_binary_cross_entropy(logits(params, x), y)
        return jnp.mean(losses)

    def train(x, y, params, order):
        def update(variables, rows):
            params, optimiser_state = variables
            gradient = jax.grad(mean_loss)(params, x[rows], y[rows])
            step, optimiser_state = optimiser.update(gradient, optimiser_state)
            params = optax.apply_updates(params, step)
            return (params, optimiser_state), None

        variables = params, optimiser.init(params)
        variables, _ = jax.lax.scan(update, variables, order)
        return variables

    return train
