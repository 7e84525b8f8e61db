"""What rules and studies ask of a checked configuration: a dataset, a model, a method or a study by its name."""

from __future__ import annotations

from functools import cached_property

from qunlearn.config.blocks import Block, changed, for_dataset, read_block
from qunlearn.config.options import Options
from qunlearn.config.settings import TraceOptions, TrainingSchedule, UnlearningSchedule
from qunlearn.config.words import nearest
from qunlearn.grid.grid import Grid
from qunlearn.grid.names import base
from qunlearn.parts import registry
from qunlearn.parts.corruptions import Corruption
from qunlearn.parts.datasets import Source
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.models import Model, declared
from qunlearn.runtime.errors import UserError
from qunlearn.studies.study import Study

#: Data that a configuration describes by a file are built by this source.
FILE = "file"
#: What stands for the schedule of a model that is fitted in one call.
ONE_CALL = {"epochs": 1, "batch": 0, "learning_rate": 0.0}
#: Keys of a training schedule that unlearning follows, too.
SHARED = ("set_aside",)
#: Training and validation samples of data that do not tell how many they have.
SUPPOSED = (1000, 1000)
#: Those that say how training meets poison, which a method that trains on clean samples leaves out.
AGAINST_POISON = ("label_smoothing", "gce", "early_stopping", "keep_adam")


