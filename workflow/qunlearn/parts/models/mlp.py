"""The classical baseline: a multi-layer perceptron with ReLU hidden layers and one logit (paper,
Fig. 4b).

z = w_K . relu(... relu(W_1 x + b_1) ...) + b_K, p = sigmoid(z). Weights are Glorot-uniform in the
full fan-in and fan-out, biases zero. A complex input enters as [Re x, Im x]. With a bound B on the
logit, B tanh(z / B) takes the place of z.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from qunlearn.config.options import Count, Positive
from qunlearn.lazy import jax, jnp
from qunlearn.parts.models.of_features import FeatureModel
from qunlearn.parts.part import option
from qunlearn.training.classifier import Classifier
from qunlearn.training.features import columns_in_use

#: Directions in which no sample is longer than this fraction of the longest direction's length
#: count as absent.
RANK_TOLERANCE = 1e-12


class Mlp(FeatureModel):
    """Multi-layer perceptron with ReLU layers; without any, a logistic regression by Adam."""

    label = "MLP"
    bound_option = "logit_bound"
    colours = ("#D55E00", "#E69F00")

    hidden: list[Count] = option(says="widths of the ReLU layers")
    logit_bound: Positive | None = option(None, says="largest |logit|; null: no bound")

    @property
    def panel(self) -> str:
        return "networks" if self.hidden else "linear models"

    def title(self):
        name = f"MLP {self.hidden}" if self.hidden else "logistic, by Adam"
        return name + self.on_what()

    def size(self):
        return str(self.hidden)

    def is_linear(self):
        return not self.hidden and self.last_qubits is None

    def cost(self, source):
        return float((self.inputs(source) or 1) * (self.hidden or [1])[0])

    def share_of_clean(self, source):
        return source.distinct if self.last_qubits is None else 1.0

    def weights_of(self, inputs):
        return float(_count([inputs, *self.hidden, 1]))

    def layers(self):
        return len(self.hidden) + 1

    def build(self, rows):
        return Perceptron(self, rows)


class Perceptron(Classifier):
    """The network of an `Mlp`, without inputs that are zero in every sample."""

    input_weights = "w1"

    def __init__(self, declaration: Mlp, rows: list[np.ndarray]):
        self.seen = declaration.seen
        self.bound = declaration.logit_bound
        self.piecewise_linear = self.bound is None
        features = [self.seen(x) for x in rows]
        training, *_, validation = features
        clean = columns_in_use([training, validation])
        every = columns_in_use(features)
        extra = np.setdiff1d(every, clean)
        #: Inputs in use, those of clean samples first; and how many these are.
        self.columns = np.concatenate([clean, extra])
        self.clean = len(clean)
        self.widths = [training.shape[1], *declaration.hidden, 1]
        self.layers = range(1, len(self.widths))

    def encode(self, x):
        """Columns in use; rows that use no others than clean ones come without them."""
        features = self.seen(x)[:, self.columns]
        if np.any(features[:, self.clean :]):
            return features
        return features[:, : self.clean]

    def init(self, key):
        params = {}
        for layer, shape in zip(self.layers, pairwise(self.widths)):
            key, draw = jax.random.split(key)
            bound = (6 / sum(shape)) ** 0.5
            params[f"w{layer}"] = jax.random.uniform(draw, shape, minval=-bound, maxval=bound)
            params[f"b{layer}"] = jnp.zeros(shape[1])
        params["w1"] = params["w1"][self.columns]
        return params, {}

    def parameters(self):
        """Weights of inputs that are zero in every sample are not live."""
        live = [len(self.columns), *self.widths[1:]]
        return {"all": _count(self.widths), "live": _count(live)}

    def behind(self, params):
        last = len(self.layers)
        return {name: last - int(name[1:]) for name in params}  # w1, b1, w2, ...

    def _forward(self, params, x, train=False):
        """Activations entering each layer, and the logits (B,) without a bound."""
        from qunlearn.training import dense

        entering = []
        for layer in self.layers:
            entering.append(x)
            weight = params[f"w{layer}"][: x.shape[-1]]
            is_wide = layer == 1 and weight.shape[1] >= dense.WIDE
            multiply = dense.product if train and is_wide else jnp.matmul
            x = multiply(x, weight) + params[f"b{layer}"]
            if layer < len(self.layers):
                x = jax.nn.relu(x)
        return entering, x[..., 0]

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        _, z = self._forward(params, pool if rows is None else pool[rows], train)
        if self.bound is not None:
            z = self.bound * jnp.tanh(z / self.bound)
        return z, state

    def squared_gradient_norms(self, params, state, pool, rows):
        """Closed form: sum over layers of |delta_l|^2 (|a_{l-1}|^2 + 1), delta the backpropagated
        signal."""
        entering, z = self._forward(params, pool[rows])
        delta = jnp.ones((len(rows), 1), pool.dtype)
        if self.bound is not None:
            slope = 1 - jnp.tanh(z / self.bound) ** 2
            delta *= slope[:, None]
        total = 0.0
        for layer in reversed(self.layers):
            a = entering[layer - 1]
            lengths = jnp.sum(a**2, axis=1) + 1
            total += jnp.sum(delta**2, axis=1) * lengths
            if layer > 1:
                delta = delta @ params[f"w{layer}"].T
                delta = delta * (a > 0)
        return total

    def restricted(self, params, used):
        """The first layer acts on its input only through the span of the samples. In an orthonormal
        basis of that span and its complement, weights along the complement have no effect."""
        _, lengths, basis = np.linalg.svd(used, full_matrices=False)
        present = lengths > RANK_TOLERANCE * lengths[0]
        basis = basis[present].T  # (inputs, rank)
        first = np.asarray(params["w1"])
        weight = basis.T @ first[: used.shape[1]]  # (rank, width)
        left_out = first.size - weight.size
        params = {**params, "w1": jnp.asarray(weight)}
        return params, used @ basis, left_out


def _count(widths: list[int]) -> int:
    """Weights and biases of fully connected layers."""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(widths))
