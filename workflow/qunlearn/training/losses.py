"""Losses of binary classifiers from logits z, p = sigmoid(z): per sample, and in the mean."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


def real_dtype():
    """The precision that the process was configured for."""
    return jnp.float64 if jax.config.jax_enable_x64 else jnp.float32


def in_precision(tree):
    """Arrays of real numbers in that precision, on the host: converted by NumPy, they need no program."""
    real = real_dtype()
    return jax.tree.map(lambda array: np.asarray(array, real), tree)


def weighted_mean(values, weight):
    """Mean of `values` (B,) with weights (B,) of 1 for samples and 0 for padding."""
    return jnp.sum(values * weight) / jnp.maximum(jnp.sum(weight), 1)


@jax.custom_jvp
def log_sigmoid(z):
    """jax.nn.log_sigmoid, -(max(-z, 0) + log(1 + exp(-|z|))), with its derivative in closed form: one
    exponential instead of six operations of the kind. It is traced a dozen times per program, and
    jax.numpy's functions take several times as long to trace as these."""
    tail = lax.log1p(lax.exp(lax.neg(lax.abs(z))))
    highest = lax.max(lax.neg(z), lax.full_like(z, 0))
    return lax.neg(lax.add(highest, tail))


@log_sigmoid.defjvp
def _log_sigmoid_derivative(primals, tangents):
    (z,), (dz,) = primals, tangents
    return log_sigmoid(z), lax.logistic(-z) * dz


def cross_entropy(logits, labels):
    """Binary cross-entropy per sample, nats; labels between 0 and 1."""
    return -labels * log_sigmoid(logits) - (1 - labels) * log_sigmoid(-logits)


def clipped(logits, least: float):
    """Logits of probabilities that are kept between `least` and 1 - `least`; beyond, the gradient is zero."""
    bound = float(np.log((1 - least) / least))
    return jnp.clip(logits, -bound, bound)


def bernoulli_kl(teacher_logits, student_logits):
    """KL(p || q) = p log(p/q) + (1-p) log((1-p)/(1-q)) of Bernoulli outputs, per sample, nats.

    p is the teacher's probability, q the student's. Written with log-sigmoids, it is finite for any
    finite logits, and never negative.
    """
    p = jax.nn.sigmoid(teacher_logits)
    of_ones = log_sigmoid(teacher_logits) - log_sigmoid(student_logits)
    of_zeros = log_sigmoid(-teacher_logits) - log_sigmoid(-student_logits)
    return p * of_ones + (1 - p) * of_zeros


def one_sided_kl(teacher_logits, student_logits):
    """p log(p/q) per sample, nats: the first term of `bernoulli_kl` alone, as the authors' code has it.

    No distance: it may be negative, and grows as q falls to 0, whatever p is. Its derivative in the
    student's logit is -p (1 - q), which does not vanish where student and teacher agree.
    """
    p = jax.nn.sigmoid(teacher_logits)
    return p * (log_sigmoid(teacher_logits) - log_sigmoid(student_logits))


def generalised_cross_entropy(logits, labels, q: float):
    """(1 - p_y^q) / q per sample, p_y the probability of the label.

    The cross-entropy as q -> 0, the mean absolute error at q = 1, bounded by 1/q between. Zhang &
    Sabuncu, NeurIPS 2018, arXiv:1805.07836, Eq. 6.
    """
    if_one = jnp.exp(q * log_sigmoid(logits))
    if_zero = jnp.exp(q * log_sigmoid(-logits))
    right = labels * if_one + (1 - labels) * if_zero
    return (1 - right) / q


def training_loss(batches, params, data, label_smoothing: float = 0.0, gce: float | None = None):
    """Mean loss of the stream 'train': the cross-entropy, or the generalised one with q = `gce`.

    Labels y are smoothed to (1 - e) y + e/2, e = `label_smoothing` (Szegedy et al.,
    arXiv:1512.00567). It depends on the parameters through the logits alone.
    """
    batch = batches["train"]
    labels = batch.labels
    if label_smoothing:
        labels = (1 - label_smoothing) * labels + label_smoothing / 2
    if gce is None:
        losses = cross_entropy(batch.logits, labels)
    else:
        losses = generalised_cross_entropy(batch.logits, labels, gce)
    return weighted_mean(losses, batch.weight)
