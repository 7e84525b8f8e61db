"""The sections of the configuration that belong to the pipeline; those of parts and studies are declared by these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from qunlearn.config.folders import Folder
from qunlearn.config.options import (
    Alpha,
    Batch,
    CorruptionName,
    Count,
    DatasetName,
    Distinct,
    MethodName,
    ModelName,
    Name,
    Options,
    PoisonedAlpha,
    Positive,
    RunName,
    Seed,
    Several,
    Text,
    number_or,
    option,
)
from qunlearn.parts import registry


class Paths(Options):
    """Where files lie: relative to the working directory, or absolute; `~` and `$VARIABLES` are replaced."""

    results: Folder = option(says="results")
    logs: Folder = option(says="logs of jobs")
    mnist: Folder = option(
        says="MNIST files, packed or not; looked for in $MNIST_DIR first, downloaded into here else"
    )
    compilation_cache: Folder = option(says="compiled programs, reused by later jobs")
    scratch: Folder | None = option(says="temporary files of jobs; null: where $TMPDIR says")


class Statistics(Options):
    """What counts as a failed run."""

    collapsed_margin: Annotated[float, Field(ge=0, le=0.5)] = option(
        says="a clean run within this of the majority class counts as collapsed"
    )


AlphasPerJob = number_or("auto", least=1)
Clip = Annotated[float, Field(gt=0, lt=0.5)]
CLIP_SAYS = (
    "losses see probabilities between this and 1 minus this (Keras: 1e-7); null: as they are"
)


class UnlearningSchedule(Options):
    """How a model is unlearned; as many epochs as steps."""

    batch: Batch = option(says="samples per update, or full")
    learning_rate: Positive = option(says="Adam's learning rate")
    whole_forget: bool = option(
        False,
        says="every update reads the whole forget set, instead of dealing it out over an epoch's",
    )
    epsilon: Positive = option(1e-8, says="Adam's epsilon (Keras: 1e-7)")
    clip: Clip | None = option(None, says=CLIP_SAYS)


class TrainingSchedule(Options):
    """How a model is trained."""

    epochs: Count = option(says="passes over the training set")
    batch: Batch = option(says="samples per update, or full")
    learning_rate: Positive = option(says="Adam's learning rate")
    epsilon: Positive = option(1e-8, says="Adam's epsilon (Keras: 1e-7)")
    clip: Clip | None = option(None, says=CLIP_SAYS)
    stream: Literal["epochs", "shuffled_buffer"] = option(
        "epochs",
        says="minibatches of one epoch after the other, or running across them from a buffer of 128 samples (tf.data)",
    )
    weight_decay: Annotated[float, Field(ge=0)] = option(0.0, says="decoupled weight decay: AdamW")
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = option(
        0.0, says="labels y become (1 - e) y + e/2 with this e"
    )
    gce: Annotated[float, Field(gt=0, le=1)] | None = option(
        None, says="generalised cross-entropy with this q instead of the cross-entropy"
    )
    early_stopping: Annotated[float, Field(gt=0, lt=1)] | None = option(
        None,
        says="fraction of the poisoned training set held out; the epoch of lowest loss on it counts",
    )
    set_aside: Annotated[float, Field(ge=0, le=0.5)] = option(
        0.0,
        says="fraction of the training set that neither training nor unlearning reads, poisoned samples in proportion; "
        "unlearning records accuracy on its clean part",
    )
    keep_adam: bool = option(
        False,
        says="unlearning goes on with Adam's memory of the training instead of starting it anew",
    )
    record: Count = option(1, says="epochs between two points of the learning curve")


Replacements = dict[ModelName, Distinct[ModelName]]


class TraceOptions(Options):
    """What of the curvature at trained models is computed; a model's name may change it."""

    samples: Count | None = option(
        None, says="validation samples that curvature is taken on; null: all"
    )
    trace: Literal["plain", "complexified"] = option(
        "plain",
        says="Hessian's trace in real parameters, or summed over real and imaginary parts of complex ones",
    )


class Landscape(TraceOptions):
    """The landscape roughening ratio (Eq. 1)."""

    ratio: Literal["paired", "of_means"] = option(
        "paired", says="over the clean run of the same seed, or over the mean of all clean runs"
    )
    drop_dead: bool = option(
        False,
        says="whether runs with a trace within 0.01 of 0.25 have no ratio (a dead network's trace)",
    )
    alphas: Distinct[PoisonedAlpha] = option(says="corrupted fractions, against 0, paired by seed")
    corruptions: Distinct[CorruptionName] = option(says="corruptions")
    architectures: Replacements = option(says="networks that stand for a model here")


