"""Engines: this project's training update, and what else could be used in its place, each used well.

An engine is a function of (task, inputs, replicas, updates) that returns an `Engine`. All replicas start from random
parameters and take their minibatches in random orders; every JAX engine scans over the updates inside one compiled
program and takes the gradient with reverse-mode differentiation and Adam.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .. import models, training
from ..errors import UserError
from ..keys import generator, jax_key
from ..models import qnn
from ..quantum.ansatz import Ansatz, circuit, readout, tensorcircuit
from . import tasks

MAX_CHECKED = 8  # logits compared before timing


class Inputs(NamedTuple):
    x: np.ndarray
    y: np.ndarray


class Engine(NamedTuple):
    """`compile()` traces and compiles and returns `run()`, which makes all updates of all replicas; `logits()` are
    those of the first replica's starting parameters on the first samples."""

    compile: Callable[[], Callable[[], object]]
    logits: Callable[[], np.ndarray]


def _start(model, replicas: int):
    key = jax_key("benchmark", "init")
    keys = jax.vmap(lambda replica: jax.random.fold_in(key, replica))(jnp.arange(replicas))
    params, state = jax.vmap(model.init)(keys)
    if "theta" in params:  # away from the identity, where every engine would agree
        params = {"theta": 100 * params["theta"]}
    return params, state


