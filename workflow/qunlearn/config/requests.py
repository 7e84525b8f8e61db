"""What a job asks a cluster for: memory and time, from what it holds and what it computes.

Memory is twice what is held: the process itself, all samples, the models that are computed together, what the stage
adds. Parts say how much that is (`numbers_built` of data, `weights_of` and `numbers_held` of models, `analysis_numbers`
of studies). Both have a least value: most jobs of the study need no more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from qunlearn.config.plan import Plan

#: Asked for over what is thought to be held.
MARGIN = 2
#: Least memory in MiB, with JAX (a GPU's libraries take some, too) and without.
LEAST = {True: 4000, False: 2000}
#: MiB of a process that holds nothing yet, with JAX and its compiler and without.
PROCESS = {True: 800, False: 250}
#: Least minutes; what most jobs take is less than one.
MINUTES = 30
#: Operations a second of one core, as `Model.cost` counts them: a fourth of what was seen for the MLP on XXZ.
SPEED = 1e9
#: Numbers, and seconds, of one file of models among those that a table is made of.
FILE_NUMBERS, FILE_SECONDS = 20_000, 0.1
#: Parameters, gradients, Adam's two means, and half of them once more while groups are joined; in single precision.
COPIES = 4


class Request(NamedTuple):
    """Memory in MiB and time in minutes of a job's first attempt."""

    megabytes: int
    minutes: int


class Sweep(NamedTuple):
    """What jobs have in common that differ in corrupted fractions and seeds."""

    dataset: str
    model: str
    corruption: str


