"""What trained models answer on clean validation data."""

from __future__ import annotations

from typing import NamedTuple

import jax
import numpy as np

from qunlearn.experiment.problem import Problem
from qunlearn.training.losses import in_precision


class Answers(NamedTuple):
    """Of every model (cells,): the `accuracy`, and the share of samples that it answers with class
    1, `ones`; where that is 0 or 1, its output is constant."""

    accuracy: np.ndarray
    ones: np.ndarray


def validation_answers(problem: Problem, trained: tuple[dict, dict]) -> Answers:
    """Answers on clean validation data, of one model after the other, so that none depends on its
    company; `trained` is (params, state), cells along the first axis."""
    pool = jax.device_put(in_precision(problem.pools["validation"]))
    params, state = jax.tree.map(np.asarray, trained[:2])
    truth = np.asarray(problem.dataset.y_validation) > 0.5

    @jax.jit
    def answers(pool, params, state):
        logits, _ = problem.model.logits(params, state, pool)
        return logits > 0

    found = []
    for i in range(len(jax.tree.leaves(params)[0])):
        one = jax.tree.map(lambda leaf: leaf[i], (params, state))  # noqa: B023
        found.append(np.asarray(answers(pool, *one)))
    found = np.stack(found)  # (cells, N)
    return Answers(np.mean(found == truth, axis=1), np.mean(found, axis=1))
