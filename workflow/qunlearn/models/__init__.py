"""Models: one file per architecture family, one line in the registry, one block in `config.yaml`.

Every model is an object with the protocol of `base.Model`; the trainer, the unlearning methods and the landscape know
nothing else about it.
"""

from __future__ import annotations

from importlib import import_module

import numpy as np

#: Families in the configuration; each is a module of this package with a class `Model`.
REGISTRY = (
    "mlp",
    "qnn",
    "logistic_regression",
    "svm",
    "nearest_neighbours",
    "observable",
    "random_features",
    "cnn",
    "resnet",
)
#: Those that are fitted in one call: no epochs, batches or learning rates.
FITTED = ("logistic_regression", "svm", "nearest_neighbours", "observable")


def build(options: dict, inputs: list[np.ndarray]):
    """The model that `options` (a block of `architectures`) describes, for the rows it will ever be shown.

    `options` holds `family` and the keyword arguments of that family's class.
    """
    arguments = {key: value for key, value in options.items() if key != "family"}
    return import_module(f".{options['family']}", __name__).Model(inputs=inputs, **arguments)
