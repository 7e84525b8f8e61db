"""What clean and corrupted samples add to the curvature at trained models (paper, Results:
Mechanism of resilience; Supplementary Information, Section I)."""

from __future__ import annotations

from functools import partial

import jax
import numpy as np

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.landscape.curvature import SampleTerms, sample_terms
from qunlearn.landscape.hessian import logits
from qunlearn.landscape.trained import require_landscape, trained_points


def analyse(
    problem: Problem,
    cells: list[Cell],
    trained: tuple[dict, dict],
    settings: dict,
    progress=lambda *_: None,
) -> list[dict[str, dict]]:
    """Per cell and part of its training set ('all', 'clean', 'corrupted'): number of samples, how
    many of them have a label that the model contradicts; what they add to the two traces of the
    mean loss's Hessian (`gauss_newton`, `residual`); the largest |second derivative| in one
    parameter of one sample's loss, and of the mean loss (for all samples only), beside the `bound`
    that theory sets to both.

    `settings`: that `bound` (NaN: none). `trained` is (params, state), cells along the first axis.

    Raises UserError for models without a landscape.
    """
    require_landscape(problem)
    measure = jax.jit(partial(sample_terms, problem.model))
    answer = jax.jit(partial(logits, problem.model))
    found = []
    for cell, point, corrupted in trained_points(problem, cells, trained):
        predicted = np.asarray(answer(point)) > 0
        learned = np.asarray(point.labels) > 0.5
        parts = _contributions(measure(point), predicted != learned, corrupted)
        found.append({name: part | settings for name, part in parts.items()})
        whole = parts["all"]
        trace = whole["gauss_newton"] + whole["residual"]
        progress(len(found) / len(cells), f"trace {trace:.3g} at alpha {cell.alpha:.2f}")
    return found


def _contributions(
    terms: SampleTerms, contradicted: np.ndarray, corrupted: np.ndarray
) -> dict[str, dict]:
    """What each part of the samples adds; both arrays are (N,) and boolean."""
    parts = {
        "all": _contribution(terms, contradicted, np.ones_like(corrupted)),
        "clean": _contribution(terms, contradicted, ~corrupted),
        "corrupted": _contribution(terms, contradicted, corrupted),
    }
    parts["all"]["largest_mean"] = float(np.abs(terms.diagonal).max())
    return parts


def _contribution(terms: SampleTerms, contradicted: np.ndarray, part: np.ndarray) -> dict:
    """What the samples with `part` (N,) True add to the mean over all N samples."""
    samples = len(part)
    return {
        "samples": int(part.sum()),
        "contradicted": int((part & contradicted).sum()),
        "gauss_newton": float(np.sum(terms.gauss_newton, where=part) / samples),
        "residual": float(np.sum(terms.residual, where=part) / samples),
        "largest_sample": float(np.max(terms.largest, where=part, initial=0.0)),
        "largest_mean": np.nan,
    }