class _Unlearning(Options):
    """Unlearning: what is unlearned, and how."""

    alphas: Distinct[PoisonedAlpha] = option(says="corrupted fractions to unlearn from")
    corruptions: Distinct[CorruptionName] = option(says="corruptions")
    architectures: Replacements = option(says="networks that stand for a model here")
    steps: Count = option(says="epochs over the retain set")
    shared_start: bool = option(
        False,
        says="all seeds restart from the poisoned model of the first (as the authors' code does): runs are then not "
        "independent, and tables and figures say so",
    )
    training: dict[DatasetName, dict[Name, UnlearningSchedule]] = option(
        says="schedules by dataset, and architecture or family; the architecture's wins"
    )


def unlearning_section() -> type[Options]:
    """The section `unlearning`, in which every method with options has a block of its name."""
    return _section_of_parts("Unlearning", _Unlearning, "method", _Unlearning.__doc__)


def _section_of_parts(name: str, base: type[Options], kind: str, says: str) -> type[Options]:
    """A section with a block of its name for every part of a kind that has options."""
    fields = {}
    for part_name, part in registry.known(kind).items():
        if part.model_fields:
            default = {"default": None} if part.optional() else {}
            annotation = part | None if part.optional() else part
            fields[part_name] = (annotation, option(says=part.summary(), **default))
    return create_model(name, __base__=base, __doc__=says, **fields)


def poisoning_section() -> type[Options]:
    """The section `poisoning`, in which every corruption has a block of its name."""
    return _section_of_parts("Poisoning", Options, "corruption", "How training sets are corrupted.")


class FewerSeeds(Options):
    """Of what is costly only the first so many of `seeds`; figures say how many. null: all of them."""

    changed: Count | None = option(None, says="of data and models with changes; null: all")
    models: dict[DatasetName, dict[Name, Count]] = option(
        {}, says="by dataset, and architecture or family; the architecture's wins"
    )
    others: Count | None = option(None, says="of all that `models` does not name; null: all")
    runs: dict[RunName, Count] = option(
        {}, says="by dataset/model/corruption, names that may carry changes; wins over all above"
    )


class Pipeline(Options):
    """The study: what is computed, and how."""

    datasets: Distinct[DatasetName] = option(says="names under `data`")
    models: Distinct[ModelName] = option(says="names under `architectures`, or of families")
    corruptions: Distinct[CorruptionName] = option(says="corruptions of the training set")
    alphas: Distinct[Alpha] = option(says="corrupted fractions of the training set")
    seeds: Distinct[Seed] = option(says="independent runs: poison, initial parameters, minibatches")
    fewer_seeds: FewerSeeds | None = option(
        says="how many of them costly models have; null: all of them"
    )
    methods: Distinct[MethodName] = option(says="unlearning methods")
    alphas_per_job: AlphasPerJob = option(
        says="alphas that one job trains together, or auto: as many as make no job long; results do not depend on it"
    )
    seeds_per_job: Count = option(
        says="seeds that one job trains together; results do not depend on it"
    )
    precision: Literal["single", "double"] = option(says="floating-point numbers of training")
    mnist_split: Literal["standard", "test"] = option(
        says="train on MNIST's training split and validate on its test split, or both from the test split"
    )
    parts: Several[Text] = option([], says="files and folders with parts of your own")
    paths: Paths = option(says="where files lie")
    statistics: Statistics = option(says="what counts as a failed run")
    data: dict[Name, dict[str, Any]] = option(says="a block per dataset")
    architectures: dict[Name, dict[str, Any]] = option(
        says="a block per architecture: its family, and that family's options", min_length=1
    )
    training: dict[DatasetName, dict[Name, TrainingSchedule]] = option(
        says="schedules by dataset, and architecture or family; the architecture's wins"
    )
    poisoning: dict[str, Any] = option(
        {}, says="options of corruptions, a block for each by its name"
    )
    unlearning: dict[str, Any] = option(says="unlearning")
    landscape: Landscape = option(says="the landscape roughening ratio")
