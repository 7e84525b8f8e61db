"""Models: one file per family of architectures, a block in the configuration under `architectures` for each of them.

A `Model` declares a family: its options, its label, what it can do. What a job trains, unlearns and analyses is the
`Classifier` that `build` makes of it for the samples at hand (`training.classifier`). A model of a user's own need not
know that: `init` and `logit` are enough.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from qunlearn.parts.part import Part
from qunlearn.parts.registry import find


class Model(Part):
    """Base class. A subclass defines `init` and `logit`, or `build` where that is not enough.

    `init(key, inputs)` gives fresh parameters, nested dictionaries of arrays, from a JAX random key and the number of
    features of a sample; `logit(params, x)` is one number for one sample x (inputs,), from which p = sigmoid(logit).
    Batches, replicas and seeds are the trainer's business. `encode(x)` may turn all samples (N, ...) into rows
    (N, inputs) once; by default real features as they are, states as [Re x, Im x].
    """

    kind: ClassVar[str] = "model"
    must_define: ClassVar = (("build", "init"), ("build", "logit"))
    #: Found in one call, without epochs, batches and learning rates; reads one set of samples.
    fitted: ClassVar[bool] = False
    #: Its parameters minimise a loss, so that the loss has a landscape around them.
    landscape: ClassVar[bool] = True
    #: A quantum circuit, for claims about quantum models.
    quantum: ClassVar[bool] = False
    #: Option that is the largest |logit|; empty where logits have no bound.
    bound_option: ClassVar[str] = ""
    #: Panel of the comparison of models.
    panel: ClassVar[str] = "networks"
    #: Colours of its architectures, in the order of the configuration.
    colours: ClassVar[tuple[str, ...]] = ()
    #: Training, and unlearning, where the configuration has no values for a dataset.
    schedule: ClassVar[dict] = {"epochs": 100, "batch": 32, "learning_rate": 0.01}
    unlearning_schedule: ClassVar[dict] = {"batch": "full", "learning_rate": 0.01}

    def init(self, key, inputs: int) -> dict:
        raise NotImplementedError

    def logit(self, params: dict, x):
        raise NotImplementedError

    def encode(self, x: np.ndarray) -> np.ndarray:
        from qunlearn.training.features import real_features

        return real_features(x)

    def build(self, rows: list[np.ndarray]):
        """The Classifier for `rows`, all raw samples that it will ever be shown: clean training samples, then arrays of
        samples that replace them (if any), then validation samples."""
        from qunlearn.training.small_face import SmallClassifier

        return SmallClassifier(self, rows)

    # -- what figures and checks ask ---------------------------------------------------------------------------------
    def title(self) -> str:
        """'MLP [64, 16]': what this architecture is; empty where its name says it as well."""
        return ""

    def size(self) -> str:
        """'[64, 16]', 'D = 4': what tells it from others of its family."""
        return self.title() or self.words()

    def layers(self) -> int:
        """How many layers its parameters belong to, as `Classifier.behind` counts them; 0 where they do not say."""
        return 0

    def is_linear(self) -> bool:
        """Whether the logit is linear in the features."""
        return False

    def is_phase_blind(self) -> bool:
        """Whether the phase of a state leaves the logit as it is, as it does a circuit's."""
        return False

    def problems(self, source, dataset: str) -> list[str]:
        """What does not fit the data of a `Source` with the name `dataset`, "OPTION: sentence" each."""
        return []

    def cost(self, source) -> float:
        """Rough number of operations per sample, so that the longest jobs start first."""
        return self.inputs(source) or 1

    def share_of_clean(self, source) -> float:
        """Which part of these it takes where no sample has corrupted features."""
        return 1.0

    def inputs(self, source) -> int | None:
        """Real numbers of one sample, as the model sees it, where that is known."""
        return source.real_features()

    def weights_of(self, inputs: int) -> float:
        """Rough number of parameters of one model of samples with so many features that are not zero throughout, for
        the memory that its jobs ask a cluster for."""
        return 64.0 * inputs

    def numbers_held(self, source, samples: int, models: int) -> float:
        """Real numbers that a job of so many samples and models holds at most beside the parameters, for the
        same: every sample four times, as read, corrupted, as features and in the precision of training."""
        return 4.0 * samples * (self.inputs(source) or 0)

    def without_complex_angles(self) -> str:
        """What keeps parameters from being complex numbers (`landscape.complexified`); empty for nothing."""
        return ""

    def curvature_bound(self) -> float:
        """Largest |second derivative| of one sample's loss in one parameter, by theory; NaN where there is none."""
        return float("nan")


class StatefulModel(Model):
    """A model with statistics that training updates, such as those of a batch normalisation.

    `init(key, inputs)` gives (params, state); `logits(params, state, x, weight, train)` gives the logits (B,) of a
    batch x (B, inputs) and the new state; `weight` (B,) is 0 for padding, which must not enter statistics.
    """

    is_base: ClassVar[bool] = True
    must_define: ClassVar = (("build", "init"), ("build", "logits"))

    def logits(self, params: dict, state: dict, x, weight, train: bool):
        raise NotImplementedError

    def build(self, rows):
        from qunlearn.training.small_face import StatefulClassifier

        return StatefulClassifier(self, rows)


class FittedModel(Model):
    """A model that is found in one call.

    `fit(x, y)` gives its parameters, nested dictionaries of arrays, from features x (N, inputs) and labels y (N,);
    `logit(params, x)` as for any model. Retraining and finetuning fit it anew, to the retain set.
    """

    is_base: ClassVar[bool] = True
    must_define: ClassVar = (("build", "fit"), ("build", "logit"))
    fitted: ClassVar[bool] = True
    landscape: ClassVar[bool] = False

    def fit(self, x: np.ndarray, y: np.ndarray) -> dict:
        raise NotImplementedError

    def build(self, rows):
        from qunlearn.training.small_face import FittedClassifier

        return FittedClassifier(self, rows)


def declared(architecture: dict) -> Model:
    """The model that a block of `architectures` describes: `family` and that family's options."""
    options = {key: value for key, value in architecture.items() if key != "family"}
    return find("model", architecture["family"])(**options)


def build(architecture: dict, rows: list[np.ndarray]):
    """The classifier of a block of `architectures`, for the samples that it will ever be shown (`Model.build`)."""
    return declared(architecture).build(rows)
