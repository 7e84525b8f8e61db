"""Hessian spectra at trained models, on the data that they were trained on (paper, Results:
Mechanism of resilience)."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.landscape.hessian import Point, finite, flattened, mean_loss
from qunlearn.landscape.spectrum import Spectrometer, Spectrum
from qunlearn.landscape.trained import draws, require_landscape, trained_points


def analyse(
    problem: Problem,
    cells: list[Cell],
    trained: tuple[dict, dict],
    settings: dict,
    progress=lambda *_: None,
) -> list[dict]:
    """Per cell: eigenvalues and weights (probes, K) of the Hessian of the loss on its own training
    set, whether they are exact, the loss there and the norm of its gradient.

    `settings`: `exact`, `steps` and `probes` of `Spectrometer`. `trained` is (params, state), cells
    along the first axis.

    Raises UserError for models without a landscape.
    """
    require_landscape(problem)
    spectrometer = Spectrometer(problem.model, **settings)
    measure = jax.jit(partial(_loss_and_gradient, problem.model))
    found = []
    for cell, point, _ in trained_points(problem, cells, trained):
        spectrum = _unknown()
        if finite(point.params):
            spectrum = spectrometer(point, draws(problem, cell, "lanczos"))
        loss, gradient = measure(point)
        ends = {
            "loss": float(loss),
            "gradient_norm": float(jnp.linalg.norm(gradient)),
        }
        found.append(spectrum._asdict() | ends)
        low, high = np.min(spectrum.eigenvalues), np.max(spectrum.eigenvalues)
        text = f"eigenvalues {low:.3g} to {high:.3g} at alpha {cell.alpha:.2f}"
        progress(len(found) / len(cells), text)
    return found


def _loss_and_gradient(model, point: Point) -> tuple[jnp.ndarray, jnp.ndarray]:
    """The mean loss and its gradient (P,)."""
    start, at = flattened(point)
    return jax.value_and_grad(lambda vector: mean_loss(model, at(vector)))(start)


def _unknown() -> Spectrum:
    """The spectrum where parameters are not finite."""
    nothing = np.full((1, 1), np.nan)
    return Spectrum(nothing, nothing, True)
