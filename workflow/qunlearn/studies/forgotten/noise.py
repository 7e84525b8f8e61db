"""Is the noise that a sample was trained with remembered?

The Gaussian unlearning score (Pawelczyk, Di, Lu, Sekhari, Kamath & Neel, arXiv:2406.17216): a model that
was trained on a sample x + xi has, at the clean x, a loss that falls along the noise xi more than along
noise that it never saw, for which the product of xi and the gradient of the loss is a draw from a normal
distribution. Here that product is a difference of the label's log odds, from which the loss follows,
between x + h xi and x - h xi, so that any encoding of samples will do; and the normal distribution is not
computed from the gradient's norm but from FRESH draws of noise.
"""

from __future__ import annotations

import jax
import numpy as np

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.parts import corruptions
from qunlearn.statistics.outputs import scores
from qunlearn.training.evaluate import evaluate
from qunlearn.training.streams import EvalSet

#: Draws of noise that no model saw, for each sample.
FRESH = 32
#: h: of a difference, in units of the noise.
STEP = 0.01


def directions(problem: Problem, cell: Cell, aside: float) -> tuple[np.ndarray, np.ndarray]:
    """Of a cell's N forgotten samples, clean ones (N, ...) and their noise (1 + FRESH, N, ...), that of
    the training first."""
    data, samples = problem.dataset, problem.samples(cell, aside)
    chosen = samples.forget & ~samples.aside
    clean = data.x_train[chosen]
    offset = len(data.y_train) * (1 + problem.seeds.index(cell.seed))
    trained = problem.raw_samples("train")[offset : offset + len(data.y_train)]
    case = data.name, data.x_train, data.y_train, problem.poison
    noisy = [trained]
    for number in range(FRESH):
        draw = f"{cell.seed} fresh {number}"
        noisy.append(corruptions.twins(*case, draw, data.image_shape)[0])
    return clean, np.stack([twins[chosen] - clean for twins in noisy])


def noise_scores(problem: Problem, cell: Cell, variables: tuple, aside: float) -> np.ndarray:
    """(J,) of models (params, state), stacked, that were trained on the cell's samples: standard
    deviations by which the label's log odds rise faster along the noise of the training, mean over
    forgotten samples. About 0, with a standard deviation of 1 / sqrt(N), for models that never saw
    it."""
    clean, noise = directions(problem, cell, aside)
    samples = problem.samples(cell, aside)
    labels = samples.labels[samples.forget & ~samples.aside]
    slopes = _slopes(problem, variables, clean, noise, labels)  # (J, 1 + FRESH, N)
    own, fresh = slopes[:, 0], slopes[:, 1:]
    return standardised(own, fresh).mean(axis=-1)


def _slopes(problem: Problem, variables: tuple, clean, noise, labels) -> np.ndarray:
    """(J, draws, N) by how much the label's log odds rise along `noise` (draws, N, ...) at samples `clean`
    (N, ...) with `labels` (N,)."""
    draws, count = noise.shape[:2]
    ends = np.concatenate([clean + STEP * noise, clean - STEP * noise])  # (2 draws, N, ...)
    pool = problem.model.encode(ends.reshape(-1, *clean.shape[1:]))
    replicas = len(jax.tree.leaves(variables)[0])
    repeated = np.tile(labels, (replicas, 2 * draws))
    asked = {"moved": EvalSet("moved", None, repeated, each=True)}
    logits = evaluate(problem.model, variables, {"moved": pool}, asked)["moved_logits"]
    odds = scores(logits.reshape(replicas, 2, draws, count), labels)
    return odds[:, 0] - odds[:, 1]


def standardised(own: np.ndarray, fresh: np.ndarray) -> np.ndarray:
    """(J, N) values in standard deviations of fresh ones (J, draws, N) from their mean; 0 where all are
    equal."""
    deviation = fresh.std(axis=1, ddof=1)
    found = np.zeros(own.shape)
    return np.divide(own - fresh.mean(axis=1), deviation, out=found, where=deviation > 0)
