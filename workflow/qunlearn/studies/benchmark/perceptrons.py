"""Engines that train an MLP."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.parts import models
from qunlearn.studies.benchmark.engine import (
    MAX_CHECKED,
    Engine,
    Inputs,
    first,
    orders,
    plain,
    start,
)
from qunlearn.studies.benchmark.tasks import LEARNING_RATE, Mlp, updates_per_epoch
from qunlearn.training.losses import real_dtype


def starting_parameters(spec: Mlp, inputs: Inputs, dtype=None) -> dict[str, np.ndarray]:
    """The first replica's weights w1, w2, ... and biases b1, b2, ..."""
    model = models.build(spec.options, [inputs.x, inputs.x])
    params, _ = first(start(model, 1))
    return {name: np.asarray(leaf, dtype) for name, leaf in params.items()}


def forward(params: dict, x, relu: Callable):
    """Logits (B,) of samples x (B, inputs)."""
    last = len(params) // 2
    for layer in range(1, last + 1):
        x = x @ params[f"w{layer}"]
        x = x + params[f"b{layer}"]
        if layer < last:
            x = relu(x)
    return x[:, 0]


def one_by_one(spec: Mlp, inputs: Inputs, replicas: int, updates: int) -> Engine:
    """The MLP in plain JAX, one replica after the other."""
    x, y = inputs
    model = models.build(spec.options, [x, x])
    params, _ = start(model, 1)
    order = orders(spec, 1, updates)
    logits = partial(forward, relu=jax.nn.relu)
    real = real_dtype()
    arrays = jnp.asarray(x, real), jnp.asarray(y, real)
    return plain(logits, params, arrays, order, replicas)


def scikit_learn(spec: Mlp, inputs: Inputs, replicas: int, updates: int) -> Engine:
    """scikit-learn's MLPClassifier with Adam; whole epochs, so `updates` must be a multiple of
    those in one."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    epochs = updates // updates_per_epoch(spec)
    options = {
        "hidden_layer_sizes": spec.hidden,
        "batch_size": min(spec.batch, spec.samples),
        "learning_rate_init": LEARNING_RATE,
        "alpha": 0.0,
        "max_iter": epochs,
        "n_iter_no_change": epochs + 1,
    }
    x = inputs.x.astype(np.float32)

    def fit(seed=0):
        network = MLPClassifier(random_state=seed, **options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return network.fit(x, inputs.y)

    def logits():
        network = fit()
        params = starting_parameters(spec, inputs)
        layers = range(1, len(spec.hidden) + 2)
        network.coefs_ = [params[f"w{layer}"] for layer in layers]
        network.intercepts_ = [params[f"b{layer}"] for layer in layers]
        of_zero, of_one = network.predict_proba(x[:MAX_CHECKED]).T
        return np.log(of_one / of_zero)

    def run():
        return [fit(seed) for seed in range(replicas)]

    return Engine(lambda: run, logits)


def reference_logits(spec: Mlp, inputs: Inputs) -> np.ndarray:
    """Logits of the first samples at the first replica's parameters, in double precision: the
    network written out in NumPy."""
    params = starting_parameters(spec, inputs, float)
    x = inputs.x[:MAX_CHECKED]
    return forward(params, x, relu=partial(np.maximum, 0))
