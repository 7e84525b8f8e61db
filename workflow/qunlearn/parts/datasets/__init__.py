"""Datasets: one file per source of data, one block in the configuration under `data`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from qunlearn.parts.part import Part
from qunlearn.runtime.errors import UserError


@dataclass(frozen=True)
class Dataset:
    """Two-class data: samples, of unit norm unless asked otherwise, and labels 0/1.

    x_train (N, d) and x_validation (M, d) are real features or complex state vectors, or (N, d, d) reduced density
    matrices; `coordinate_*` places each sample on an axis a figure can use (the anisotropy of a ground state), NaN if
    none; `image_shape` is (rows, columns) for images, empty otherwise.
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

    def image(self, sample: np.ndarray) -> np.ndarray:
        """A sample (d,) as (rows, columns) pixels; features beyond these are padding."""
        rows, columns = self.image_shape
        return sample[: rows * columns].reshape(rows, columns)


class Source(Part):
    """Base class of where data come from. A subclass defines `build`; its options are arguments of the data.

    `build(progress, **surroundings)` computes or reads the data; `progress(fraction, text)` is told what takes long.
    """

    kind: ClassVar[str] = "dataset"
    must_define: ClassVar = (("build",),)
    #: Runs where the workflow was started, not in a cluster job: it may need the network.
    local: ClassVar[bool] = False
    #: What claims of the paper depend on: 'large' (clean data are never scarce), 'arbitrary phase'.
    traits: ClassVar[frozenset[str]] = frozenset()
    #: How figures show samples: 'images', 'correlations' (spins along a chain) or '' (principal components).
    exhibits: ClassVar[str] = ""
    #: Share of the features that are not zero in every clean sample; for estimates of memory.
    in_use: ClassVar[float] = 1.0

    @property
    def distinct(self) -> float:
        """Share of the features that are no copies of others, either; for estimates of time."""
        return self.in_use

    def build(self, progress, **surroundings) -> Dataset:
        raise NotImplementedError

    @classmethod
    def surroundings(cls, config: dict) -> dict:
        """Further arguments of `build`, from other sections of the configuration."""
        return {}

    def files(self) -> list[str]:
        """Files that the data are read from: inputs of the rule."""
        return []

    def problems(self) -> list[str]:
        """What is wrong with options that each are allowed, or with the files; a sentence each."""
        return []

    def shape(self) -> tuple[int, ...] | None:
        """Shape of one sample, (d,) or (d, d), where it is known before the data are made."""
        return None

    def is_complex(self) -> bool:
        """Whether samples are quantum states."""
        return False

    def image_size(self) -> tuple[int, ...]:
        """(rows, columns) of images, empty for anything else."""
        return ()

    def qubits(self) -> int | None:
        """Qubits that hold a sample, where that is known."""
        shape = self.shape()
        return None if shape is None else max(1, (shape[0] - 1).bit_length())

    def real_features(self) -> int | None:
        """Real numbers of one sample, as classical models see it, where that is known."""
        shape = self.shape()
        if shape is None:
            return None
        return int(np.prod(shape)) * (2 if self.is_complex() else 1)

    def sample_counts(self) -> tuple[int, int] | None:
        """How many training and validation samples there are, about, where it is known before the data are made."""
        return None

    def numbers_built(self) -> float:
        """Real numbers that `build` holds at most, for the memory that its job asks a cluster for: all samples four
        times, as read, chosen, scaled and written."""
        return 4 * sum(self.sample_counts() or (0, 0)) * (self.real_features() or 0)

    def words_for(self) -> str:
        """Words for figures."""
        return self.words()


def normalised(x: np.ndarray) -> np.ndarray:
    """Rows scaled to unit Euclidean norm."""
    return x / np.linalg.norm(x, axis=1, keepdims=True)


#: What images may be divided by, and in which words options say so.
Normalisation = Literal["image", "pixel", "column"]
NORMALISATION_SAYS = (
    "unit norm of every image, of every pixel over the training set, or of every column of pixels in an image "
    "(as the authors' code does)"
)


def normalised_images(
    train: np.ndarray, validation: np.ndarray, by: Normalisation, columns: int
) -> tuple[np.ndarray, np.ndarray]:
    """Flattened images (N, d) with so many columns of pixels, both sets divided as `by` says.

    'image': every image by its norm. 'pixel': every pixel by its norm over the training set (zero where that is zero),
    then all by one number, so that training images have a mean squared norm of 1. 'column': in every image every column
    of pixels by its own norm, so that the squared norm of an image is its number of columns that are not blank.
    But for 'image', images are no unit vectors, and <Z> of a QNN is not confined to [-1, 1].
    """
    if by == "image":
        return normalised(train), normalised(validation)
    if by == "column":
        return columns_normalised(train, columns), columns_normalised(validation, columns)
    norms = np.linalg.norm(train, axis=0)
    scale = _inverse(norms) * np.sqrt(len(train) / np.count_nonzero(norms))
    return train * scale, validation * scale


def columns_normalised(images: np.ndarray, columns: int) -> np.ndarray:
    """Flattened images (N, d), every column of pixels at unit norm; blank ones stay blank."""
    pixels = images.reshape(len(images), -1, columns)  # (N, rows, columns)
    norms = np.linalg.norm(pixels, axis=1, keepdims=True)
    return (pixels * _inverse(norms)).reshape(images.shape)


def _inverse(norms: np.ndarray) -> np.ndarray:
    """1 / norm, 0 where the norm is 0."""
    return np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)


def stratified(
    labels: np.ndarray, fraction: float, seed: int, what: str
) -> tuple[np.ndarray, np.ndarray]:
    """Sorted indices of training and of validation samples, drawn class by class: a `fraction` of the labels (N,) to
    train on. Raises UserError where a class has none in either; `what`: the key that says the fraction."""
    from sklearn.model_selection import train_test_split

    try:
        train, validation = train_test_split(
            np.arange(len(labels)), train_size=fraction, stratify=labels, random_state=seed
        )
    except ValueError as error:
        raise UserError(f"{what}: {len(labels)} samples cannot be split so ({error})") from None
    for name, part in (("train on", train), ("validate with", validation)):
        if len(np.unique(labels[part])) < len(np.unique(labels)):
            raise UserError(
                f"{what}: of {len(labels)} samples, one class has none to {name}; bring it closer to 0.5"
            )
    return np.sort(train), np.sort(validation)


def spread(available: int, wanted: int | None, what: str) -> np.ndarray:
    """Indices of `wanted` items spread evenly from the first of `available` to the last; all where `wanted` is None.

    Raises UserError where there are not as many.
    """
    if wanted is None:
        return np.arange(available)
    if wanted > available:
        raise UserError(
            f"there are {available} {what}; {wanted} were asked for by train_per_class, so lower that"
        )
    return np.round(np.linspace(0, available - 1, wanted)).astype(int)


def spread_per_class(labels: np.ndarray, wanted: int | None, what: str) -> np.ndarray:
    """Sorted indices of `wanted` samples of either class, spread evenly over its members; all where None."""
    if wanted is None:
        return np.arange(len(labels))
    members = [np.flatnonzero(labels == c) for c in (0, 1)]
    chosen = [group[spread(len(group), wanted, what)] for group in members]
    return np.sort(np.concatenate(chosen))
