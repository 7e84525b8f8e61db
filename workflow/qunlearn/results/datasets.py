"""Datasets on disk."""

from __future__ import annotations

import numpy as np

from qunlearn.parts.datasets import Dataset
from qunlearn.results.hdf5 import read, write
from qunlearn.results.provenance import provenance
from qunlearn.runtime.errors import UserError


def write_dataset(path, dataset: Dataset, settings: dict) -> None:
    content = {
        "train": {
            "x": dataset.x_train,
            "y": dataset.y_train,
            "coordinate": dataset.coordinate_train,
        },
        "validation": {
            "x": dataset.x_validation,
            "y": dataset.y_validation,
            "coordinate": dataset.coordinate_validation,
        },
    }
    extra = {
        key: value for key, value in dataset.attributes.items() if isinstance(value, np.ndarray)
    }
    words = {
        key: value for key, value in dataset.attributes.items() if not isinstance(value, np.ndarray)
    }
    attributes = {
        **provenance(settings),
        **words,
        "name": dataset.name,
        "class_names": list(dataset.class_names),
        "image_shape": np.array(dataset.image_shape, dtype=int),
    }
    units = {
        f"{part}/x": "amplitudes, one unit-norm sample per row" for part in ("train", "validation")
    }
    units |= {f"{part}/y": "class, 0 or 1" for part in ("train", "validation")}
    write(path, content | ({"extra": extra} if extra else {}), attributes, units)


def read_dataset(path) -> Dataset:
    content, attributes = read(path, ("train", "validation"))
    try:
        train, validation = content["train"], content["validation"]
        return Dataset(
            name=str(attributes["name"]),
            x_train=train["x"],
            y_train=train["y"],
            x_validation=validation["x"],
            y_validation=validation["y"],
            class_names=tuple(str(name) for name in attributes["class_names"]),
            coordinate_train=train["coordinate"],
            coordinate_validation=validation["coordinate"],
            image_shape=tuple(int(n) for n in attributes["image_shape"]),
            attributes=content.get("extra", {}),
        )
    except KeyError as error:
        raise UserError(
            f"{path} holds no {error}: delete it and run the same command again."
        ) from error
