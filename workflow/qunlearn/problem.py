"""One (dataset, model, corruption) with all that its cells share.

The pool of features holds every clean training sample followed, for each seed, by the corrupted twins of those samples
(where the corruption changes features at all). A `Cell` is one (alpha, seed); what it trains on are rows of the pool.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from . import corruption as poison
from . import models
from .data import Dataset
from .keys import generator, jax_key
from .training import EvalSet
from .variants import base


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
    """One (dataset, model, corruption). `model_name` is the architecture's name in the configuration (changes after it
    do not enter random keys), `options` its block, `seeds` the seeds whose corrupted twins the pool must hold."""

    def __init__(self, dataset: Dataset, model_name: str, options: dict, corruption: str, seeds: list[int]):
        self.dataset, self.model_name, self.corruption = dataset, base(model_name), corruption
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


def stack(arrays) -> np.ndarray:
    """Per-cell arrays along a new first axis, the replica axis."""
    return np.stack(list(arrays))
