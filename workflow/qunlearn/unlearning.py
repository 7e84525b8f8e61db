"""The four unlearning methods as losses and starting points for the common trainer (paper, Eqs. 6 to 8).

A method is one entry of `REGISTRY`: where it starts, which streams it reads, and its loss. The streams are 'retain'
(clean samples) and 'forget' (poisoned samples with their poisoned labels); `teacher` holds the poisoned model's logits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from .training import cross_entropy, log_sigmoid, weighted_mean


class Method(NamedTuple):
    """`fresh`: start from new parameters instead of the poisoned ones; `streams`: what the loss reads; `teacher`: it
    also reads the poisoned model's logits; `loss`: called with the method's options, returns the function of batches
    to minimise."""

    fresh: bool
    streams: tuple[str, ...]
    teacher: bool
    loss: Callable


def bernoulli_kl(teacher_logits, student_logits):
    """KL(p || q) = p log(p/q) + (1-p) log((1-p)/(1-q)) of Bernoulli outputs, per sample, from logits; never negative.

    p is the teacher's probability, q the student's. Written with log-sigmoids, finite for any finite logits.
    """
    p = jax.nn.sigmoid(teacher_logits)
    positive = log_sigmoid(teacher_logits) - log_sigmoid(student_logits)
    negative = log_sigmoid(-teacher_logits) - log_sigmoid(-student_logits)
    return p * positive + (1 - p) * negative


def _mean_cross_entropy(batch):
    return weighted_mean(cross_entropy(batch.logits, batch.labels), batch.weight)


def _mean_kl(batch):
    return weighted_mean(bernoulli_kl(batch.teacher, batch.logits), batch.weight)


def retain_loss():
    """CE(retain): retraining and finetuning (Eq. 6)."""
    return lambda batches: _mean_cross_entropy(batches["retain"])


def gradient_ascent_loss(beta: float):
    """CE(retain) - beta CE(forget, polluted labels) (Eq. 7)."""
    return lambda batches: _mean_cross_entropy(batches["retain"]) - beta * _mean_cross_entropy(batches["forget"])


def scrub_loss(lambda_ce: float, lambda_kl: float, lambda_fo: float):
    """lambda_ce CE(retain) + lambda_kl KL(retain) - lambda_fo KL(forget) (Eq. 8)."""
    return lambda batches: (
        lambda_ce * _mean_cross_entropy(batches["retain"])
        + lambda_kl * _mean_kl(batches["retain"])
        - lambda_fo * _mean_kl(batches["forget"])
    )


def both_loss():
    """CE over retain and forget set, polluted labels: training goes on, nothing is unlearned."""

    def loss(batches):
        parts = [batches["retain"], batches["forget"]]
        losses, weights = zip(*((cross_entropy(b.logits, b.labels), b.weight) for b in parts))
        return weighted_mean(jnp.concatenate(losses), jnp.concatenate(weights))

    return loss


#: Method name in the configuration -> what it does.
REGISTRY = {
    "retrain": Method(True, ("retain",), False, retain_loss),
    "finetune": Method(False, ("retain",), False, retain_loss),
    "scrub": Method(False, ("retain", "forget"), True, scrub_loss),
    "gradient_ascent": Method(False, ("retain", "forget"), False, gradient_ascent_loss),
}

#: As above, for controls: finetuning by the same optimiser and schedule, but on the poisoned data it was trained on.
CONTROLS = {"finetune_poisoned": Method(False, ("retain", "forget"), False, both_loss)}