def orders(spec, replicas: int, updates: int) -> np.ndarray:
    """(replicas, updates, batch) rows of the training set, which is gone through in a new order whenever it ends."""
    rng = generator("benchmark", "order")
    batch = min(spec.batch, spec.samples)
    rounds = -(-updates * batch // spec.samples)
    rows = rng.permuted(np.tile(np.arange(spec.samples, dtype=np.int32), (replicas, rounds, 1)), axis=2)
    return rows.reshape(replicas, -1)[:, : updates * batch].reshape(replicas, updates, batch)


def _compiled(function, arguments, calls: int):
    """As `Engine.compile`: one program, called `calls` times per run."""

    def compile():
        program = jax.jit(function).lower(*arguments).compile()
        ready = jax.device_put(arguments)
        return lambda: [jax.block_until_ready(program(*ready)) for _ in range(calls)]

    return compile


def project_program(model, pool, labels, order):
    """The program that a training job runs, and its arguments: one epoch of the updates in `order`, no evaluation.

    `order` is (lanes, updates, batch); also what the tests count operations of.
    """
    lanes = len(order)
    optimiser = training.adam(tasks.LEARNING_RATE)
    params, state = _start(model, lanes)
    rows = np.tile(np.arange(len(labels)), (lanes, 1))
    targets = np.tile(labels, (lanes, 1)).astype(pool.dtype)
    streams = {"train": training.Stream(rows, targets, np.zeros_like(targets))}
    segment = partial(training.segment, model, training.training_loss, optimiser, {})
    carry = (params, state, jax.vmap(optimiser.init)(params)), ()
    function = training.over_replicas(segment, (None, None, 0, 0, 0, 0, 0), lanes)
    plan = np.full(1, order.shape[1], np.int32), np.ones(1, bool)
    return function, ({"train": pool}, plan, carry, streams, {}, {}, {"train": order[:, None]})


def project(spec, inputs: Inputs, replicas: int, updates: int) -> Engine:
    """This project's trainer and model."""
    model = models.build(spec.options, [inputs.x, inputs.x])
    pool = jnp.asarray(model.encode(inputs.x), training.real_dtype())
    params, _ = _start(model, 1)
    size = sum(leaf.size * leaf.itemsize for leaf in jax.tree.leaves(params))
    lanes = training.replicas_together(size, replicas, model.together)
    function, arguments = project_program(model, pool, inputs.y, orders(spec, lanes, updates))

    def logits():
        first, state = jax.tree.map(lambda a: a[0], _start(model, 1))
        return np.asarray(model.logits(first, state, pool, np.arange(MAX_CHECKED))[0])

    return Engine(_compiled(function, arguments, -(-replicas // lanes)), logits)


def _plain(logits, params, inputs, order, replicas: int) -> Engine:
    """Minibatch training in plain JAX and optax from `logits(params, x)`: one compiled scan over the updates of one
    replica, called once for each."""
    x, y = inputs
    optimiser = optax.adam(tasks.LEARNING_RATE)

    def train(x, y, params, order):
        def update(carry, rows):
            params, memory = carry

            def loss(params):
                return jnp.mean(optax.sigmoid_binary_cross_entropy(logits(params, x[rows]), y[rows]))

            step, memory = optimiser.update(jax.grad(loss)(params), memory)
            return (optax.apply_updates(params, step), memory), None

        return jax.lax.scan(update, (params, optimiser.init(params)), order)[0]

    first = jax.tree.map(lambda a: a[0], params)
    compile = _compiled(train, (x, y, first, order[0]), replicas)
    return Engine(compile, lambda: np.asarray(jax.jit(logits)(first, x[:MAX_CHECKED])))


def _circuit_engine(expectation):
    """An engine that simulates the full circuit, from `expectation(ansatz, theta, states)` -> (B,).

    A vmap over the samples; replicas take turns, because the states of one (kept for every gate by reverse-mode
    differentiation) already exceed the cache, and those of fifty the memory.
    """

    def engine(spec, inputs, replicas, updates):
        model = models.build(spec.options, [inputs.x[:1], inputs.x[:1]])
        complex_dtype = jnp.complex128 if jax.config.jax_enable_x64 else jnp.complex64
        states = jnp.asarray(qnn.amplitudes(inputs.x), complex_dtype)
        y = jnp.asarray(inputs.y, training.real_dtype())

        def logits(params, states):
            return model.scale * expectation(model.ansatz, params["theta"], states)

        params, _ = _start(model, 1)
        return _plain(logits, params, (states, y), orders(spec, 1, updates), replicas)

    return engine


def _tensorcircuit(ansatz: Ansatz, parameters, states):
    with tensorcircuit() as tc:
        return jax.vmap(lambda state: readout(tc, ansatz, parameters, state))(states)


def _contracted(ansatz: Ansatz, parameters, states):
    """The network of state, gates, observable and their conjugates, handed to TensorCircuit's contractor whole."""
    with tensorcircuit() as tc:

        def one(state):
            network = circuit(tc, ansatz, parameters, state)
            return network.expectation((tc.gates.z(), [ansatz.measure]), reuse=False).real

        return jax.vmap(one)(states)


def _pennylane(ansatz: Ansatz, parameters, states):
    import pennylane as qml

    gates = {"rx": qml.RX, "ry": qml.RY, "rz": qml.RZ, "rzz": qml.IsingZZ}

    @qml.qnode(qml.device("default.qubit", wires=ansatz.qubits), interface="jax", diff_method="backprop")
    def z(parameters, state):
        qml.StatePrep(state, wires=range(ansatz.qubits), validate_norm=False)
        for gate in ansatz.gates():
            gates[gate.name](parameters[gate.parameter], wires=gate.qubits)
        return qml.expval(qml.PauliZ(ansatz.measure))

    return jax.vmap(z, (None, 0))(parameters, states)


def one_by_one(spec, inputs: Inputs, replicas: int, updates: int) -> Engine:
    """The MLP in plain JAX, one replica after the other."""
    model = models.build(spec.options, [inputs.x, inputs.x])
    x, y = (jnp.asarray(a, training.real_dtype()) for a in inputs)

    def logits(params, x):
        for i in range(1, len(spec.hidden) + 1):
            x = jax.nn.relu(x @ params[f"w{i}"] + params[f"b{i}"])
        last = len(spec.hidden) + 1
        return (x @ params[f"w{last}"] + params[f"b{last}"])[:, 0]

    params, _ = _start(model, 1)
    return _plain(logits, params, (x, y), orders(spec, 1, updates), replicas)


def scikit_learn(spec, inputs: Inputs, replicas: int, updates: int) -> Engine:
    """scikit-learn's MLPClassifier with Adam; whole epochs, so `updates` must be a multiple of those in one."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    epochs = updates // updates_per_epoch(spec)
    options = {"batch_size": min(spec.batch, spec.samples), "learning_rate_init": tasks.LEARNING_RATE, "alpha": 0.0}
    options |= {"max_iter": epochs, "n_iter_no_change": epochs + 1, "hidden_layer_sizes": spec.hidden}
    x = inputs.x.astype(np.float32)

    def fit(seed=0):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return MLPClassifier(random_state=seed, **options).fit(x, inputs.y)

    def logits():
        params = jax.tree.map(lambda a: np.asarray(a[0]), _start(models.build(spec.options, [inputs.x] * 2), 1)[0])
        network, layers = fit(), range(1, len(spec.hidden) + 2)
        network.coefs_ = [params[f"w{i}"] for i in layers]
        network.intercepts_ = [params[f"b{i}"] for i in layers]
        p = network.predict_proba(x[:MAX_CHECKED])
        return np.log(p[:, 1] / p[:, 0])

    return Engine(lambda: lambda: [fit(seed) for seed in range(replicas)], logits)


REGISTRY = {
    "light_cone": project,
    "statevector": _circuit_engine(_tensorcircuit),
    "pennylane": _circuit_engine(_pennylane),
    "contractor": _circuit_engine(_contracted),
    "project": project,
    "one_by_one": one_by_one,
    "scikit_learn": scikit_learn,
}


def updates_per_epoch(spec) -> int:
    return -(-spec.samples // spec.batch)


def reference_logits(spec, inputs: Inputs) -> np.ndarray:
    """Logits of the first samples at the first replica's parameters, in double precision and by other means: the
    full circuit by TensorCircuit on NumPy, or the network written out in NumPy."""
    model = models.build(spec.options, [inputs.x[:MAX_CHECKED]] * 2)
    full = models.build(spec.options, [inputs.x] * 2) if "hidden" in spec.options else model
    params = jax.tree.map(lambda a: np.asarray(a[0], float), _start(full, 1)[0])
    x = inputs.x[:MAX_CHECKED]
    if "theta" in params:
        states = qnn.amplitudes(x)
        with tensorcircuit("numpy") as tc:
            z = [readout(tc, model.ansatz, params["theta"], state) for state in states]
        return model.scale * np.array(z)
    layers = len(spec.hidden) + 1
    for i in range(1, layers + 1):
        x = x @ params[f"w{i}"] + params[f"b{i}"]
        x = np.maximum(x, 0) if i < layers else x
    return x[:, 0]


def measure(name: str, spec, replicas: int, runs: int, seconds: float) -> dict:
    """Check the engine's logits, then time it: `runs` runs, fewer (at least one) where they would take longer than
    `seconds` in all. Raises ValueError where the logits are wrong."""
    if name not in tasks.ENGINES[spec.options["family"]]:
        raise UserError(
            f"'{name}' cannot run a {spec.options['family']}; choose from {tasks.ENGINES[spec.options['family']]}"
        )
    inputs = Inputs(*tasks.data(spec))
    # circuit simulators are slow enough to be timed by single updates
    slow = "hidden" not in spec.options and name not in tasks.OWN
    length = updates_per_epoch(spec) * (1 if slow else spec.epochs)
    if slow and replicas > 5:
        length = 1
    engine = REGISTRY[name](spec, inputs, replicas, length)
    error = float(np.max(np.abs(engine.logits() - reference_logits(spec, inputs))))
    if not error < 1e-4:
        raise ValueError(f"the logits of '{name}' are off by {error:.1e}: not timed")
    began = time.perf_counter()
    run = engine.compile()
    seconds_compile = time.perf_counter() - began
    for _ in range(2):  # the first run also touches memory for the first time; a slow engine cannot be run in vain
        began = time.perf_counter()
        run()
        once = time.perf_counter() - began
        if once > seconds / runs:
            break
    repeat = max(1, round(min(1.0, seconds / runs) / once))
    taken = [once] if repeat == 1 else []
    while len(taken) < runs and (not taken or sum(taken) + taken[-1] < seconds):
        began = time.perf_counter()
        for _ in range(repeat):
            run()
        taken.append(time.perf_counter() - began)
    updates = length * repeat
    return {
        "updates": updates,
        "runs": len(taken),
        "seconds_compile": seconds_compile,
        "seconds_run": float(np.median(taken)),
        "seconds_run_min": float(np.min(taken)),
        "seconds_per_update_per_replica": float(np.median(taken)) / updates / replicas,
        "logit_error": error,
    }
