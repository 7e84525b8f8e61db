"""How suspicious a model finds each sample that it was trained on, by scores of which none knows
which samples are corrupted. Higher is more suspicious.

- `loss`: cross-entropy of the given label at the end of training. A model that refuses a wrong label
  keeps it high, one that learns it by heart does not.
- `margin`: the area under the margin, its mean over all epochs, with a minus (Pleiss, Zhang, Elenberg
  & Weinberger, NeurIPS 2020, arXiv:2001.10528): wrong labels are learnt late, if at all.
- `cross_validation`: confident learning (Northcutt, Jiang & Chuang, J. Artif. Intell. Res. 70, 1373,
  2021, arXiv:1911.00068), one minus the quality that the library cleanlab gives a label by the answers of models
  that were not trained on it.
- `influence`: g^T H^-1 g of a sample's gradient g and the exact Hessian H of the mean loss, what the
  sample adds to its own loss (Koh & Liang, ICML 2017, arXiv:1703.04730). Curvatures are taken as
  positive and no smaller than SMALLEST of the largest, for trained models are no exact minima.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.experiment.problem import Cell, Problem, stack
from qunlearn.experiment.train import training
from qunlearn.landscape.curvature import loss_derivatives
from qunlearn.landscape.hessian import Point, flattened, hessian, logits
from qunlearn.landscape.trained import trained_points
from qunlearn.runtime.keys import generator
from qunlearn.runtime.progress import part_of
from qunlearn.training.losses import cross_entropy
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import EvalSet, Stream
from qunlearn.training.workload import Trained

#: Most parameters whose exact Hessian is inverted.
LARGEST = 1500
#: Smallest curvature, of the largest one.
SMALLEST = 1e-3


class Suspicion(NamedTuple):
    """Of C cells with N training samples each: `scores` by name, (C, N); `accused`, (C, N) of bool,
    those that confident learning says are wrong; `poison`, (C, N), those that are corrupted; `failed`
    (C,), whose training diverged."""

    scores: dict[str, np.ndarray]
    accused: np.ndarray
    poison: np.ndarray
    failed: np.ndarray


def suspect(
    problem: Problem,
    cells: list[Cell],
    schedule: Schedule,
    folds: int,
    progress=lambda *_: None,
) -> Suspicion:
    """Train every cell as the study does, and `folds` times without a part of its samples."""
    samples = [problem.samples(cell) for cell in cells]
    labels = stack(one.labels for one in samples)  # (C, N), as trained on
    whole = watched(problem, cells, schedule, part_of(progress, 0, 1 / (1 + folds)))
    curves = whole.learning_curves["train_logits"]  # (C, epochs + 1, N)
    margins = (2 * labels[:, None] - 1) * curves
    rest = part_of(progress, 1 / (1 + folds), 1)
    answers = cross_validated(problem, cells, schedule, folds, rest)  # (C, N)
    quality, accused = confident_learning(labels, answers)
    scores = {
        "loss": np.asarray(jax.jit(cross_entropy)(curves[:, -1], labels)),
        "margin": -margins[:, 1:].mean(axis=1),
        "cross_validation": 1 - quality,
    }
    if sum(leaf[0].size for leaf in jax.tree.leaves(whole.params)) <= LARGEST:
        scores["influence"] = influences(problem, cells, (whole.params, whole.state))
    failed = problem.model.diverged(whole.learning_curves["train_loss"])
    return Suspicion(scores, accused, stack(one.forget for one in samples), failed)


def watched(problem: Problem, cells: list[Cell], schedule: Schedule, progress) -> Trained:
    """The study's own training, with every sample's logit after every epoch."""
    workload = training(problem, cells, schedule._replace(record=1))
    seen = workload.evals["train"]._replace(each=True)
    return problem.model.optimise(workload._replace(evals={"train": seen}), progress)


# -- models that did not see a sample --------------------------------------------------------------
def fold_numbers(problem: Problem, cell: Cell, folds: int) -> np.ndarray:
    """(N,) number of the fold that each training sample is left out in; it depends on (dataset, seed)
    alone."""
    count = len(problem.dataset.y_train)
    order = generator(problem.dataset.name, cell.seed, "folds").permutation(count)
    numbers = np.empty(count, int)
    numbers[order] = np.arange(count) % folds
    return numbers


def cross_validated(
    problem: Problem, cells: list[Cell], schedule: Schedule, folds: int, progress
) -> np.ndarray:
    """(C, N) probabilities of class 1, each of a model that was not trained on the sample."""
    workload = training(problem, cells, schedule._replace(record=schedule.epochs))
    stream = workload.streams["train"]
    rows, labels = stream.rows, stream.labels  # (C, N)
    numbers = stack(fold_numbers(problem, cell, folds) for cell in cells)
    count = rows.shape[1]
    kept = count - -(-count // folds)  # what is left beside the largest fold
    parts, generators = [], []
    for fold in range(folds):
        parts += [np.flatnonzero(one != fold)[:kept] for one in numbers]
        generators += problem.order_generators(cells, f"fold {fold}")
    chosen = stack(parts)  # (folds C, kept)
    rows, labels = np.tile(rows, (folds, 1)), np.tile(labels, (folds, 1))  # (folds C, N)
    read = [np.take_along_axis(array, chosen, axis=1) for array in (rows, labels)]
    start = problem.initial([cell.seed for cell in cells] * folds)
    done = problem.model.optimise(
        workload._replace(
            start=start,
            streams={"train": Stream(*read)},
            evals={"train": EvalSet("train", rows, labels, each=True)},
            generators=generators,
        ),
        progress,
    )
    ends = done.learning_curves["train_logits"][:, -1].reshape(folds, len(cells), count)
    own = np.take_along_axis(ends, numbers[None], axis=0)[0]  # (C, N)
    return np.asarray(jax.nn.sigmoid(own))


def confident_learning(labels: np.ndarray, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(quality, accused), both (C, N): cleanlab's quality of each label, between 0 and 1, and whether
    it counts the label as wrong. `answers` (C, N): probabilities of class 1."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    quality, accused = [], []
    for given, ones in zip(labels.astype(int), answers.astype(float)):
        probabilities = np.stack([1 - ones, ones], axis=1)
        quality.append(get_label_quality_scores(given, probabilities))
        accused.append(find_label_issues(given, probabilities, n_jobs=1))
    return np.stack(quality), np.stack(accused)


# -- influence -------------------------------------------------------------------------------------
def influences(problem: Problem, cells: list[Cell], trained: tuple) -> np.ndarray:
    """(C, N) of what each sample adds to its own loss, in double precision."""
    with jax.enable_x64(True):
        measure = jax.jit(lambda point: _gradients_and_hessian(problem.model, point))
        found = []
        for _, point, _ in trained_points(problem, cells, trained):
            found.append(self_influence(*measure(point)))
    return np.stack(found)


def _gradients_and_hessian(model, point: Point) -> tuple[jnp.ndarray, jnp.ndarray]:
    """Gradients (N, P) of each sample's loss, and the Hessian (P, P) of the mean loss."""
    start, at = flattened(point)
    jacobian = jax.jacfwd(lambda vector: logits(model, at(vector)))(start)  # (N, P)
    error, _ = loss_derivatives(logits(model, point), point.labels)
    return error[:, None] * jacobian, hessian(model, point)


def self_influence(gradients: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """(N,) g^T H^-1 g of gradients (N, P), with curvatures of H as the module says; zero where H
    vanishes."""
    curvatures, axes = np.linalg.eigh(matrix)
    sizes = np.abs(curvatures)
    if not sizes.max() > 0:
        return np.zeros(len(gradients))
    sizes = np.maximum(sizes, SMALLEST * sizes.max())
    along = np.asarray(gradients) @ axes  # (N, P)
    return np.sum(along**2 / sizes, axis=1)
