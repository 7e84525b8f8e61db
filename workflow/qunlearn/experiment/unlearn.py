"""Unlearn the poison from trained models (paper, Results: Quantum machine unlearning)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ..problem import Cell, Problem, stack
from ..training import EvalSet, Schedule, Stream, Trained, real_dtype
from ..unlearning import CONTROLS, REGISTRY, Method


def streams(problem: Problem, cells: list[Cell], poisoned: tuple, method: Method) -> dict[str, Stream]:
    """The streams that the method reads, with the poisoned models' logits where its loss asks for them."""
    samples = [problem.samples(cell) for cell in cells]
    if method.teacher:
        pool = jnp.asarray(problem.pools["train"], real_dtype())
        teacher = np.asarray(jax.jit(jax.vmap(lambda p, s: problem.model.logits(p, s, pool)[0]))(*poisoned[:2]))
    streams = {}
    for name in method.streams:
        masks = [s.forget if name == "forget" else ~s.forget for s in samples]
        rows = stack(s.rows[m] for s, m in zip(samples, masks))
        labels = stack(s.labels[m] for s, m in zip(samples, masks))
        logits = np.take_along_axis(teacher, rows, axis=1) if method.teacher else np.zeros(rows.shape)
        streams[name] = Stream(rows, labels, logits)
    return streams


def evaluation_sets(problem: Problem, cells: list[Cell]) -> dict[str, EvalSet]:
    """'train' (poisoned samples and labels), 'validation', 'retain' and 'forget' (clean samples and labels)."""
    samples = [problem.samples(cell) for cell in cells]
    clean = {"retain": [~s.forget for s in samples], "forget": [s.forget for s in samples]}
    return {
        "train": EvalSet("train", stack(s.rows for s in samples), stack(s.labels for s in samples)),
        "validation": problem.validation_set(len(cells)),
    } | {
        name: EvalSet(
            "train",
            stack(s.clean_rows[m] for s, m in zip(samples, masks)),
            stack(s.clean_labels[m] for s, m in zip(samples, masks)),
        )
        for name, masks in clean.items()
    }


def unlearn(
    problem: Problem,
    cells: list[Cell],
    poisoned: tuple,
    method: str,
    options: dict,
    schedule: Schedule,
    progress=lambda *_: None,
    evals: dict[str, EvalSet] | None = None,
) -> Trained:
    """Unlearn the forget set of each cell from its own poisoned model (params, state stacked over cells; with Adam's
    memory as a third part, the optimiser goes on with it, else starts anew).

    All cells share one alpha, so that their retain and forget sets have equal sizes; a cell may occur several times.
    `options` are the weights of the method's loss: one number for all cells, or (cells,) numbers. The history is that
    of `evals`, by default the `evaluation_sets`.
    """
    chosen = (REGISTRY | CONTROLS)[method]
    return problem.model.optimise(
        lambda batches, **weights: chosen.loss(**weights)(batches),
        problem.initial([c.seed for c in cells], "retrain") if chosen.fresh else poisoned,
        problem.pools,
        streams(problem, cells, poisoned, chosen),
        evals or evaluation_sets(problem, cells),
        schedule,
        problem.order_generators(cells, method),
        progress,
        {name: np.broadcast_to(value, len(cells)) for name, value in options.items()},
    )