class Requests:
    """Requests of the jobs of a checked configuration; a job is named as in its path."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self._tables: dict[str, Request] = {}

    #: For rules of studies, which import no more of the configuration than they are given.
    sweep = Sweep

    @staticmethod
    def plain(numbers: float = 0, operations: float = 0, *, compiles: bool = True) -> Request:
        """For a job that holds so many real numbers in double precision and makes so many operations; `compiles`: with
        JAX."""
        held = PROCESS[compiles] + 8 * numbers / 2**20
        minutes = MINUTES + operations / SPEED / 60
        return Request(max(LEAST[compiles], math.ceil(MARGIN * held)), math.ceil(minutes))

    @staticmethod
    def one_by_one(requests: Iterable[Request]) -> Request:
        """For jobs one after the other in one process: the most memory, and all of the time."""
        memory, minutes = zip(Requests.plain(), *requests)
        return Request(max(memory), MINUTES + sum(minutes) - MINUTES * len(minutes))

    # -- what is known of a cell -------------------------------------------------------------------------------------
    def samples_of(self, dataset: str) -> float:
        """Numbers of all samples of a dataset."""
        samples = sum(self.plan.counts(dataset))
        return float(samples * (self.plan.source(dataset).real_features() or 0))

    def _shown(self, sweep: Sweep, seeds: int) -> int:
        """Samples that a job holds: all, and where features are corrupted twins of those to train on for each seed."""
        train, validation = self.plan.counts(sweep.dataset)
        return train * (1 + seeds * self.plan.has_twins(sweep.corruption)) + validation

    def weights_of(self, sweep: Sweep) -> float:
        """Rough number of parameters of a model."""
        source = self.plan.source(sweep.dataset)
        share = 1 if self.plan.has_twins(sweep.corruption) else source.in_use
        part = self.plan.model(sweep.dataset, sweep.model)
        inputs = math.ceil(share * (part.inputs(source) or 0))
        return part.weights_of(inputs)

    def _held(self, sweep: Sweep, seeds: int, models: int) -> float:
        """Numbers that a job holds beside the parameters of so many models."""
        source = self.plan.source(sweep.dataset)
        part = self.plan.model(sweep.dataset, sweep.model)
        return part.numbers_held(source, self._shown(sweep, seeds), models)

    def _block(self) -> int:
        """Models of the largest file of trained ones, at most."""
        config = self.plan.config
        alphas = config["alphas_per_job"]
        if alphas == "auto":
            alphas = len(config["alphas"])
        return alphas * config["seeds_per_job"]

    # -- jobs --------------------------------------------------------------------------------------------------------
    def build(self, dataset: str) -> Request:
        """Making or reading a dataset."""
        numbers = self.plan.source(dataset).numbers_built()
        return self.plain(numbers, 1000 * numbers, compiles=False)

    def optimise(
        self,
        sweep: Sweep,
        seeds: int,
        models: int,
        epochs: int,
        copies: int = COPIES,
        stored: int = 0,
    ) -> Request:
        """An optimisation of so many models together, for so many epochs, each held so often, beside others that are
        `stored` in a file that is read."""
        copies *= 2 if self.plan.config["precision"] == "double" else 1
        held = self._held(sweep, seeds, models) + self.weights_of(sweep) * (
            copies * models + stored
        )
        return self.plain(held, epochs * models * self.plan.pass_operations(*sweep))

    def train(self, sweep: Sweep, alphas: int, seeds: int) -> Request:
        epochs = self.plan.training_schedule(sweep.dataset, sweep.model)["epochs"]
        return self.optimise(sweep, seeds, alphas * seeds, epochs)

    def unlearn(
        self, sweep: Sweep, seeds: int, models: int, method: str = "", kept: int = 0
    ) -> Request:
        """Unlearning of so many models together, from those of the seeds: held are also what each starts from, and the
        files that these are read from; a step reads two sets of samples. `method`: where it matters whose schedule;
        `kept`: how many times as many models wait until all are done."""
        schedule = self.plan.unlearning_schedule(sweep.dataset, sweep.model)
        if method:
            schedule = self.plan.method_schedule(sweep.dataset, sweep.model, method)
        epochs = 2 * schedule["epochs"]
        return self.optimise(sweep, seeds, models, epochs, COPIES + 2 + kept, stored=self._block())

    def audit(self, sweep: Sweep, seeds: int, models: int, schedules: Iterable[dict]) -> Request:
        """Retrains, so many models together, by one schedule after the other."""
        return self.one_by_one(
            self.optimise(sweep, seeds, models, schedule["epochs"], COPIES + 2)
            for schedule in schedules
        )

    def analyse(self, study: str, sweep: Sweep, alphas: int, seeds: int) -> Request:
        """A study's analysis of trained models."""
        kind = self.plan.study(study)
        weights = self.weights_of(sweep)
        numbers = kind.analysis_numbers(self.plan, weights)
        return self.inspect(sweep, seeds, alphas * seeds, numbers, kind.analysis_passes(self.plan))

    def inspect(
        self, sweep: Sweep, seeds: int, models: int, numbers: float, passes: float
    ) -> Request:
        """So many passes over all samples for each of the models, one after the other, in double precision, which hold
        so many numbers."""
        held = self._held(sweep, seeds, models=1) + numbers
        held += 2 * self.weights_of(sweep) * (models + self._block())
        return self.plain(held, models * passes * self.plan.pass_operations(*sweep))

    def table(self, study: str) -> Request:
        """A study's tables: data are held all at once, files of models one after the other."""
        if study not in self._tables:
            kind = self.plan.study(study)
            files = [file for paths in kind.needs(self.plan).values() for file in paths]
            self._tables[study] = self._read(files, compiles=bool(kind.precision))
        return self._tables[study]

    def _read(self, files: list[str], compiles: bool) -> Request:
        """Reading these files, of which those of data and models lie as the grid says."""
        root = self.plan.grid.root
        data, models = set(), set()
        for path in map(PurePosixPath, files):
            if not path.is_relative_to(root):
                continue
            stage, *names = path.relative_to(root).parts
            if stage == "data":
                data.add(path.stem)
            elif stage in ("train", "unlearn"):
                models.add(Sweep(*names[:3]))
        numbers = 1.5 * sum(map(self.samples_of, data))
        numbers += self._block() * max((self.weights_of(sweep) for sweep in models), default=0)
        numbers += FILE_NUMBERS * len(files)
        return self.plain(numbers, FILE_SECONDS * SPEED * len(files), compiles=compiles)

    def draw(self, data: bool) -> Request:
        """A figure, from tables and, where it shows samples, from all `data` of the study."""
        datasets = self.plan.config["datasets"] if data else []
        return self.plain(1.5 * sum(map(self.samples_of, datasets)), compiles=False)
