"""The 8x8 UCI handwritten digits that ship with scikit-learn, 1 against 9: 64 features, no download."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from . import Dataset, normalised_images


def build(train_fraction: float, seed: int, normalisation: str = "image", progress=None) -> Dataset:
    """Stratified split; pixels scaled to unit norm per image, or per pixel; class 0 is the digit 1, class 1 the 9."""
    digits = load_digits()
    keep = np.isin(digits.target, (1, 9))
    x, y = digits.data[keep] / 16.0, (digits.target[keep] == 9).astype(np.int8)
    x_train, x_validation, y_train, y_validation = train_test_split(
        x, y, train_size=train_fraction, stratify=y, random_state=seed
    )
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
