"""The project's own engine: its trainer with one of its models."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.parts import models
from qunlearn.runtime.keys import generator
from qunlearn.studies.benchmark.engine import (
    MAX_CHECKED,
    Engine,
    Inputs,
    checks,
    compiled,
    first,
    orders,
    start,
)
from qunlearn.studies.benchmark.tasks import LEARNING_RATE, Qnn, Task
from qunlearn.training.losses import real_dtype, training_loss
from qunlearn.training.memory import device
from qunlearn.training.minimise import one_epoch, prepared
from qunlearn.training.replicas import replicas_together
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import EvalSet, Stream
from qunlearn.training.workload import Workload


def project_program(
    model, pool: jnp.ndarray, labels: np.ndarray, order: np.ndarray
) -> tuple[Callable, tuple]:
    """The program that a training job runs, and its arguments: one epoch of the updates in `order`,
    no evaluation.

    `order` is (lanes, updates, batch); also what the tests count operations of.
    """
    lanes = len(order)
    rows = np.tile(np.arange(len(labels)), (lanes, 1))
    targets = np.tile(labels, (lanes, 1)).astype(pool.dtype)
    workload = Workload(
        loss=training_loss,
        start=start(model, lanes),
        pools={"train": pool},
        streams={"train": Stream(rows, targets)},
        evals={},
        schedule=Schedule(epochs=1, batch=0, learning_rate=LEARNING_RATE),
        generators=[],
    )
    return one_epoch(model, workload, {"train": order})


def project(spec: Task, inputs: Inputs, replicas: int, updates: int) -> Engine:
    """This project's trainer and model."""
    model, pool = _encoded(spec, inputs)
    params, state = first(start(model, 1))
    platform = device().platform
    lanes = replicas_together(platform, _bytes(params), replicas, model.together)
    order = orders(spec, lanes, updates)
    function, arguments = project_program(model, pool, inputs.y, order)
    calls = -(-replicas // lanes)

    def logits(params, rows):
        return model.logits(params, state, pool, rows)[0]

    few = np.arange(min(MAX_CHECKED, len(pool)))
    return Engine(compiled(function, arguments, calls), **checks(logits, params, few))


def whole_job(spec: Qnn, inputs: Inputs, replicas: int, updates: int) -> Engine:
    """This project's trainer as a job calls it: groups of replicas one after the other, minibatches
    drawn for each, and the training set evaluated before and after."""
    model, pool = _encoded(spec, inputs)
    rows = np.tile(np.arange(spec.samples), (replicas, 1))
    labels = np.tile(inputs.y, (replicas, 1))
    workload = Workload(
        loss=training_loss,
        start=start(model, replicas),
        pools={"train": pool},
        streams={"train": Stream(rows, labels)},
        evals={"train": EvalSet("train", rows, labels)},
        schedule=Schedule(spec.epochs, spec.batch, LEARNING_RATE, record=spec.epochs),
        generators=[generator("benchmark", "order", replica) for replica in range(replicas)],
    )
    params, state = first(workload.start)

    def logits(params, rows):
        return model.logits(params, state, pool, rows)[0]

    def compile():
        run = prepared(model, workload)
        run()
        return run

    few = np.arange(min(MAX_CHECKED, len(pool)))
    return Engine(compile, **checks(logits, params, few))


def _encoded(spec: Task, inputs: Inputs):
    """The model of a task, and its features of all samples in the precision of training."""
    model = models.build(spec.options, [inputs.x, inputs.x[:1]])
    return model, jnp.asarray(model.encode(inputs.x), real_dtype())


def _bytes(params: dict) -> int:
    leaves = jax.tree.leaves(params)
    return sum(leaf.size * leaf.itemsize for leaf in leaves)
