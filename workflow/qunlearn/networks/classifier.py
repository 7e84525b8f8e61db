"""Networks written in flax, behind the protocol of every classifier."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.training.classifier import Classifier
from qunlearn.training.features import square_side
from qunlearn.training.losses import real_dtype


class FlaxClassifier(Classifier):
    """`network(dimensions)` gives a flax module that maps (B, ..., channels) to (B, 1), and is
    called with `train` and the samples' `weight`.

    It sees real features as a square image with one channel where they make one, else as a signal;
    a complex state vector as a signal with two channels, its real and imaginary part, a complex
    matrix as an image with two.
    """

    #: Replicas run one after the other: the activations of one fill the cache.
    together = (1, 1)

    def __init__(self, network: Callable[[int], nn.Module], rows: list[np.ndarray]):
        self.shape = shape_of(rows[0])
        self.network = network(len(self.shape) - 1)

    def encode(self, x):
        if np.iscomplexobj(x):
            x = np.stack([x.real, x.imag], axis=-1)
        return x.reshape(len(x), *self.shape)

    def init(self, key):
        sample = jnp.zeros((1, *self.shape))
        variables = self.network.init(key, sample, weight=jnp.ones(1), train=False)
        variables = jax.tree.map(lambda array: array.astype(real_dtype()), variables)
        params = variables.pop("params")
        return params, variables

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        x = pool if rows is None else pool[rows]
        if weight is None:
            weight = jnp.ones(len(x), x.dtype)
        variables = {"params": params, **state}
        apply = partial(self.network.apply, variables, x, weight=weight, train=train)
        if train and state:
            logits, state = apply(mutable=list(state))
        else:
            logits = apply()
        return logits[:, 0], state


def shape_of(x: np.ndarray) -> tuple[int, ...]:
    """Shape of one sample of (N, ...) as a network sees it, channels last: real features are a
    square image where they make one, else a signal with one channel."""
    if np.iscomplexobj(x):
        return (*x.shape[1:], 2)
    if x.ndim > 2:
        return (*x.shape[1:], 1)
    side = square_side(x.shape[1])
    return (side, side, 1) if side else (x.shape[1], 1)
