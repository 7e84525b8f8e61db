"""What an engine of the benchmark is, and what all of them share: where replicas start, the order
of their minibatches, and a training loop in plain JAX.

An engine is a function of (task, inputs, replicas, updates) that returns an `Engine`. All replicas
start from random parameters and take their minibatches in random orders; every JAX engine but
`qml_benchmarks` scans over the updates inside one compiled program and takes the gradient with
reverse-mode differentiation and Adam. Before it is timed, an engine has to reproduce reference
logits and this project's derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
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
    `logits()` are those of the first replica's starting parameters on the first samples;
    `slopes()` the derivatives (P,) of their mean in the circuit's parameters, None for networks.

    Of a `tasks.Cone`: `logits()` (1,) is the first value, `slopes()` its derivatives.
    """

    compile: Callable[[], Callable[[], object]]
    logits: Callable[[], np.ndarray]
    slopes: Callable[[], np.ndarray] | None = None


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
    """As `Engine.compile`: one program, called `calls` times per run."""

    def compile():
        program = jax.jit(function).lower(*arguments).compile()
        ready = jax.device_put(arguments)
        return lambda: [jax.block_until_ready(program(*ready)) for _ in range(calls)]

    return compile


def plain(
    logits: Callable, params: dict, inputs: tuple, order: np.ndarray, replicas: int
) -> Engine:
    """Minibatch training in plain JAX and optax from `logits(params, x)`: one compiled scan over
    the updates. `params` and `order` (lanes, updates, batch) are of one replica, whose program is
    called once for each, or of all, which run together."""
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
        **checks(logits, first(params), x[:MAX_CHECKED]),
    )


def checks(logits: Callable, params: dict, x) -> dict[str, Callable]:
    """`logits` and `slopes` of an engine, from `logits(params, x)` of one replica."""

    def mean_logit(params):
        return jnp.mean(logits(params, x))

    def values():
        return np.asarray(jax.jit(logits, compiler_options=UNOPTIMISED)(params, x))

    if "theta" not in params:
        return {"logits": values}

    def slopes():
        gradient = jax.jit(jax.grad(mean_logit), compiler_options=UNOPTIMISED)
        return np.asarray(gradient(params)["theta"])

    return {"logits": values, "slopes": slopes}


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