class Plan:
    """A checked configuration (`config`), its `grid`, and what its names stand for."""

    def __init__(self, config: dict):
        self.config = config
        self._studies: dict[str, Study] = {}
        self._cells: dict[tuple[str, str], tuple] = {}
        self._counts: dict[str, tuple[int, int]] = {}
        self._sources: dict[str, Source] = {}
        self._models: dict[tuple[str, str], Model] = {}

    @cached_property
    def grid(self) -> Grid:
        sweeps, more_seeds = [], []
        for name in registry.known("study"):
            try:
                study = self.study(name)
            except UserError:
                continue  # said when that study is asked for
            sweeps.append(study.sweep())
            more_seeds.append(study.more_seeds())
        return Grid(self.config, self.operations, sweeps, more_seeds)

    # -- data --------------------------------------------------------------------------------------------------------
    def source_kind(self, dataset: str) -> type[Source]:
        """The source that a dataset's block describes. Raises UserError for an unknown name."""
        name, blocks = base(dataset), self.config["data"]
        if name not in blocks:
            raise UserError(
                f"no dataset '{name}'{nearest(name, blocks)} (allowed: {', '.join(blocks)})"
            )
        if FILE in blocks[name]:
            return registry.find("dataset", FILE)
        return registry.find("dataset", name)

    def is_own_data(self, dataset: str) -> bool:
        """Whether a dataset is a user's: from a file, or from a source of their own."""
        kind = self.source_kind(dataset)
        return kind.name() == FILE or is_own(kind)

    def data_options(self, dataset: str) -> dict:
        """Options of a dataset, with the changes that its name asks for."""
        kind = self.source_kind(dataset)
        [options] = changed(dataset, [Block("", kind, self.config["data"][base(dataset)])])
        return options

    def source(self, dataset: str) -> Source:
        if dataset not in self._sources:
            kind = self.source_kind(dataset)
            self._sources[dataset] = kind(**self.data_options(dataset))
        return self._sources[dataset]

    # -- models ------------------------------------------------------------------------------------------------------
    def block(self, model: str) -> dict:
        """The block of an architecture, as the configuration has it. Raises UserError for an unknown name."""
        name, blocks = base(model), self.config["architectures"]
        if name not in blocks:
            raise UserError(
                f"no architecture '{name}'{nearest(name, blocks)} (allowed: {', '.join(blocks)})"
            )
        return blocks[name]

    def family(self, model: str) -> type[Model]:
        return registry.find("model", self.block(model)["family"])

    def _resolved(self, dataset: str, model: str) -> tuple[dict, dict, dict | None, dict]:
        """Architecture, training and unlearning schedule, with the changes that the model's name asks for."""
        if (dataset, model) not in self._cells:
            self._cells[dataset, model] = self._resolve(dataset, model)
        return self._cells[dataset, model]

    def _resolve(self, dataset: str, model: str) -> tuple[dict, dict, dict | None, dict]:
        family, block = self.family(model), self.block(model)
        options = {key: value for key, value in block.items() if key != "family"}
        options, absent = for_dataset(family, options, dataset)
        if absent:
            raise UserError(
                f"architectures.{base(model)}.{absent[0]}: no {absent[0]} for the dataset '{base(dataset)}'"
            )
        blocks = [
            Block("", family, options),
            Block("landscape.", TraceOptions, self._trace_options()),
        ]
        steps = {"epochs": self.config["unlearning"]["steps"]}
        if family.fitted:
            options, traces = changed(model, blocks)
            return {"family": block["family"], **options}, dict(ONE_CALL), ONE_CALL | steps, traces
        training = self._schedule("training", dataset, model)
        unlearning = self._schedule("unlearning.training", dataset, model)
        blocks += [Block("", TrainingSchedule, training)]
        if unlearning is not None:
            blocks += [Block("unlearning.", UnlearningSchedule, unlearning)]
        options, traces, training, *rest = changed(model, blocks)
        shared = {key: training[key] for key in SHARED if training.get(key)}
        unlearning = {**steps, **counted(rest[0]), **shared} if rest else None
        return {"family": block["family"], **options}, counted(training), unlearning, traces

    def _trace_options(self) -> dict:
        """What the section `landscape` says of every model's curvature."""
        section = self.config["landscape"]
        return {key: section[key] for key in TraceOptions.model_fields if key in section}

    def _schedule(self, section: str, dataset: str, model: str) -> dict | None:
        """Values for a model on a dataset: of its name, else of its family; where dataset or family are a user's own,
        else what the family says itself. None for unlearning where there are none."""
        family = self.family(model)
        table = self.config["training"]
        if section != "training":
            table = self.config["unlearning"]["training"]
        entries = table.get(base(dataset), {})
        entry = entries.get(base(model)) or entries.get(family.name())
        if entry:
            return entry
        if is_own(family) or self.is_own_data(dataset):
            return family.schedule if section == "training" else family.unlearning_schedule
        if section != "training":
            return None
        raise UserError(
            f"training.{base(dataset)}: no values for '{base(model)}' nor for its family '{family.name()}'"
        )

    def architecture(self, dataset: str, model: str) -> dict:
        """The architecture's block, with the values for this dataset."""
        return self._resolved(dataset, model)[0]

    def model(self, dataset: str, model: str) -> Model:
        if (dataset, model) not in self._models:
            self._models[dataset, model] = declared(self.architecture(dataset, model))
        return self._models[dataset, model]

    def training_schedule(self, dataset: str, model: str) -> dict:
        """epochs, batch (0: full) and learning_rate for training, and what else is given."""
        return self._resolved(dataset, model)[1]

    def trace_options(self, dataset: str, model: str) -> dict:
        """What of a model's curvature is computed: `samples` and `trace`."""
        return TraceOptions(**self._resolved(dataset, model)[3]).model_dump()

    def unlearning_schedule(self, dataset: str, model: str) -> dict:
        """As `training_schedule`, for unlearning: as many epochs as unlearning steps."""
        schedule = self._resolved(dataset, model)[2]
        if schedule is None:
            raise UserError(
                f"unlearning.training.{base(dataset)}: no values for '{base(model)}' nor for its family "
                f"'{self.family(model).name()}'"
            )
        return schedule

    def method_schedule(self, dataset: str, model: str, method: str) -> dict:
        """The schedule that a method runs on: `unlearning_schedule`, or that of training but for what is there because
        of poison."""
        if registry.find("method", base(method)).schedule == "unlearning":
            return self.unlearning_schedule(dataset, model)
        training = self.training_schedule(dataset, model)
        return {key: value for key, value in training.items() if key not in AGAINST_POISON}

    def problems(self, dataset: str, model: str, stage: str = "training") -> list[str]:
        """What keeps a model from being trained (or, at the stage 'unlearning', unlearned) on a dataset."""
        try:
            source = self.source(dataset)
            part = self.model(dataset, model)
            if stage == "unlearning":
                self.unlearning_schedule(dataset, model)
        except UserError as error:
            return str(error).splitlines()
        found = [f"architectures.{base(model)}.{line}" for line in part.problems(source, dataset)]
        name = base(dataset)
        return [f"data.{name}.{line}" for line in source.problems()] + found

    # -- what jobs cost ----------------------------------------------------------------------------------------------
    def counts(self, dataset: str) -> tuple[int, int]:
        """Training and validation samples, or a guess for data that do not tell."""
        if dataset not in self._counts:
            self._counts[dataset] = self.source(dataset).sample_counts() or SUPPOSED
        return self._counts[dataset]

    def has_twins(self, corruption: str) -> bool:
        """Whether corrupted samples have features of their own; of a user's corruption nothing is known."""
        part = registry.find("corruption", base(corruption))
        return bool(part.twin_features) or is_own(part)

    def pass_operations(self, dataset: str, model: str, corruption: str) -> float:
        """Rough number of operations of a pass over all samples."""
        source = self.source(dataset)
        part = self.model(dataset, model)
        share = 1.0 if self.has_twins(corruption) else part.share_of_clean(source)
        return sum(self.counts(dataset)) * part.cost(source) * share

    def operations(self, dataset: str, model: str, corruption: str) -> float:
        """Rough number of operations of training one cell."""
        epochs = self.training_schedule(dataset, model)["epochs"]
        return epochs * self.pass_operations(dataset, model, corruption)

    def cost(self, dataset: str, model: str, corruption: str) -> int:
        """The same in thousands, so that the longest jobs start first."""
        return int(self.operations(dataset, model, corruption) / 1000)

    # -- corruptions -------------------------------------------------------------------------------------------------
    def corruption_options(self, name: str) -> dict:
        """Options of a corruption, with the changes that its name asks for."""
        part = registry.find("corruption", base(name))
        values = self.config.get("poisoning", {}).get(base(name)) or {}
        [options] = changed(name, [Block("", part, values)])
        return options

    def corruption(self, name: str) -> Corruption:
        return registry.find("corruption", base(name))(**self.corruption_options(name))

    def poison_problems(self, dataset: str, corruption: str) -> list[str]:
        """What keeps a corruption from the samples of a dataset, a line each."""
        try:
            source, part = self.source(dataset), self.corruption(corruption)
        except UserError as error:
            return str(error).splitlines()
        misfit = part.misfit(source, dataset)
        lines = [misfit] if misfit else part.problems(source, dataset)
        return [f"{corruption}: {line}" for line in lines]

    # -- methods -----------------------------------------------------------------------------------------------------
    def method_options(self, method: str) -> dict:
        """Weights of the method's loss, with the changes that its name asks for."""
        part = registry.find("method", base(method))
        values = self.config["unlearning"].get(base(method)) or {}
        [options] = changed(method, [Block("", part, values)])
        return options

    def method(self, method: str) -> UnlearningMethod:
        return registry.find("method", base(method))(**self.method_options(method))

    def method_runs(self, dataset: str, model: str, methods: list[str]) -> dict[str, tuple]:
        """Method -> its options and its schedule, for a job that unlearns by several."""
        return {
            name: (self.method_options(name), self.method_schedule(dataset, model, name))
            for name in methods
        }

    def require_method(self, dataset: str, model: str, method: str) -> None:
        """Raises UserError where a model cannot follow a method."""
        for problem in self.method(method).problems(self.model(dataset, model)):
            raise UserError(problem)

    def start_seed(self) -> int | None:
        """The seed whose poisoned models all seeds unlearn; None where each unlearns its own."""
        shared = self.config["unlearning"].get("shared_start", False)
        return self.grid.seeds[0] if shared else None

    # -- studies -----------------------------------------------------------------------------------------------------
    def section(self, kind: type[Study]) -> tuple[dict, tuple]:
        """What the configuration has for a study, and where: of a section that it shares, its own keys."""
        node, path = self.config, tuple(kind.where().split("."))
        for key in path:
            node = node.get(key) if isinstance(node, dict) else None
        if node is None and kind.optional():
            node = {}
        if isinstance(node, dict) and is_shared(kind):
            node = {key: value for key, value in node.items() if key in kind.model_fields}
        return node, path

    def study(self, name: str) -> Study:
        """The study with its options. Raises UserError, a line per problem."""
        if name not in self._studies:
            kind = registry.find("study", name)
            values, path = self.section(kind)
            block, wrong = read_block(kind, values, path)
            if wrong:
                raise UserError("\n".join(wrong))
            self._studies[name] = kind(**block)
        return self._studies[name]

    # -- words and colours -------------------------------------------------------------------------------------------
    def looks(self) -> dict:
        """What figures call things, and in which colour they draw them: arguments of `plots.looks.Looks`."""
        datasets = {name: self._dataset_words(name) for name in self.config["data"]}
        corruptions = {n: part.words() for n, part in registry.known("corruption").items()}
        methods = {
            name: {"label": part.words(), "colour": part.colour, "line": part.line}
            for name, part in registry.known("method").items()
        }
        return {
            "datasets": datasets,
            "corruptions": corruptions,
            "methods": methods,
            "models": self._model_looks(),
        }

    def _dataset_words(self, name: str) -> str:
        kind = self.source_kind(name)
        return self.source(name).words_for() if kind.name() == FILE else kind.words()

    def _model_looks(self) -> dict[str, dict]:
        """Of every architecture its label, its title (what it is) and its colour, empty where it has none."""
        found, used = {}, {}
        for name, block in self.config["architectures"].items():
            family = registry.find("model", block["family"])
            label = family.words() if name == family.name() else name
            place = used.get(family, 0)
            used[family] = place + 1
            colour = family.colours[place] if place < len(family.colours) else ""
            part = declared(any_dataset(family, block))
            found[name] = {"label": label, "title": part.title() or label, "colour": colour}
        return found


def by_dataset_keys(family: type[Options]) -> list[str]:
    """Options that may have a value of their own for each dataset."""
    _, keys = for_dataset(family, {key: {} for key in family.model_fields}, "")
    return keys


def any_dataset(family: type[Options], block: dict) -> dict:
    """An architecture's block in which options that differ by dataset have one of their values."""
    options = dict(block)
    for key in by_dataset_keys(family):
        if isinstance(options.get(key), dict):
            options[key] = next(iter(options[key].values()))
    return options


def counted(schedule: dict) -> dict:
    """The schedule with the word for a full batch as 0."""
    return {**schedule, "batch": 0 if schedule["batch"] == "full" else schedule["batch"]}


def is_own(part: type) -> bool:
    """Whether a part is a user's."""
    return not part.__module__.startswith("qunlearn.")


def is_shared(kind: type[Study]) -> bool:
    """Whether other studies have sections inside this study's."""
    inside = kind.where() + "."
    return any(other.where().startswith(inside) for other in registry.known("study").values())
