"""The study's three computations, from names to numbers: train, unlearn, and analyse the landscape.

A `Problem` is one (dataset, model, corruption) with all that its cells share: the model and the pool of features,
which holds every clean training sample followed, for each seed, by the corrupted twins of those samples.
A `Cell` is one (alpha, seed) of it.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from . import corruption as poison
from . import models, training, unlearning
from .data import Dataset
from .keys import generator, jax_key
from .landscape import Analyser, Curvature
from .training import EvalSet, Schedule, Stream


class Cell(NamedTuple):
    alpha: float
    seed: int


class Samples(NamedTuple):
    """Training samples of one cell: pool rows and labels as trained on and as clean, and which are corrupted."""

    rows: np.ndarray
    labels: np.ndarray
    clean_rows: np.ndarray
    clean_labels: np.ndarray
    forget: np.ndarray


class Problem:
    """One (dataset, model, corruption). `model_name` is the architecture's name in the configuration, `options` its
    block, `seeds` the seeds whose corrupted twins the pool must hold."""

    def __init__(self, dataset: Dataset, model_name: str, options: dict, corruption: str, seeds: list[int]):
        self.dataset, self.model_name, self.corruption = dataset, model_name, corruption
        self.seeds = list(dict.fromkeys(seeds))
        x, y = dataset.x_train, dataset.y_train
        self.twins = {s: poison.twins(dataset.name, x, y, corruption, s) for s in self.seeds}
        replaced = [twin for twin, _ in self.twins.values() if twin is not None]
        self.model = models.build(options, [x, *replaced, dataset.x_validation])
        self.pools = {
            "train": self.model.encode(np.concatenate([x, *replaced])),
            "validation": self.model.encode(dataset.x_validation),
        }

    def samples(self, cell: Cell) -> Samples:
        y = self.dataset.y_train
        n = len(y)
        forget = poison.forget_mask(self.dataset.name, y, self.corruption, cell.alpha, cell.seed)
        twin_x, twin_y = self.twins[cell.seed]
        rows, labels = np.arange(n), y
        if twin_x is not None:
            offset = n * (1 + self.seeds.index(cell.seed))
            rows = np.where(forget, offset + np.arange(n), rows)
        if twin_y is not None:
            labels = np.where(forget, twin_y, labels)
        return Samples(rows, labels, np.arange(n), y, forget)

    def validation_set(self, replicas: int) -> EvalSet:
        return EvalSet("validation", None, np.tile(self.dataset.y_validation, (replicas, 1)))

    def initial(self, seeds: list[int], purpose: str = "init"):
        """Fresh (params, state), stacked over `seeds`: they depend on (model, seed) alone."""
        keys = jnp.stack([jax_key(self.model_name, seed, purpose) for seed in seeds])
        return jax.jit(jax.vmap(self.model.init))(keys)

    def order_generators(self, cells: list[Cell], stage: str) -> list[np.random.Generator]:
        names = (self.dataset.name, self.model_name, self.corruption, stage)
        return [generator(*names, f"{cell.alpha:.4f}", cell.seed, "order") for cell in cells]


def _stack(arrays) -> np.ndarray:
    return np.stack(list(arrays))


def train(problem: Problem, cells: list[Cell], schedule: Schedule, progress=lambda *_: None) -> training.Trained:
    """Train one model per cell on its poisoned training set; history of 'train' and 'validation'."""
    samples = [problem.samples(cell) for cell in cells]
    rows, labels = _stack(s.rows for s in samples), _stack(s.labels for s in samples)
    return training.minimise(
        problem.model,
        training.training_loss,
        problem.initial([cell.seed for cell in cells]),
        problem.pools,
        {"train": Stream(rows, labels, np.zeros(rows.shape))},
        {"train": EvalSet("train", rows, labels), "validation": problem.validation_set(len(cells))},
        schedule,
        problem.order_generators(cells, "train"),
        progress,
    )


def unlearn(
    problem: Problem,
    cells: list[Cell],
    poisoned: tuple[dict, dict],
    method: str,
    options: dict,
    schedule: Schedule,
    progress=lambda *_: None,
) -> training.Trained:
    """Unlearn the forget set of each cell from its own poisoned model (params, state stacked over cells).

    All cells share one alpha, so that their retain and forget sets have equal sizes. History of 'train' (poisoned
    samples and labels), 'validation', 'retain' and 'forget' (clean labels).
    """
    chosen = unlearning.REGISTRY[method]
    samples = [problem.samples(cell) for cell in cells]
    real = jnp.float64 if jax.config.jax_enable_x64 else jnp.float32
    pool = jnp.asarray(problem.pools["train"], real)
    teacher = np.asarray(jax.jit(jax.vmap(lambda p, s: problem.model.logits(p, s, pool)[0]))(*poisoned))
    streams = {}
    for name in chosen.streams:
        masks = [s.forget if name == "forget" else ~s.forget for s in samples]
        rows = _stack(s.rows[m] for s, m in zip(samples, masks))
        labels = _stack(s.labels[m] for s, m in zip(samples, masks))
        streams[name] = Stream(rows, labels, np.take_along_axis(teacher, rows, axis=1))
    return training.minimise(
        problem.model,
        chosen.loss(**options),
        problem.initial([c.seed for c in cells], "retrain") if chosen.fresh else poisoned,
        problem.pools,
        streams,
        {
            "train": EvalSet("train", _stack(s.rows for s in samples), _stack(s.labels for s in samples)),
            "validation": problem.validation_set(len(cells)),
            "retain": EvalSet(
                "train",
                _stack(s.clean_rows[~s.forget] for s in samples),
                _stack(s.clean_labels[~s.forget] for s in samples),
            ),
            "forget": EvalSet(
                "train",
                _stack(s.clean_rows[s.forget] for s in samples),
                _stack(s.clean_labels[s.forget] for s in samples),
            ),
        },
        schedule,
        problem.order_generators(cells, method),
        progress,
    )


def landscape(
    problem: Problem, cells: list[Cell], trained: tuple[dict, dict], progress=lambda *_: None
) -> tuple[dict[str, list[Curvature]], np.ndarray]:
    """Curvature at each cell's trained parameters, on its own (poisoned) training set ('train') and on clean data
    ('validation'), and each cell's validation accuracy."""
    real = jnp.float64 if jax.config.jax_enable_x64 else jnp.float32
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
