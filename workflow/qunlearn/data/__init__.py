"""Datasets: one file per dataset, one line in the registry, one block in `config.yaml` under `data`."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module

import numpy as np

from ..errors import UserError

#: Names in the configuration; each is a module of this package with a function
#: build(**options, progress) -> Dataset.
REGISTRY = ("digits", "mnist", "xxz")


@dataclass(frozen=True)
class Dataset:
    """Two-class data: feature rows, of unit norm unless asked otherwise (`normalised_images`), and labels 0/1.

    x_train (N, d) and x_validation (M, d) are complex for quantum states and real for images;
    `coordinate_*` places each sample on an axis a figure can use (the anisotropy of a ground state), NaN if none;
    `image_shape` is (rows, columns) for images, empty otherwise.
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_validation: np.ndarray
    y_validation: np.ndarray
    class_names: tuple[str, str]
    coordinate_train: np.ndarray
    coordinate_validation: np.ndarray
    image_shape: tuple[int, ...] = ()
    attributes: dict = field(default_factory=dict)


def normalised(x: np.ndarray) -> np.ndarray:
    """Rows scaled to unit Euclidean norm."""
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def normalised_images(train: np.ndarray, validation: np.ndarray, by: str) -> tuple[np.ndarray, np.ndarray]:
    """Both sets `by` image, every row to unit norm; or by pixel, as in the authors' code: every column divided by its
    norm over the training set (zero where that is zero), then all by one number, so that training rows have a mean
    squared norm of 1. Rows are then no unit vectors, and <Z> of a QNN is not confined to [-1, 1].
    """
    if by == "image":
        return normalised(train), normalised(validation)
    norms = np.linalg.norm(train, axis=0)
    scale = np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)
    scale *= np.sqrt(len(train) / np.count_nonzero(norms))
    return train * scale, validation * scale


def spread(available: int, wanted: int | None, what: str) -> np.ndarray:
    """Indices of `wanted` items spread evenly from the first of `available` to the last; all where `wanted` is None.

    Raises UserError where there are not as many.
    """
    if wanted is None:
        return np.arange(available)
    if wanted > available:
        raise UserError(f"there are {available} {what}; {wanted} were asked for by train_per_class, so lower that")
    return np.round(np.linspace(0, available - 1, wanted)).astype(int)


def build(name: str, options: dict, progress=lambda fraction, text: None) -> Dataset:
    """Compute the dataset `name` with its block of the configuration; `progress` is told what takes long."""
    return import_module(f".{name}", __name__).build(**options, progress=progress)
