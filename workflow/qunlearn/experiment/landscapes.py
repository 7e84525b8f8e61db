"""The landscape around trained models beyond its trace: spectrum, what clean and corrupted samples add to the
curvature, and the loss along lines (paper, Results: Mechanism of resilience; Supplementary Information, Section I)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from scipy.sparse.linalg import LinearOperator, eigsh

from ..keys import generator
from ..landscape import DENSE, hessian_product, mean_loss, require_gradients, sample_terms
from ..problem import Cell, Problem
from ..spectrum import Spectrometer, hessian, restrict


class Point(NamedTuple):
    """A trained model: its variables, the rows of the pool and labels it was trained on, which are corrupted."""

    cell: Cell
    params: dict
    state: dict
    rows: np.ndarray
    labels: jnp.ndarray
    corrupted: np.ndarray


def _points(problem: Problem, cells: list[Cell], trained: tuple[dict, dict]) -> Iterator[Point]:
    """Every cell's trained model, in double precision."""
    require_gradients(problem.model)
    for i, cell in enumerate(cells):
        params, state = jax.tree.map(lambda a: jnp.asarray(a[i], float), trained)  # noqa: B023
        samples = problem.samples(cell)
        yield Point(cell, params, state, samples.rows, jnp.asarray(samples.labels, float), samples.forget)


def _finite(params) -> bool:
    return bool(np.all(np.isfinite(ravel_pytree(params)[0])))


def _names(problem: Problem, cell: Cell) -> tuple:
    return problem.dataset.name, problem.model_name, problem.corruption, f"{cell.alpha:.4f}", cell.seed


def validation_accuracy(problem: Problem, trained: tuple[dict, dict]) -> np.ndarray:
    """(cells,) accuracy on clean validation data."""
    pool = jnp.asarray(problem.pools["validation"])
    answer = jax.jit(jax.vmap(lambda p, s: problem.model.logits(p, s, pool)[0] > 0))(*trained)
    return np.mean(np.asarray(answer) == problem.dataset.y_validation, axis=1)


def spectra(problem: Problem, cells: list[Cell], trained, options: dict, progress=lambda *_: None) -> list[dict]:
    """Per cell: eigenvalues and weights (probes, K) of the Hessian of the loss on its own training set, whether they
    are exact, the loss there and the norm of its gradient. `options`: arguments of `Spectrometer`."""
    spectrometer = Spectrometer(problem.model, **options)
    slope = jax.jit(jax.value_and_grad(partial(mean_loss, problem.model)))
    pool = jnp.asarray(problem.pools["train"])
    found = []
    for point in _points(problem, cells, trained):
        loss, gradient = slope(point.params, point.state, pool, point.rows, point.labels)
        values = weights = np.full((1, 1), np.nan)
        exact = True
        if _finite(point.params):
            draw = generator(*_names(problem, point.cell), "lanczos")
            values, weights, exact = spectrometer(point.params, point.state, pool, point.rows, point.labels, draw)
        found.append(
            {
                "eigenvalues": values,
                "weights": weights,
                "exact": exact,
                "loss": float(loss),
                "gradient_norm": float(jnp.linalg.norm(ravel_pytree(gradient)[0])),
            }
        )
        text = f"eigenvalues {np.min(values):.3g} to {np.max(values):.3g} at alpha {point.cell.alpha:.2f}"
        progress(len(found) / len(cells), text)
    return found


PARTS = ("all", "clean", "corrupted")


def curvatures(
    problem: Problem, cells: list[Cell], trained, bound: float, progress=lambda *_: None
) -> list[dict[str, dict]]:
    """Per cell and part of its training set (PARTS): number of samples, how many of them have a label that the model
    contradicts; what they add to the two traces of the mean loss's Hessian (`gauss_newton`, `residual`); the largest
    |second derivative| in one parameter of one sample's loss, and of the mean loss (for all samples only), beside the
    `bound` that theory sets to both (NaN: none)."""
    terms = jax.jit(partial(sample_terms, problem.model))
    logits = jax.jit(lambda p, s, pool, rows: problem.model.logits(p, s, pool, rows)[0])
    pool = jnp.asarray(problem.pools["train"])
    found = []
    for point in _points(problem, cells, trained):
        where = point.params, point.state, pool, jnp.asarray(point.rows)
        each = terms(*where, point.labels)
        contradicted = (np.asarray(logits(*where)) > 0) != (np.asarray(point.labels) > 0.5)
        everything = np.ones_like(point.corrupted)
        parts = {}
        for name, mask in zip(PARTS, (everything, ~point.corrupted, point.corrupted)):
            parts[name] = {
                "samples": int(mask.sum()),
                "contradicted": int((mask & contradicted).sum()),
                "gauss_newton": float(np.sum(each.gauss_newton, where=mask) / len(mask)),
                "residual": float(np.sum(each.residual, where=mask) / len(mask)),
                "largest_sample": float(np.max(each.largest, where=mask, initial=0.0)),
                "largest_mean": float(np.abs(each.diagonal).max()) if name == "all" else np.nan,
                "bound": bound,
            }
        found.append(parts)
        total = parts["all"]["gauss_newton"] + parts["all"]["residual"]
        progress(len(found) / len(cells), f"trace {total:.3g} at alpha {point.cell.alpha:.2f}")
    return found


