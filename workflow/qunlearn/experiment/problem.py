"""One (dataset, model, corruption) with all that its cells share.

The pool of features holds every clean training sample followed, for each seed, by the corrupted
twins of those samples (where the corruption changes features at all). A `Cell` is one (alpha,
seed); what it trains on are rows of the pool.
"""

from __future__ import annotations

import copy
from functools import cached_property
from typing import NamedTuple

import jax
import numpy as np

from qunlearn.grid.names import base
from qunlearn.parts import corruptions, models
from qunlearn.parts.corruptions import Backdoor
from qunlearn.parts.datasets import Dataset
from qunlearn.runtime.counts import share
from qunlearn.runtime.keys import generator, jax_key
from qunlearn.training.streams import EvalSet

#: XLA's costly passes over loops that draw random numbers would take seconds and save none; the numbers are the same.
DRAWING = {"xla_backend_optimization_level": "1"}


class Cell(NamedTuple):
    """One model of a problem: which fraction of its training set is corrupted, and its seed."""

    alpha: float
    seed: int


class Samples(NamedTuple):
    """Training samples of one cell, all (N,): pool rows and labels as trained on and as clean,
    which unlearning is told to forget, which neither training nor unlearning reads, and which are
    corrupted. The first and the last are the same but of a `Problem.telling` something else."""

    rows: np.ndarray
    labels: np.ndarray
    clean_rows: np.ndarray
    clean_labels: np.ndarray
    forget: np.ndarray
    aside: np.ndarray
    corrupted: np.ndarray


