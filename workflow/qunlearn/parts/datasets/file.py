"""Data of a user's own, described by the configuration alone: `data: {mine: {file: mine.npz}}`.

Files are `.npz` or `.h5` with arrays x and y (and x_validation, y_validation where the split is given), or `.csv` with
a column per feature and one for the label. Samples are real features, state vectors, or reduced density matrices of k
qubits. What is wrong with a file is said in one sentence, before anything is trained.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from qunlearn.config.options import Count, Seed, Text
from qunlearn.parts.datasets import Dataset, Source, normalised, spread_per_class, stratified
from qunlearn.parts.part import option
from qunlearn.results.samples import TRAIN, VALIDATION, Rows, read_rows, row_counts, sample_shape
from qunlearn.runtime.errors import UserError

SUFFIXES = (".npz", ".h5", ".csv")
#: How far norms, traces and eigenvalues of states may be from what they must be.
TOLERANCE = 1e-6

Two = Field(min_length=2, max_length=2)


class File(Source):
    """Samples and labels in a file: .npz, .h5 or .csv."""

    file: Text = option(says="path of the file: .npz, .h5 or .csv")
    samples: Literal["features", "states", "density_matrices"] = option(
        "features", says="what a sample is: real features, a state vector, a reduced density matrix"
    )
    x: Text = option("x", says="array of samples; of a .csv, all columns that no other key names")
    y: Text = option("y", says="array or column of labels")
    classes: Annotated[list[str | int | float], Two] | None = option(
        None, says="labels of class 0 and class 1, of several; by default the two there are, sorted"
    )
    class_names: Annotated[list[Text], Two] | None = option(
        None, says="words for class 0 and class 1; by default their labels"
    )
    split: Text | None = option(
        None, says="column of a .csv that says train or validation; elsewhere x_validation says it"
    )
    train_fraction: Annotated[float, Field(gt=0, lt=1)] = option(
        0.6, says="share of either class to train on, where the file gives no split"
    )
    seed: Seed = option(0, says="which samples these are")
    normalisation: Literal["row", "none"] | None = option(
        None,
        says="row: samples to unit norm (or trace), as features are by default; none: as given",
    )
    image_shape: Annotated[list[Count], Two] | None = option(
        None, says="rows and columns, where samples are images"
    )
    coordinate: Text | None = option(None, says="array or column that places samples on an axis")
    title: Text | None = option(None, says="what figures call the data; by default their name")
    train_per_class: Count | None = option(
        None, says="keep so many training samples of either class, spread over the training set"
    )

    # -- while planning ----------------------------------------------------------------------------------------------
    def files(self):
        return [self.file]

    def problems(self):
        path = Path(self.file)
        if path.suffix not in SUFFIXES:
            return [f"file: {self.file} is none of {', '.join(SUFFIXES)}"]
        if not path.is_file():
            return [f"file: {self.file} does not exist"]
        if self.split and path.suffix != ".csv":
            return ["split: only a .csv has such a column; give the file an array x_validation"]
        shape = self.shape()
        size = int(np.prod(shape or ()))
        if self.image_shape and shape and np.prod(self.image_shape) != size:
            rows, columns = self.image_shape
            return [f"image_shape: {rows} x {columns} are not the {size} features of a sample"]
        return []

    def shape(self):
        """None where the file cannot be read; the job that reads it says why."""
        try:
            return sample_shape(self)
        except (UserError, OSError, ValueError, KeyError):
            return None

    def is_complex(self):
        return self.samples != "features"

    def sample_counts(self):
        try:
            total, validation = row_counts(self)
        except (UserError, OSError, ValueError, KeyError):
            return None
        if validation is None:
            validation = round((1 - self.train_fraction) * total)
            total -= validation
        kept = total if self.train_per_class is None else 2 * self.train_per_class
        return min(kept, total), validation

    def image_size(self):
        return tuple(self.image_shape or ())

    def words_for(self):
        return self.title or ""

    # -- in the job --------------------------------------------------------------------------------------------------
    def build(self, progress=None) -> Dataset:
        """Raises UserError, one sentence, for whatever is wrong with the file."""
        train, validation = read_rows(self)
        for rows in (train, validation):
            if rows is not None:
                self._check(rows)
        classes = self._classes(train)
        train = train.chosen(np.isin(train.labels, classes))
        if validation is None:
            train, validation = self._split(train)
        else:
            validation = validation.chosen(np.isin(validation.labels, classes))
        for name, rows in ((TRAIN, train), (VALIDATION, validation)):
            for label in classes:
                if not np.any(rows.labels == label):
                    raise UserError(
                        f"{self.file}: no {name} sample has the label {label}; two classes are needed."
                    )
        y_train, y_validation = (
            (rows.labels == classes[1]).astype(np.int8) for rows in (train, validation)
        )
        kept = spread_per_class(
            y_train, self.train_per_class, f"training samples of a class in {self.file}"
        )
        return Dataset(
            name="file",
            x_train=self._scaled(train.x)[kept],
            y_train=y_train[kept],
            x_validation=self._scaled(validation.x),
            y_validation=y_validation,
            class_names=tuple(self.class_names or (str(label) for label in classes)),
            coordinate_train=train.coordinate[kept],
            coordinate_validation=validation.coordinate,
            image_shape=self.image_size(),
        )

    def _classes(self, rows: Rows) -> list:
        """The labels of class 0 and class 1."""
        there = np.unique(rows.labels)
        shown = ", ".join(str(label) for label in there[:6])
        if self.classes is None:
            if len(there) != 2:
                raise UserError(
                    f"{self.file}: '{self.y}' holds {len(there)} classes ({shown}); two are needed: name them under "
                    "`classes`."
                )
            return list(there)
        if rows.labels.dtype.kind in "OUS":
            wanted = [str(label) for label in self.classes]
        else:
            wanted = list(self.classes)
        for label in wanted:
            if not np.any(there == label):
                raise UserError(
                    f"{self.file}: no sample has the label {label} of `classes` (there are {shown})."
                )
        return wanted

    def _split(self, rows: Rows) -> tuple[Rows, Rows]:
        """Training and validation samples, drawn class by class."""
        words = f"{self.file}: train_fraction = {self.train_fraction:g}"
        train, validation = stratified(rows.labels, self.train_fraction, self.seed, words)
        return rows.chosen(train), rows.chosen(validation)

    def _check(self, rows: Rows) -> None:
        """Shapes, missing values, and what makes a state a state."""
        x = rows.x
        rank = 3 if self.samples == "density_matrices" else 2
        if x.ndim != rank or (rank == 3 and x.shape[1] != x.shape[2]):
            wanted = "(samples, d, d)" if rank == 3 else "(samples, features)"
            raise UserError(f"{self.file}: '{self.x}' has the shape {x.shape}; {wanted} is needed.")
        if len(rows.labels) != len(x):
            raise UserError(
                f"{self.file}: {len(x)} samples and {len(rows.labels)} labels; as many are needed."
            )
        if rows.labels.dtype.kind == "f" and not np.isfinite(rows.labels).all():
            raise UserError(
                f"{self.file}: {np.sum(~np.isfinite(rows.labels))} samples have no label in '{self.y}'."
            )
        bad = ~np.isfinite(x).reshape(len(x), -1).all(axis=1)
        if bad.any():
            raise UserError(
                f"{self.file}: {bad.sum()} of {len(x)} samples have missing or infinite values, the first one number "
                f"{np.flatnonzero(bad)[0]}; fill them or leave these samples out."
            )
        if self.samples == "features":
            if np.iscomplexobj(x):
                raise UserError(
                    f"{self.file}: '{self.x}' is complex; say `samples: states` for state vectors."
                )
            if self.normalisation != "none":
                self._refuse(np.linalg.norm(x, axis=1) == 0, "is zero, which has no unit norm")
            return
        if x.shape[1] & (x.shape[1] - 1):
            raise UserError(
                f"{self.file}: states of {x.shape[1]} dimensions are not those of qubits."
            )
        if self.samples == "states":
            norms = np.linalg.norm(x, axis=1)
            self._refuse(norms == 0, "is zero, which is no state")
            if self.normalisation is None:
                self._refuse(
                    np.abs(norms - 1) > TOLERANCE,
                    "is no unit vector; say `normalisation: row` to scale it",
                )
            return
        adjoint = x.conj().transpose(0, 2, 1)
        self._refuse(np.abs(x - adjoint).max(axis=(1, 2)) > TOLERANCE, "is not Hermitian")
        lowest = np.linalg.eigvalsh((x + adjoint) / 2)[:, 0]
        self._refuse(lowest < -TOLERANCE, "has a negative eigenvalue, which is no density matrix")
        traces = np.trace(x, axis1=1, axis2=2).real
        self._refuse(traces <= 0, "has no positive trace")
        if self.normalisation is None:
            self._refuse(
                np.abs(traces - 1) > TOLERANCE,
                "has not trace 1; say `normalisation: row` to scale it",
            )

    def _refuse(self, bad: np.ndarray, why: str) -> None:
        """Raises UserError where a sample is `bad` (N,)."""
        if bad.any():
            raise UserError(
                f"{self.file}: sample number {np.flatnonzero(bad)[0]} {why} ({bad.sum()} of {len(bad)} samples)."
            )

    def _scaled(self, x: np.ndarray) -> np.ndarray:
        by_row = self.normalisation == "row" or (
            self.normalisation is None and self.samples == "features"
        )
        if not by_row:
            return x
        if x.ndim == 3:
            return x / np.trace(x, axis1=1, axis2=2).real[:, None, None]
        return normalised(x)
