"""What trained models answer on clean validation data."""

from __future__ import annotations

from typing import NamedTuple

import jax
import numpy as np

from qunlearn.experiment.problem import Problem
from qunlearn.training.losses import in_precision
from qunlearn.training.replicas import of_all


class Answers(NamedTuple):
    """Of every model (cells,): the `accuracy`, and the share of samples that it answers with class
    1, `ones`; where that is 0 or 1, its output is constant."""

    accuracy: np.ndarray
    ones: np.ndarray


def validation_answers(problem: Problem, trained: tuple[dict, dict]) -> Answers:
    """Answers on clean validation data; `trained` is (params, state), cells along the first axis. Of
    one model after the other, so that none depends on its company; of fitted ones of all together, for
    what they share, such as a kernel, is computed once."""
    pool = jax.device_put(in_precision(problem.pools["validation"]))
    params, state = jax.tree.map(np.asarray, trained[:2])
    truth = np.asarray(problem.dataset.y_validation) > 0.5

    def answers(pool, params, state):
        logits, _ = problem.model.logits(params, state, pool)
        return logits > 0

    if problem.declared.fitted:
        found = np.asarray(of_all(answers, pool, params, state))  # (cells, N)
    else:
        program, found = jax.jit(answers), []
        for i in range(len(jax.tree.leaves(params)[0])):
            one = jax.tree.map(lambda leaf: leaf[i], (params, state))  # noqa: B023
            found.append(np.asarray(program(pool, *one)))
        found = np.stack(found)
    return Answers(np.mean(found == truth, axis=1), np.mean(found, axis=1))
