"""The grid of the study: which (alpha, seed) cells one job computes, and where each result lies.

The grid knows the stages of the pipeline (data, train, unlearn, landscape) and no study; studies ask it for files.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import PurePosixPath

from qunlearn.grid.blocks import (
    chunk,
    format_alpha,
    format_block,
    parse_alpha,
    parse_block,
    parse_seed,
    without_doubles,
)
from qunlearn.grid.names import base

#: Operations of training (`Plan.operations`) that one job has at most, where blocks are sized by cost and a single
#: alpha does not have more: some 20 seconds of one core.
LONGEST = 4e11


def _by_model(runs: dict[str, int]) -> dict[tuple[str, str], dict[str, int]]:
    """'dataset/model/corruption' -> number of seeds, as (dataset, model) -> corruption -> number."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for run, count in runs.items():
        dataset, model, corruption = run.split("/")
        found.setdefault((dataset, model), {})[corruption] = count
    return found


class Grid:
    """Blocks and paths for one checked configuration. `operations(dataset, model, corruption)`: of training one cell;
    `sweeps`: alphas at which studies train beside the others; `more_seeds`: seeds of which they train models beside the
    others."""

    def __init__(
        self,
        config: dict,
        operations: Callable[[str, str, str], float],
        sweeps: list[list[float]] = (),
        more_seeds: list[list[int]] = (),
    ):
        self.config = config
        self.operations = operations
        self.root = PurePosixPath(config["paths"]["results"])
        self.alphas = tuple(sorted(config["alphas"]))
        self.seeds = tuple(sorted(config["seeds"]))
        unlimited = {"changed": None, "others": None, "models": {}, "runs": {}}
        self.fewer = unlimited | (config["fewer_seeds"] or {})
        self.named_runs = _by_model(self.fewer["runs"])
        self.landscape_alphas = tuple(sorted({0.0, *config["landscape"]["alphas"]}))
        self.unlearning_alphas = tuple(sorted(config["unlearning"]["alphas"]))
        needed = {*self.landscape_alphas, *self.unlearning_alphas}
        self.extra_alphas = tuple(sorted(needed - set(self.alphas)))
        self.sweeps = [self.off_grid(sweep) for sweep in sweeps]
        self.more_seeds = [self.other_seeds(seeds) for seeds in more_seeds]

    def off_grid(self, alphas) -> tuple:
        """Those that neither the study's alphas nor its other stages have, sorted."""
        return tuple(sorted(set(alphas) - {*self.alphas, *self.extra_alphas}))

    def other_seeds(self, seeds) -> tuple:
        """Those that are not the study's, sorted."""
        return tuple(sorted(set(seeds) - set(self.seeds)))

    # -- blocks ---------------------------------------------------------------------------------------------------
    def train_blocks(self, dataset: str, model: str, corruption: str, alphas) -> list[tuple]:
        """Blocks of these alphas of jobs that train a model, as many as keep a job from being long."""
        size, count = self.config["alphas_per_job"], max(1, len(alphas))
        if size == "auto":
            seeds = min(self.config["seeds_per_job"], len(self.seeds_of(dataset, model)))
            operations = seeds * self.operations(dataset, model, corruption)
            most = max(1, math.floor(LONGEST / operations))
            size = math.ceil(count / math.ceil(count / most))  # of about equal length
        return chunk(alphas, size)

    def alpha_blocks(self, alphas) -> list[tuple]:
        """Blocks of these alphas of jobs that analyse trained models."""
        size = self.config["alphas_per_job"]
        return chunk(alphas, max(1, len(alphas)) if size == "auto" else size)

    def seeds_of(self, dataset: str, model: str, corruption: str | None = None) -> tuple:
        """Seeds of a model on a dataset under a corruption, or the most of any: all, or of what is
        costly the first few (`fewer_seeds`)."""
        usual = self._usual_limit(dataset, model)
        named = self.named_runs.get((dataset, model), {})
        if corruption:
            return self.seeds[: named.get(corruption, usual)]
        return self.seeds[: max(usual, *named.values(), 0)]

    def _usual_limit(self, dataset: str, model: str) -> int:
        """Number of seeds of what `fewer_seeds.runs` does not name."""
        entries = self.fewer["models"].get(base(dataset), {})
        family = self.config["architectures"].get(base(model), {}).get("family")
        own = entries.get(base(model), entries.get(family))
        limits = [len(self.seeds), own or self.fewer["others"]]
        if "~" in dataset + model:
            limits.append(self.fewer["changed"])
        return min(limit for limit in limits if limit)

    def common_seeds(self, runs) -> tuple:
        """Seeds that all of these (dataset, model) have."""
        return min((self.seeds_of(*run) for run in runs), key=len)

    def seed_blocks(self, dataset: str, model: str, needed=None, first=None) -> list[tuple]:
        """Seed blocks of the jobs of a model on a dataset, of all its seeds or of the `first` so many;
        with `needed`, only those that hold one of these seeds."""
        seeds = self.seeds_of(dataset, model)[:first]
        blocks = chunk(seeds, self.config["seeds_per_job"])
        return [block for block in blocks if needed is None or set(block) & set(needed)]

    def parse_alphas(self, name: str) -> tuple:
        """Alphas of a training path."""
        return parse_block(name, [self.alphas, self.extra_alphas, *self.sweeps], parse_alpha)

    def parse_stage_alphas(self, name: str, alphas) -> tuple:
        """Alphas of the path of a stage that has these."""
        return parse_block(name, [tuple(alphas)], parse_alpha)

    def parse_seeds(self, name: str) -> tuple:
        return parse_block(name, [self.seeds, *self.more_seeds], parse_seed)

    # -- what runs ------------------------------------------------------------------------------------------------
    def stage_models(self, stage: str) -> list[str]:
        """Architectures that a stage ('unlearning' or 'landscape') runs: each model, or what replaces it there."""
        replace = self.config[stage]["architectures"]
        names = []
        for model in self.config["models"]:
            names += replace.get(model, [model])
        return without_doubles(names)

    # -- paths ----------------------------------------------------------------------------------------------------
    def data(self, dataset: str) -> str:
        return str(self.root / "data" / f"{dataset}.h5")

    def all_data(self) -> list[str]:
        return [self.data(name) for name in self.config["datasets"]]

    def cells(self, stage, dataset, model, corruption, alphas, seeds, *more) -> str:
        """Path of a block's file in the folder of a stage, with folders `more` before the file."""
        alpha = f"alpha{format_block(alphas, format_alpha)}"
        folder = self.root / stage / dataset / model / corruption / alpha
        return str(folder.joinpath(*more) / f"seed{format_block(seeds)}.h5")

    def train(self, dataset, model, corruption, alphas, seeds) -> str:
        return self.cells("train", dataset, model, corruption, alphas, seeds)

    def unlearn(self, dataset, model, corruption, alpha, method, seeds) -> str:
        return self.cells("unlearn", dataset, model, corruption, (alpha,), seeds, method)

    def landscape(self, dataset, model, corruption, alphas, seeds) -> str:
        return self.cells("landscape", dataset, model, corruption, alphas, seeds)

    def table(self, name: str) -> str:
        return str(self.root / "tables" / f"{name}.csv")

    def figure(self, name: str, kind: str = "pdf") -> str:
        return str(self.root / "figs" / f"{name}.{kind}")

    # -- what depends on what -------------------------------------------------------------------------------------
    def trained(self, dataset, model, corruption, alphas, seeds) -> list[str]:
        """Training files that hold the given cells: those of the whole study, or for a name with changes those of
        `trained_alone`."""
        if "~" in dataset + model + corruption:
            return self.trained_alone(dataset, model, corruption, alphas, seeds)
        case, wanted = (dataset, model, corruption), set(alphas)
        known = self.train_blocks(*case, self.alphas) + self.train_blocks(*case, self.extra_alphas)
        blocks = [block for block in known if wanted & set(block)]
        others = wanted - {*self.alphas, *self.extra_alphas}
        blocks += [(alpha,) for alpha in alphas if alpha in others]
        return self._trained_in(*case, blocks, seeds)

    def trained_alone(self, dataset, model, corruption, alphas, seeds) -> list[str]:
        """Training files of the given cells and, where alphas are left out between them, of those between."""
        on_grid = [alpha for alpha in alphas if alpha in self.alphas]
        off_grid = [(alpha,) for alpha in alphas if alpha not in on_grid]
        case = dataset, model, corruption
        return self._trained_in(*case, self.train_blocks(*case, on_grid) + off_grid, seeds)

    def _trained_in(self, dataset, model, corruption, blocks, seeds) -> list[str]:
        groups = self._seed_groups(dataset, model, seeds, alone="~" in dataset + model + corruption)
        return [
            self.train(dataset, model, corruption, block, group)
            for block in blocks
            for group in groups
        ]

    def _seed_groups(self, dataset, model, seeds, alone: bool) -> list[tuple]:
        """Blocks that hold these seeds: of the model's own seeds, of others on the grid, and of those
        beside the grid; the first two in one where no stage but one trains it (`alone`)."""
        own, size = self.seeds_of(dataset, model), self.config["seeds_per_job"]
        on_grid = [seed for seed in seeds if seed in self.seeds]
        beyond = [seed for seed in on_grid if seed not in own]
        if alone and beyond:
            blocks = chunk(on_grid, size)
        else:
            blocks = self.seed_blocks(dataset, model, seeds) + chunk(beyond, size)
        return blocks + chunk(self.other_seeds(seeds), size)

    def all_trained(self, models=None) -> list[str]:
        """Training files of all alphas and seeds, of the study's models or of those given."""
        config = self.config
        return [
            path
            for dataset in config["datasets"]
            for model in models or config["models"]
            for corruption in config["corruptions"]
            for path in self.trained(
                dataset, model, corruption, self.alphas, self.seeds_of(dataset, model, corruption)
            )
        ]

    def trained_under(self, corruption: str, models: list[str]) -> list[str]:
        """Training files of these models under one corruption, at all alphas and seeds."""
        return [
            path
            for dataset in self.config["datasets"]
            for model in models
            for path in self.trained(
                dataset, model, corruption, self.alphas, self.seeds_of(dataset, model, corruption)
            )
        ]

    def unlearning_cases(self, alphas=None, models=None) -> list[tuple]:
        """(dataset, model, corruption, alpha) that the study unlearns, of its own alphas and models or of those
        given."""
        config = self.config
        return [
            (dataset, model, corruption, alpha)
            for dataset in config["datasets"]
            for model in models or self.stage_models("unlearning")
            for corruption in config["unlearning"]["corruptions"]
            for alpha in alphas or self.unlearning_alphas
        ]

    def unlearned(self, cases: list[tuple], methods: list[str], seeds=None) -> list[str]:
        """Unlearning files of all seeds of the models, or those that hold the seeds given."""
        return [
            self.unlearn(dataset, model, corruption, alpha, method, block)
            for dataset, model, corruption, alpha in cases
            for method in methods
            for block in self.seed_blocks(dataset, model, seeds)
        ]

    def analysed(self, stage: str, alphas) -> list[str]:
        """Files of an analysis of trained models, of the models and corruptions of the stage 'landscape'."""
        config = self.config
        return [
            self.cells(stage, dataset, model, corruption, block, seeds)
            for dataset in config["datasets"]
            for model in self.stage_models("landscape")
            for corruption in config["landscape"]["corruptions"]
            for block in self.alpha_blocks(alphas)
            for seeds in self.seed_blocks(dataset, model)
        ]
