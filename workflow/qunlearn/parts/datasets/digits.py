"""The 8x8 UCI handwritten digits that ship with scikit-learn, 1 against 9: 64 features, no download."""

from typing import Annotated

import numpy as np
from pydantic import Field

from qunlearn.config.options import Count, Seed
from qunlearn.parts.datasets import (
    NORMALISATION_SAYS,
    Dataset,
    Normalisation,
    Source,
    normalised_images,
    spread_per_class,
)
from qunlearn.parts.part import option
from qunlearn.runtime.errors import UserError

#: Ones and nines in the data set.
IMAGES = 362


class Digits(Source):
    """8x8 digits inside scikit-learn, 1 against 9; stratified split, pixels scaled to unit norm."""

    label = "Digits (8×8)"
    exhibits = "images"

    train_fraction: Annotated[float, Field(gt=0, lt=1)] = option(
        says="share of the images to train on; the rest validates"
    )
    seed: Seed = option(says="which images these are")
    normalisation: Normalisation = option("image", says=NORMALISATION_SAYS)
    train_per_class: Count | None = option(
        None, says="keep so many training images of either class, spread over the split"
    )

    def shape(self):
        return (64,)

    def image_size(self):
        return (8, 8)

    def sample_counts(self):
        train = round(self.train_fraction * IMAGES)
        kept = train if self.train_per_class is None else 2 * self.train_per_class
        return kept, IMAGES - train

    def build(self, progress=None) -> Dataset:
        """Class 0 is the digit 1, class 1 the 9; validation stays whole whatever `train_per_class`."""
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        digits = load_digits()
        keep = np.isin(digits.target, (1, 9))
        x = digits.data[keep] / 16.0  # (N, 64)
        y = (digits.target[keep] == 9).astype(np.int8)
        try:
            x_train, x_validation, y_train, y_validation = train_test_split(
                x, y, train_size=self.train_fraction, stratify=y, random_state=self.seed
            )
        except ValueError as error:
            raise UserError(
                f"data.digits.train_fraction: {len(y)} images cannot be split at {self.train_fraction:g} ({error})"
            ) from None
        words = f"training images of a class at train_fraction = {self.train_fraction:g}"
        chosen = spread_per_class(y_train, self.train_per_class, words)
        x_train, y_train = x_train[chosen], y_train[chosen]
        x_train, x_validation = normalised_images(
            x_train, x_validation, self.normalisation, columns=8
        )
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