def filter_normalised(params, draw: np.random.Generator):
    """A random direction with the length of the parameters, filter by filter (Li et al., NeurIPS 2018): Gaussian, then
    scaled to the norm of the weights into each unit, or of a whole array where it has one axis."""

    def like(leaf):
        axes = tuple(range(max(1, leaf.ndim - 1))) if leaf.ndim else None
        noise = draw.normal(size=leaf.shape)
        norm = np.sqrt(np.sum(np.square(leaf), axis=axes, keepdims=True))
        return jnp.asarray(noise * norm / np.sqrt(np.sum(noise**2, axis=axes, keepdims=True)))

    return jax.tree.map(like, params)


def top_eigenvector(product, size: int) -> tuple[float, np.ndarray]:
    """Largest eigenvalue and its unit eigenvector (size,) of the symmetric operator v -> product(v), by Lanczos; where
    that vanishes or is not finite, zero or NaN and any axis."""
    operator = LinearOperator((size, size), matvec=lambda v: np.asarray(product(jnp.asarray(v.ravel()))), dtype=float)
    start = np.asarray(product(jnp.ones(size)))
    if not np.any(start) or not np.all(np.isfinite(start)):
        return 0 * float(start[0]), np.eye(1, size)[0]
    values, vectors = eigsh(operator, k=1, which="LA", v0=start, tol=1e-8)
    return float(values[0]), vectors[:, 0]


def slices(problem: Problem, cells: list[Cell], trained, options: dict, progress=lambda *_: None) -> list[dict]:
    """Per cell, the loss on its own training set at parameters theta + t d: `random` (directions, T), d
    filter-normalised; `top` (T,), d the Hessian's top eigenvector with |d| = |theta|; `top_eigenvalue`. The
    displacements `t_random`, `t_top` (T,) are thus relative to the size of the parameters. `options`: `extent`, the
    largest t of either kind; `points` on either side of the trained model; number of random `directions`."""
    model = problem.model
    pool = jnp.asarray(problem.pools["train"])
    product, whole = jax.jit(partial(hessian_product, model)), jax.jit(partial(hessian, model))
    steps = {kind: np.linspace(-t, t, 2 * options["points"] + 1) for kind, t in options["extent"].items()}

    @jax.jit
    def line(steps, params, direction, *rest):
        return jax.lax.map(
            lambda t: mean_loss(model, jax.tree.map(lambda a, d: a + t * d, params, direction), *rest), steps
        )

    found = []
    for point in _points(problem, cells, trained):
        draw = generator(*_names(problem, point.cell), "directions")
        rest = point.state, pool, point.rows, point.labels
        random = [filter_normalised(point.params, draw) for _ in range(options["directions"])]
        result = {f"t_{kind}": t for kind, t in steps.items()}
        result["random"] = np.array([line(steps["random"], point.params, d, *rest) for d in random])
        value, top = np.nan, np.full(len(steps["top"]), np.nan)
        if _finite(point.params):
            # the eigenvector lies in the span of the samples, where there are fewer parameters
            params, used, _ = restrict(model, point.params, pool, point.rows)
            flat, unravel = ravel_pytree(params)
            rest = point.state, used, jnp.arange(len(used)), point.labels
            if flat.size <= DENSE:
                values, vectors = np.linalg.eigh(np.asarray(whole(params, *rest)))
                value, vector = float(values[-1]), vectors[:, -1]
            else:
                value, vector = top_eigenvector(lambda v: product(params, *rest, v), flat.size)  # noqa: B023
            length = jnp.linalg.norm(ravel_pytree(point.params)[0])
            top = np.asarray(line(steps["top"], params, unravel(length * vector), *rest))
        found.append(result | {"top": top, "top_eigenvalue": value})
        progress(len(found) / len(cells), f"top eigenvalue {value:.3g} at alpha {point.cell.alpha:.2f}")
    return found
