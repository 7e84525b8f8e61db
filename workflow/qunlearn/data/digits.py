"""The 8x8 UCI handwritten digits that ship with scikit-learn, 1 against 9: 64 features, no download."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from . import Dataset, normalised_images, spread


def build(
    train_fraction: float,
    seed: int,
    normalisation: str = "image",
    train_per_class: int | None = None,
    progress=None,
) -> Dataset:
    """Stratified split; pixels scaled to unit norm per image, or per pixel; class 0 is the digit 1, class 1 the 9.

    `train_per_class` keeps so many training images of either class, spread over the split; validation stays whole.
    """
    digits = load_digits()
    keep = np.isin(digits.target, (1, 9))
    x, y = digits.data[keep] / 16.0, (digits.target[keep] == 9).astype(np.int8)
    x_train, x_validation, y_train, y_validation = train_test_split(
        x, y, train_size=train_fraction, stratify=y, random_state=seed
    )
    if train_per_class is not None:
        chosen = [np.flatnonzero(y_train == c) for c in (0, 1)]
        words = f"training images of a class at train_fraction = {train_fraction:g}"
        keep = np.sort(np.concatenate([c[spread(len(c), train_per_class, words)] for c in chosen]))
        x_train, y_train = x_train[keep], y_train[keep]
    x_train, x_validation = normalised_images(x_train, x_validation, normalisation)
    return Dataset(
        name="digits",
        x_train=x_train,
        y_train=y_train,
        x_validation=x_validation,
        y_validation=y_validation,
        class_names=("digit 1", "digit 9"),
        coordinate_train=np.full(len(y_train), np.nan),
        coordinate_validation=np.full(len(y_validation), np.nan),
        image_shape=(8, 8),
    )
