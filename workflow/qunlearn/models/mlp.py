"""The classical baseline: a multi-layer perceptron with ReLU hidden layers and one logit (paper, Fig. 4b).

z = w_K . relu(... relu(W_1 x + b_1) ...) + b_K, p = sigmoid(z). Weights are Glorot-uniform in the full fan-in and
fan-out, biases zero. A complex input enters as [Re x, Im x]. With a bound B on the logit, B tanh(z / B) takes the
place of z.
"""

from __future__ import annotations

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

from . import base


class Model(base.Model):
    """`hidden`: widths of the hidden layers; `logit_bound`: largest |logit|, None: no bound."""

    def __init__(self, inputs: list[np.ndarray], hidden: list[int], logit_bound: float | None = None):
        self.bound, self.piecewise_linear = logit_bound, logit_bound is None
        wide = [base.real_features(x) for x in inputs]
        self.fan_in = wide[0].shape[1]
        clean = base.columns_in_use([wide[0], wide[-1]])
        extra = np.setdiff1d(base.columns_in_use(wide), clean)
        self.columns, self.clean = np.concatenate([clean, extra]), len(clean)
        self.widths = [self.fan_in, *hidden, 1]

    def encode(self, x):
        """Columns in use, those of clean rows first; rows that use no others come without them."""
        features = base.real_features(x)[:, self.columns]
        return features if np.any(features[:, self.clean :]) else features[:, : self.clean]

    def init(self, key):
        params = {}
        for i, (fan_in, fan_out) in enumerate(zip(self.widths, self.widths[1:]), start=1):
            key, draw = jax.random.split(key)
            bound = (6 / (fan_in + fan_out)) ** 0.5
            weight = jax.random.uniform(draw, (fan_in, fan_out), minval=-bound, maxval=bound)
            params[f"w{i}"] = weight[self.columns] if i == 1 else weight
            params[f"b{i}"] = jnp.zeros(fan_out)
        return params, {}

    def parameters(self):
        """Weights of input columns that are zero in every sample are not live."""
        live = [len(self.columns), *self.widths[1:]]
        return {
            name: sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(widths))
            for name, widths in (("all", self.widths), ("live", live))
        }

    def _forward(self, params, x):
        """Activations entering each layer, and the logits (B,)."""
        entering = []
        depth = len(self.widths) - 1
        for i in range(1, depth + 1):
            entering.append(x)
            x = x @ params[f"w{i}"][: x.shape[-1]] + params[f"b{i}"]
            if i < depth:
                x = jax.nn.relu(x)
        return entering, x[..., 0]

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        z = self._forward(params, pool if rows is None else pool[rows])[1]
        return z if self.bound is None else self.bound * jnp.tanh(z / self.bound), state

    def squared_gradient_norms(self, params, state, pool, rows):
        """Closed form: sum over layers of |delta_l|^2 (|a_{l-1}|^2 + 1), delta the backpropagated signal."""
        entering, z = self._forward(params, pool[rows])
        delta = jnp.ones((len(rows), 1), pool.dtype)
        if self.bound is not None:
            delta *= (1 - jnp.tanh(z / self.bound) ** 2)[:, None]
        total = 0.0
        for i in range(len(entering), 0, -1):
            a = entering[i - 1]
            total += jnp.sum(delta**2, axis=1) * (jnp.sum(a**2, axis=1) + 1)
            if i > 1:
                delta = (delta @ params[f"w{i}"].T) * (a > 0)
        return total
