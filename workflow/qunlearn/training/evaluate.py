"""Loss and accuracy of models on sets of samples, and whether a training failed."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.training.losses import cross_entropy, in_precision, real_dtype
from qunlearn.training.replicas import of_all
from qunlearn.training.streams import EvalSet


class Questions(NamedTuple):
    """An evaluation set without the name of its pool: `rows` (N,), None for the whole pool, and
    `labels` (N,) of one replica; with a leading replica axis outside its program."""

    rows: jnp.ndarray | None
    labels: jnp.ndarray


class Source(NamedTuple):
    """Which `pool` an evaluation set reads, and whether `each` sample's logit is recorded."""

    pool: str
    each: bool


def sources_of(evals: dict[str, EvalSet]) -> dict[str, Source]:
    """What programs have to know of each evaluation set."""
    return {name: Source(one.pool, one.each) for name, one in evals.items()}


def questions_of(evals: dict[str, EvalSet]) -> dict[str, Questions]:
    """Rows and labels of each evaluation set, in the precision of the process."""
    questions = {}
    for name, one in evals.items():
        labels = np.asarray(one.labels, real_dtype())
        questions[name] = Questions(one.rows, labels)
    return questions


def unmeasured(sources: dict[str, Source], questions: dict) -> dict:
    """Zeros of the types that `measure` gives, for every replica if there is an axis of them, without
    tracing the model once more."""
    record = {}
    for name, (_, labels) in questions.items():
        replicas = labels.shape[:-1]
        record[f"{name}_loss"] = jnp.zeros(replicas, real_dtype())
        record[f"{name}_accuracy"] = jnp.zeros(replicas, jnp.float32)
        if sources[name].each:
            record[f"{name}_logits"] = jnp.zeros(labels.shape, real_dtype())
    return record


def measure(
    model,
    sources: dict[str, Source],
    pools: dict,
    variables: tuple,
    questions: dict,
    at_once: int | None = None,
) -> dict:
    """Loss and accuracy of one replica on every evaluation set, and logits (N,) of those that ask for
    each sample's, from one forward pass per pool, or from one for `at_once` rows after the other."""
    logits = {}
    for pool in dict.fromkeys(source.pool for source in sources.values()):
        names = [name for name in questions if sources[name].pool == pool]
        rows = [questions[name].rows for name in names]
        parts = _logits(model, pools[pool], variables, rows, at_once)
        logits.update(zip(names, parts))
    record = {}
    for name, (_, labels) in questions.items():
        z = logits[name]
        losses = cross_entropy(z, labels)
        right = (z > 0) == (labels > 0.5)
        record[f"{name}_loss"] = jnp.mean(losses)
        record[f"{name}_accuracy"] = jnp.mean(right)
        if sources[name].each:
            record[f"{name}_logits"] = z
    return record


def _logits(model, pool, variables: tuple, rows: list, at_once: int | None) -> list:
    """Logits of several sets of rows of one pool, None for all of them."""
    if len(rows) == 1:
        return [_answers(model, pool, variables, rows[0], at_once)]
    together = jnp.concatenate(rows)
    logits = _answers(model, pool, variables, together, at_once)
    ends = np.cumsum([len(part) for part in rows])
    return jnp.split(logits, ends[:-1])


def _answers(model, pool, variables: tuple, rows, at_once: int | None):
    """Logits of rows of a pool, None for all of them, so many at once."""

    def answer(rows):
        return model.logits(*variables, pool, rows)[0]

    count = len(pool if rows is None else rows)
    if at_once is None or count <= at_once:
        return answer(rows)
    rows = jnp.arange(count) if rows is None else rows
    rows = jnp.pad(rows, (0, -count % at_once))
    logits = jax.lax.map(answer, rows.reshape(-1, at_once))
    return logits.reshape(-1)[:count]


def evaluate(model, variables: tuple, pools: dict, evals: dict[str, EvalSet]) -> dict:
    """Loss and accuracy (R,) of R replicas, `variables` = (params, state), on every evaluation
    set, under the names that learning curves use."""
    sources = sources_of(evals)
    questions = questions_of(evals)

    def one(pools, variables, questions):
        return measure(model, sources, pools, variables, questions)

    found = of_all(one, jax.device_put(in_precision(pools)), variables, questions)
    return jax.tree.map(np.asarray, found)


def diverged(losses: np.ndarray) -> np.ndarray:
    """(R,) of True where a learning curve (R, records + 1) of the loss that was minimised, in nats,
    is that of a failed training: not finite, or its end a tenth above both its beginning and ln 2,
    which a coin reaches."""
    first, last = losses[:, 0], losses[:, -1]
    ceiling = 1.1 * np.fmax(first, np.log(2))
    finite = np.isfinite(losses).all(axis=1)
    return ~(finite & (last <= ceiling))