class Problem:
    """One (dataset, model, corruption).

    `model_name`: the architecture's name in the configuration (changes after it do not enter random
    keys); `architecture`: its block; `seeds`: those whose corrupted twins the pool must hold;
    `poison`: options of the corruption, None for those that its name carries.
    """

    def __init__(
        self,
        dataset: Dataset,
        model_name: str,
        architecture: dict,
        corruption: str,
        seeds: list[int],
        poison: dict | None = None,
    ):
        self.dataset = dataset
        self.model_name = base(model_name)
        self.corruption = corruption
        self.poison = corruptions.declared(corruption, poison)
        self.seeds = list(dict.fromkeys(seeds))
        self.twins = {seed: self._twins(seed) for seed in self.seeds}
        training = self._training()
        #: Whether corrupted samples have features of their own.
        self.has_twins = len(training) > 1
        tested = {"validation": dataset.x_validation, **self._triggered()}
        #: The model's family with its options, and what trains and answers.
        self.declared = models.declared(architecture)
        self.model = self.declared.build([*training, np.concatenate(list(tested.values()))])
        self.pools = {"train": self.model.encode_known(training)}
        self.pools |= {name: self.model.encode(x) for name, x in tested.items()}
        self._orders: dict[tuple, np.ndarray] = {}
        self._accused: dict[Cell, np.ndarray] = {}

    def telling(self, accused: dict[Cell, np.ndarray]) -> Problem:
        """The same, of which unlearning is told that the training samples `accused` (N,), of bool,
        are the corrupted ones, and no other."""
        other = copy.copy(self)
        other._accused = accused
        return other

    def _twins(self, seed: int) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Features and labels of all training samples' twins, None where they are unchanged."""
        data = self.dataset
        case = data.name, data.x_train, data.y_train, self.poison, seed
        return corruptions.twins(*case, data.image_shape)

    def _training(self) -> list[np.ndarray]:
        """Samples of the pool 'train': clean ones, then those of each seed's twins that have features of their own."""
        replaced = [features for features, _ in self.twins.values() if features is not None]
        return [self.dataset.x_train, *replaced]

    def _triggered(self) -> dict[str, np.ndarray]:
        """Of a backdoor the validation samples that are not of its target class, with the trigger."""
        if not isinstance(self.poison, Backdoor):
            return {}
        others = self.dataset.y_validation != self.poison.target
        x = self.dataset.x_validation[others]
        return {"triggered": self.poison.triggered(x, self.dataset.image_shape)}

    def _corrupted(self, cell: Cell) -> np.ndarray:
        """(N,) bool: the samples that are corrupted."""
        data, part = self.dataset, self.poison
        case = (cell.seed,) if part.nested else (cell.alpha, cell.seed)
        if case not in self._orders:
            asked = data.name, data.x_train, data.y_train, part
            self._orders[case] = corruptions.poison_order(*asked, cell.alpha, cell.seed)
        return corruptions.first_of(self._orders[case], cell.alpha, data.name, part.even)

    def samples(self, cell: Cell, aside: float = 0.0) -> Samples:
        """What a cell is trained on, and what would be clean; `aside`: fraction of both that is set
        aside."""
        y = self.dataset.y_train
        corrupted = self._corrupted(cell)
        twin_x, twin_y = self.twins[cell.seed]
        clean = np.arange(len(y))
        rows, labels = clean, y
        if twin_x is not None:
            offset = len(y) * (1 + self.seeds.index(cell.seed))
            rows = np.where(corrupted, offset + clean, clean)
        if twin_y is not None:
            labels = np.where(corrupted, twin_y, y)
        held = self._set_aside(cell, corrupted, aside)
        forget = self._accused.get(cell, corrupted)
        return Samples(rows, labels, clean, y, forget, held, corrupted)

    def _set_aside(self, cell: Cell, corrupted: np.ndarray, fraction: float) -> np.ndarray:
        """(N,) bool: a `fraction` of the samples, corrupted and clean ones in proportion, and each of
        these by class. How many depends on N and on how many are corrupted alone."""
        labels = self.dataset.y_train
        mask = np.zeros(len(labels), dtype=bool)
        words = "set_aside {fraction:g} of the {available} training samples"
        total = share(fraction, len(labels), words)
        order = generator(self.dataset.name, cell.seed, "set aside").permutation(len(labels))
        bad = round(total * corrupted.mean())
        for part, count in ((corrupted, bad), (~corrupted, total - bad)):
            ones = round(count * labels[part].mean()) if part.any() else 0
            for label, some in ((1, ones), (0, count - ones)):
                members = order[(part & (labels == label))[order]]
                mask[members[:some]] = True
        return mask

    def raw_samples(self, part: str) -> np.ndarray:
        """Samples of a pool, 'train' or 'validation', before the model encodes them."""
        if part == "validation":
            return self.dataset.x_validation
        return np.concatenate(self._training())

    def validation_sets(self, replicas: int) -> dict[str, EvalSet]:
        """All validation samples, for every replica; of a backdoor also those that are 'triggered', whose accuracy is
        the attack's success."""
        labels = {"validation": self.dataset.y_validation}
        if "triggered" in self.pools:
            labels["triggered"] = np.full(len(self.pools["triggered"]), self.poison.target)
        return {
            name: EvalSet(name, None, np.tile(wanted, (replicas, 1)))
            for name, wanted in labels.items()
        }

    def initial(self, seeds: list[int], purpose: str = "init") -> tuple[dict, dict]:
        """Fresh (params, state), stacked over `seeds`: they depend on (model, seed) alone."""
        drawn = {}
        for seed in dict.fromkeys(seeds):  # one after the other: one program serves any number
            key = jax_key(self.model_name, seed, purpose)
            drawn[seed] = jax.tree.map(np.asarray, self._draw(key))
        of_seeds = [drawn[seed] for seed in seeds]
        return jax.tree.map(lambda *leaves: np.stack(leaves), *of_seeds)

    @cached_property
    def _draw(self):
        """The model's `init`, compiled once however often it is asked for."""
        return jax.jit(self.model.init, compiler_options=DRAWING)

    def order_generators(self, cells: list[Cell], stage: str) -> list[np.random.Generator]:
        """One random generator per cell, for the order of its minibatches in a stage."""
        names = self.dataset.name, self.model_name, base(self.corruption), stage
        return [generator(*names, f"{cell.alpha:.4f}", cell.seed, "order") for cell in cells]


def stack(arrays) -> np.ndarray:
    """Per-cell arrays along a new first axis, the replica axis."""
    return np.stack(list(arrays))


def replicate(
    cells: list[Cell], variables: tuple, which: np.ndarray
) -> tuple[list[Cell], tuple[dict, dict]]:
    """Cells and their stacked variables, repeated or reordered as `which` says."""
    many = [cells[i] for i in which]
    return many, jax.tree.map(lambda array: np.asarray(array)[which], variables)
