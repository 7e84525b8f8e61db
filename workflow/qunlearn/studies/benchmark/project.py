"""The project's own engine: its trainer with one of its models."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.parts import models
from qunlearn.studies.benchmark.engine import (
    MAX_CHECKED,
    Engine,
    Inputs,
    compiled,
    first,
    orders,
    start,
)
from qunlearn.studies.benchmark.tasks import LEARNING_RATE, Task
from qunlearn.training.losses import real_dtype, training_loss
from qunlearn.training.memory import device
from qunlearn.training.minimise import one_epoch
from qunlearn.training.replicas import replicas_together
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import Stream
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
    model = models.build(spec.options, [inputs.x, inputs.x])
    features = model.encode(inputs.x)
    pool = jnp.asarray(features, real_dtype())
    params, state = first(start(model, 1))
    platform = device().platform
    lanes = replicas_together(platform, _bytes(params), replicas, model.together)
    order = orders(spec, lanes, updates)
    function, arguments = project_program(model, pool, inputs.y, order)
    calls = -(-replicas // lanes)

    def logits():
        rows = np.arange(MAX_CHECKED)
        checked, _ = model.logits(params, state, pool, rows)
        return np.asarray(checked)

    return Engine(compiled(function, arguments, calls), logits)


def _bytes(params: dict) -> int:
    leaves = jax.tree.leaves(params)
    return sum(leaf.size * leaf.itemsize for leaf in leaves)
