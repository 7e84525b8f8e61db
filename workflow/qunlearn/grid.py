"""The grid of the study: which (alpha, seed) cells one job computes, and where each result lies.

Standard library and PyYAML only: the Snakefile imports this module before any job starts.
A *block* is the tuple of alphas (or seeds) that one job computes together, written in a path as one value
(`alpha0.30`, `seed2`) or as a range (`alpha0.00-0.90`, `seed0-4`): every grid value between the two ends.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import NamedTuple

from .errors import UserError
from .variants import base, spell

ALPHAS_PATTERN = r"0\.\d{2,4}(-0\.\d{2,4})?"
SEEDS_PATTERN = r"\d+(-\d+)?"
TABLES = ("resilience", "unlearning", "landscape")
SCANNED = ("gradient_ascent", "scrub")  # methods with weights to scan


def format_alpha(alpha: float) -> str:
    """0.3 -> '0.30'; four decimals at most, two at least."""
    whole, decimals = f"{alpha:.4f}".split(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def format_block(values: tuple, form=str) -> str:
    """(0, 1, 2) -> '0-2'; (3,) -> '3'."""
    return form(values[0]) if len(values) == 1 else f"{form(values[0])}-{form(values[-1])}"


def parse_block(name: str, grids: list[tuple], convert) -> tuple:
    """The values that `name` stands for: one value, or all values of the first grid that holds both ends.

    Raises UserError when no grid holds the ends of a range.
    """
    first, *rest = (convert(part) for part in name.split("-"))
    if not rest:
        return (first,)
    for grid in grids:
        if first in grid and rest[0] in grid and first < rest[0]:
            return tuple(value for value in sorted(grid) if first <= value <= rest[0])
    known = "; ".join(", ".join(str(value) for value in grid) for grid in grids)
    raise UserError(f"no block '{name}' on this grid: both ends of a range must be on it ({known})")


def chunk(values, size: int) -> list[tuple]:
    """Consecutive blocks of at most `size` sorted values."""
    values = sorted(values)
    return [tuple(values[i : i + size]) for i in range(0, len(values), size)]


class Runs(NamedTuple):
    """What of a control, or of its base, was computed; `method` is empty where nothing was unlearned."""

    dataset: str
    model: str
    corruption: str
    method: str


class Control(NamedTuple):
    """One control on one dataset with one model, and the `base` it is compared with, seed by seed. `against` is the
    abscissa of its panel: alpha, updates or step."""

    name: str
    panel: str
    against: str
    run: Runs
    base: Runs


class Grid:
    """Blocks and paths for one validated configuration."""

    def __init__(self, config: dict):
        self.config = config
        self.root = PurePosixPath(config["paths"]["results"])
        self.alphas = tuple(sorted(config["alphas"]))
        self.seeds = tuple(sorted(config["seeds"]))
        self.landscape_alphas = tuple(sorted({0.0, *config["landscape"]["alphas"]}))
        self.unlearning_alphas = tuple(sorted(config["unlearning"]["alphas"]))
        self.capacity_alphas = tuple(a for a in self.alphas if a <= config["supplement"]["capacity"]["max_alpha"])
        controls = config["controls"]
        self.control_alphas = tuple(
            sorted({controls["alpha"], *(a for a in self.alphas if a <= controls["max_alpha"])})
        )
        needed = {*self.landscape_alphas, *self.unlearning_alphas}
        self.extra_alphas = tuple(sorted(needed - set(self.alphas)))
        fine = config["beyond"]["scaling"]["alphas"]
        self.fine_alphas = tuple(sorted({*fine} - {*self.alphas, *self.extra_alphas}))
        self.scaling_alphas = tuple(sorted({*fine, *self.alphas}))

    # -- blocks ---------------------------------------------------------------------------------------------------
    def train_blocks(self, needed=None) -> list[tuple]:
        """Alpha blocks of training jobs; with `needed`, only those that hold one of these alphas."""
        size = self.config["alphas_per_job"]
        blocks = chunk(self.alphas, size) + chunk(self.extra_alphas, size)
        return [b for b in blocks if set(b) & set(self.alphas if needed is None else needed)]

    def landscape_blocks(self) -> list[tuple]:
        return chunk(self.landscape_alphas, self.config["alphas_per_job"])

    def supplement_alphas(self, stage: str) -> tuple:
        """Alphas of a landscape analysis of the supplement ('spectrum', 'curvature' or 'slices'): 0 and those set."""
        return tuple(sorted({0.0, *self.config["supplement"][stage]["alphas"]}))

    def seed_blocks(self, needed=None) -> list[tuple]:
        blocks = chunk(self.seeds, self.config["seeds_per_job"])
        return [b for b in blocks if needed is None or set(b) & set(needed)]

    def parse_alphas(self, name: str, stage: str = "train") -> tuple:
        if stage == "train":
            grids = [self.alphas, self.extra_alphas, self.fine_alphas]
        else:
            grids = [self.landscape_alphas if stage == "landscape" else self.supplement_alphas(stage)]
        return parse_block(name, grids, float)

    def parse_seeds(self, name: str) -> tuple:
        return parse_block(name, [self.seeds], int)

    # -- what runs ------------------------------------------------------------------------------------------------
    def stage_models(self, stage: str) -> list[str]:
        """Architectures that a stage ('unlearning' or 'landscape') runs: each model, or what replaces it there."""
        replace = self.config[stage]["architectures"]
        names = [name for model in self.config["models"] for name in replace.get(model, [model])]
        return list(dict.fromkeys(names))

    # -- paths ----------------------------------------------------------------------------------------------------
    def data(self, dataset: str) -> str:
        return str(self.root / "data" / f"{dataset}.h5")

    def _cells(self, stage, dataset, model, corruption, alphas, seeds, *more) -> str:
        folder = self.root / stage / dataset / model / corruption / f"alpha{format_block(alphas, format_alpha)}"
        return str(folder.joinpath(*more) / f"seed{format_block(seeds)}.h5")

    def train(self, dataset, model, corruption, alphas, seeds) -> str:
        return self._cells("train", dataset, model, corruption, alphas, seeds)

    def unlearn(self, dataset, model, corruption, alpha, method, seeds) -> str:
        return self._cells("unlearn", dataset, model, corruption, (alpha,), seeds, method)

    def scan(self, dataset, model, corruption, alpha, method, seeds) -> str:
        return self._cells("scan", dataset, model, corruption, (alpha,), seeds, method)

    def cost(self, dataset, model, corruption, alpha) -> str:
        return str(self.root / "cost" / dataset / model / corruption / f"alpha{format_alpha(alpha)}.json")

    def audit(self, dataset, model, corruption, alpha, seeds) -> str:
        return self._cells("audit", dataset, model, corruption, (alpha,), seeds)

    def landscape(self, dataset, model, corruption, alphas, seeds) -> str:
        return self._cells("landscape", dataset, model, corruption, alphas, seeds)

    def table(self, name: str) -> str:
        return str(self.root / "tables" / f"{name}.csv")

    def figure(self, name: str, kind: str = "pdf") -> str:
        return str(self.root / "figs" / f"{name}.{kind}")

    def claims(self, kind: str) -> str:
        return str(self.root / f"claims.{kind}")

    # -- what depends on what -------------------------------------------------------------------------------------
    def trained(self, dataset, model, corruption, alphas, seeds) -> list[str]:
        """Training files that hold the given cells: those of the whole study, or for a name with changes those of
        `trained_alone`."""
        if "~" in dataset + model:
            return self.trained_alone(dataset, model, corruption, alphas, seeds)
        known = {*self.alphas, *self.extra_alphas}
        blocks = self.train_blocks(alphas) + [(a,) for a in alphas if a not in known]
        groups = self.seed_blocks(seeds) + [(s,) for s in seeds if s not in self.seeds]
        return [self.train(dataset, model, corruption, b, g) for b in blocks for g in groups]

    def trained_alone(self, dataset, model, corruption, alphas, seeds) -> list[str]:
        """Training files of the given cells and, where alphas are left out between them, of those between."""
        on_grid = [a for a in alphas if a in self.alphas]
        blocks = chunk(on_grid, self.config["alphas_per_job"]) + [(a,) for a in alphas if a not in on_grid]
        groups = self.seed_blocks(seeds) + [(s,) for s in seeds if s not in self.seeds]
        return [self.train(dataset, model, corruption, b, g) for b in blocks for g in groups]

    def controls(self) -> list[Control]:
        """Every control on every dataset of the study that it is for, with each of its models."""
        found = []
        for run in self.config["controls"]["runs"]:
            method = run.get("method", "")
            against = "step" if method else run.get("against", "alpha")
            for dataset in run.get("datasets", self.config["datasets"]):
                for model in run["models"]:
                    changed = Runs(dataset, model, run.get("corruption", "label_flipping"), method)
                    origin = Runs(base(dataset), run.get("base_model", base(model)), "label_flipping",
                                  run.get("base_method", method))  # fmt: skip
                    if origin.dataset in self.config["datasets"]:
                        found.append(Control(run["name"], run["panel"], against, changed, origin))
        return found

    def control_files(self, against: str) -> list[str]:
        """Training files of the controls drawn against 'alpha' or 'updates' and of their bases; against 'step' their
        unlearning files."""
        whole, one = self.control_alphas, (self.config["controls"]["alpha"],)
        paths = []
        for control in self.controls():
            if control.against != against:
                continue
            if control.against == "step":
                paths += [
                    p for r in (control.run, control.base) for p in self.unlearned([(*r[:3], one[0])], [r.method])
                ]
            else:
                alphas = whole if control.against == "alpha" else one
                paths += self.trained_alone(*control.run[:3], alphas, self.seeds)
                paths += self.trained(*control.base[:3], alphas, self.seeds)
        return list(dict.fromkeys(paths))

    def scaling(self, dataset, model) -> list[str]:
        """Training files of a model of Fig. X "scaling": the study's alphas, and those of the finer grid."""
        shared = [a for a in self.scaling_alphas if a not in self.fine_alphas]
        return self.trained(dataset, model, "label_flipping", shared, self.seeds) + [
            self.train(dataset, model, "label_flipping", alphas, seeds)
            for alphas in chunk(self.fine_alphas, self.config["alphas_per_job"])
            for seeds in self.seed_blocks()
        ]

    def all_trained(self, models=None) -> list[str]:
        """Training files of all alphas and seeds, of the study's models or of those given."""
        c = self.config
        return [
            path
            for dataset in c["datasets"]
            for model in models or c["models"]
            for corruption in c["corruptions"]
            for path in self.trained(dataset, model, corruption, self.alphas, self.seeds)
        ]

    def all_capacity(self) -> list[str]:
        """Training files of the capacity study, under label flipping. What is trained at every alpha for other stages
        is taken from there; all others are trained at this study's alphas alone."""
        c, study = self.config, self.config["supplement"]["capacity"]
        stages = [name for stage in ("unlearning", "landscape") for name in self.stage_models(stage)]
        whole = {*c["models"], *c["supplement"]["models"], *stages}
        blocks = chunk(self.capacity_alphas, c["alphas_per_job"])
        return [
            self.train(dataset, model, "label_flipping", alphas, seeds)
            for dataset in c["datasets"]
            for model in study["models"]
            for alphas in (self.train_blocks(self.capacity_alphas) if model in whole else blocks)
            for seeds in self.seed_blocks()
        ]

    def unlearning_cases(self, alphas=None) -> list[tuple]:
        """(dataset, model, corruption, alpha) that the study unlearns, at its own alphas or at those given."""
        c = self.config
        return [
            (dataset, model, corruption, alpha)
            for dataset in c["datasets"]
            for model in self.stage_models("unlearning")
            for corruption in c["unlearning"]["corruptions"]
            for alpha in alphas or self.unlearning_alphas
        ]

    def forgetting_extras(self) -> list[tuple]:
        """(dataset, corruption, alpha) that Fig. S "forgetting" adds, where the study has the dataset."""
        cases = self.config["supplement"]["forgetting"]["extras"]
        cases = [(case["dataset"], case["corruption"], case["alpha"]) for case in cases]
        return [case for case in cases if case[0] in self.config["datasets"]]

    def forgetting_cases(self) -> list[tuple]:
        """As `unlearning_cases`, all that Fig. S "forgetting" shows; its extras of the study's own models only."""
        alphas = sorted({*self.unlearning_alphas, *self.config["supplement"]["forgetting"]["alphas"]})
        extras = [(d, model, c, alpha) for d, c, alpha in self.forgetting_extras() for model in self.config["models"]]
        return list(dict.fromkeys([*self.unlearning_cases(alphas), *extras]))

    def scan_cases(self) -> list[tuple]:
        """As `unlearning_cases`, all whose weights are scanned."""
        scan = self.config["supplement"]["scan"]
        names = self.stage_models("unlearning")
        return [(d, model, scan["corruption"], scan["alpha"]) for d in self.config["datasets"] for model in names]

    def unlearned(self, cases: list[tuple], methods: list[str]) -> list[str]:
        """Unlearning files of all seeds."""
        return [
            self.unlearn(*case, method, seeds) for case in cases for method in methods for seeds in self.seed_blocks()
        ]

    def all_unlearned(self) -> list[str]:
        return self.unlearned(self.unlearning_cases(), self.config["methods"])

    def all_scans(self) -> list[str]:
        blocks = self.seed_blocks()
        return [self.scan(*case, method, seeds) for case in self.scan_cases() for method in SCANNED for seeds in blocks]

    def all_audits(self) -> list[str]:
        return [self.audit(*case, seeds) for case in self.unlearning_cases() for seeds in self.seed_blocks()]

    def all_landscapes(self) -> list[str]:
        c = self.config
        return [
            self.landscape(dataset, model, corruption, alphas, seeds)
            for dataset in c["datasets"]
            for model in self.stage_models("landscape")
            for corruption in c["landscape"]["corruptions"]
            for alphas in self.landscape_blocks()
            for seeds in self.seed_blocks()
        ]

    def all_surfaces(self) -> list[str]:
        """Training files of the clean and the first poisoned models that unlearning starts from, of the first seed."""
        c = self.config
        return [
            path
            for dataset in c["datasets"]
            for model in c["models"]
            for path in self.trained(
                dataset, model, c["unlearning"]["corruptions"][0], (0.0, self.unlearning_alphas[0]), self.seeds[:1]
            )
        ]

    def all_supplement_landscapes(self, stage: str) -> list[str]:
        """Files of a landscape analysis of the supplement, of the models and corruptions of the stage 'landscape'."""
        c = self.config
        return [
            self._cells(stage, dataset, model, corruption, alphas, seeds)
            for dataset in c["datasets"]
            for model in self.stage_models("landscape")
            for corruption in c["landscape"]["corruptions"]
            for alphas in chunk(self.supplement_alphas(stage), c["alphas_per_job"])
            for seeds in self.seed_blocks()
        ]

    def noise_models(self) -> list[str]:
        """The QNN of Fig. X "noise" at every strength of either noise, with exact expectation values and with shots."""
        study = self.config["beyond"]["noise"]
        noises = [{knob: value} for knob in ("depolarizing", "readout_error") for value in study[knob]]
        readings = ({}, {"shots": study["shots"]})
        return [spell(study["model"], noise | reading) for reading in readings for noise in ({}, *noises)]

    def shots_models(self) -> list[str]:
        """The QNN of Fig. X "shots": exact, then with every number of shots."""
        study = self.config["beyond"]["shots"]
        return [study["model"], *(spell(study["model"], {"shots": shots}) for shots in sorted(study["shots"]))]

    def label_flipped(self, models: list[str]) -> list[str]:
        """Training files of these models under label flipping, at all alphas and seeds."""
        return [
            path
            for dataset in self.config["datasets"]
            for model in models
            for path in self.trained(dataset, model, "label_flipping", self.alphas, self.seeds)
        ]
