"""Unlearn the poison from trained models (paper, Results: Quantum machine unlearning)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ..problem import Cell, Problem, stack
from ..training import EvalSet, Schedule, Stream, Trained, real_dtype
from ..unlearning import REGISTRY


def unlearn(
    problem: Problem,
    cells: list[Cell],
    poisoned: tuple[dict, dict],
    method: str,
    options: dict,
    schedule: Schedule,
    progress=lambda *_: None,
) -> Trained:
    """Unlearn the forget set of each cell from its own poisoned model (params, state stacked over cells).

    All cells share one alpha, so that their retain and forget sets have equal sizes. History of 'train' (poisoned
    samples and labels), 'validation', 'retain' and 'forget' (clean labels).
    """
    chosen = REGISTRY[method]
    samples = [problem.samples(cell) for cell in cells]
    pool = jnp.asarray(problem.pools["train"], real_dtype())
    teacher = np.asarray(jax.jit(jax.vmap(lambda p, s: problem.model.logits(p, s, pool)[0]))(*poisoned))
    streams = {}
    for name in chosen.streams:
        masks = [s.forget if name == "forget" else ~s.forget for s in samples]
        rows = stack(s.rows[m] for s, m in zip(samples, masks))
        labels = stack(s.labels[m] for s, m in zip(samples, masks))
        streams[name] = Stream(rows, labels, np.take_along_axis(teacher, rows, axis=1))
    return problem.model.optimise(
        chosen.loss(**options),
        problem.initial([c.seed for c in cells], "retrain") if chosen.fresh else poisoned,
        problem.pools,
        streams,
        {
            "train": EvalSet("train", stack(s.rows for s in samples), stack(s.labels for s in samples)),
            "validation": problem.validation_set(len(cells)),
            "retain": EvalSet(
                "train",
                stack(s.clean_rows[~s.forget] for s in samples),
                stack(s.clean_labels[~s.forget] for s in samples),
            ),
            "forget": EvalSet(
                "train",
                stack(s.clean_rows[s.forget] for s in samples),
                stack(s.clean_labels[s.forget] for s in samples),
            ),
        },
        schedule,
        problem.order_generators(cells, method),
        progress,
    )
