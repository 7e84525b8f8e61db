"""Curvature of the loss at trained models (paper, Results: Mechanism of resilience)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ..landscape import Analyser, Curvature, require_gradients
from ..problem import Cell, Problem
from ..training import real_dtype


def analyse(
    problem: Problem, cells: list[Cell], trained: tuple[dict, dict], progress=lambda *_: None
) -> tuple[dict[str, list[Curvature]], np.ndarray]:
    """Curvature at each cell's trained parameters, on its own (poisoned) training set ('train') and on clean data
    ('validation'), and each cell's validation accuracy."""
    require_gradients(problem.model)
    real = real_dtype()
    trained = jax.tree.map(lambda a: jnp.asarray(a, real), trained)
    analysers = {name: Analyser(problem.model, np.asarray(p, real)) for name, p in problem.pools.items()}
    everything = np.arange(len(problem.dataset.y_validation))
    predict = jax.jit(lambda p, s, pool: problem.model.logits(p, s, pool)[0] > 0)
    found: dict[str, list[Curvature]] = {"train": [], "validation": []}
    accuracy = []
    for i, cell in enumerate(cells):
        params, state = jax.tree.map(lambda a: a[i], trained)  # noqa: B023
        samples = problem.samples(cell)
        sets = {"train": (samples.rows, samples.labels), "validation": (everything, problem.dataset.y_validation)}
        for name, (rows, labels) in sets.items():
            found[name].append(analysers[name](params, state, rows, jnp.asarray(labels, real)))
        answer = predict(params, state, analysers["validation"].pool)
        accuracy.append(np.mean(np.asarray(answer) == problem.dataset.y_validation))
        progress((i + 1) / len(cells), f"trace {found['train'][-1].trace:.3g} at alpha {cell.alpha:.2f}")
    return found, np.array(accuracy)
