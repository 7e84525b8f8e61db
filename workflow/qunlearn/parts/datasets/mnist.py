"""MNIST digits 1 against 9 from the official IDX files (paper, Methods: MNIST digit classification).

Files are taken from `$MNIST_DIR`, then from the folder that the configuration names, packed or not, under the names and
in the folders that they usually have; then from public mirrors in turn. The SHA-256 of what is inside is checked before
it is read, and a download is renamed into place only when it passes.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import zlib
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from qunlearn.config.options import Count, Seed, Several, number_or
from qunlearn.parts.datasets import (
    NORMALISATION_SAYS,
    Dataset,
    Normalisation,
    Source,
    normalised_images,
)
from qunlearn.parts.part import option
from qunlearn.runtime.errors import UserError
from qunlearn.runtime.keys import generator

#: Of the files as mirrors have them, and of what is inside.
SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
INSIDE = {
    "train-images-idx3-ubyte.gz": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte.gz": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte.gz": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte.gz": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
FILES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}
GZIP = b"\x1f\x8b"  # what such files begin with
#: Digits of class 0 and of class 1, and how many images of either the test split holds.
DIGITS = (1, 9)
IN_TEST_SPLIT = (1135, 1009)
PIXELS, PADDED = 784, 1024
#: Below a folder that is named: itself, and where torchvision puts files.
FOLDERS = ("", "raw", "MNIST/raw")


def spellings(name: str) -> list[str]:
    """The usual names of a file: packed or not, with a hyphen or a dot before idx, in a folder of its own name."""
    plain = name.removesuffix(".gz")
    dotted = plain.replace("-idx", ".idx")
    alone = [name, plain, f"{dotted}.gz", dotted]
    return [*alone, f"{plain}/{plain}", f"{dotted}/{dotted}"]


def unpacked(path: Path) -> bytes:
    """What is inside a file, gzipped or not. Raises OSError, EOFError or zlib.error where that cannot be read."""
    content = path.read_bytes()
    return gzip.decompress(content) if content[:2] == GZIP else content


def checked(path: Path, name: str) -> bytes:
    """What is inside the file `name` at a path; raises UserError where it is not what MNIST has there."""
    try:
        content = unpacked(path)
    except (OSError, EOFError, zlib.error) as error:
        raise _not_mnist(path, name, f"it cannot be read: {error}") from None
    found = hashlib.sha256(content).hexdigest()
    if found != INSIDE[name]:
        words = f"the SHA-256 of what is inside is {found[:12]}…, expected {INSIDE[name][:12]}…"
        raise _not_mnist(path, name, words)
    return content


def _not_mnist(path: Path, name: str, words: str) -> UserError:
    return UserError(
        f"{path} is not MNIST's {name}: {words} (truncated or altered). Delete it to download it again, or put a good "
        "copy in its place."
    )


def fetch(name: str, folder: Path, mirrors: list[str]) -> bytes:
    """What is inside MNIST's file `name`; raises UserError saying what, where and how to mend."""
    named = [Path(os.environ["MNIST_DIR"]).expanduser()] if os.environ.get("MNIST_DIR") else []
    named.append(folder)
    damaged = []
    for path in (
        place / inside / spelling
        for place in named
        for inside in FOLDERS
        for spelling in spellings(name)
    ):
        if path.is_file():
            try:
                return checked(path, name)
            except UserError as error:
                damaged.append(error)
    if damaged:
        raise damaged[0]
    return _download(name, folder, mirrors, named)


def _download(name: str, folder: Path, mirrors: list[str], named: list[Path]) -> bytes:
    import pooch

    failures = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{name}"
        try:
            fetched = pooch.retrieve(url, SHA256[name], fname=name, path=folder)
        except Exception as error:  # whatever pooch's transport raises: the next mirror
            failures.append(f"{mirror} ({type(error).__name__})")
            continue
        return checked(Path(fetched), name)
    raise UserError(
        f"{name} is not in {' or '.join(map(str, named))} (packed or not, nor in raw/ or MNIST/raw/ below), and no "
        f"mirror served it: {'; '.join(failures) or 'none configured'}. Put the file into {folder}, or set MNIST_DIR "
        "to a folder that holds it."
    )


def read_idx(raw: bytes) -> np.ndarray:
    """The array in an IDX file of unsigned bytes; raises UserError when the content is not one."""
    try:
        zero, kind, rank = struct.unpack(">HBB", raw[:4])
        shape = struct.unpack(f">{rank}I", raw[4 : 4 + 4 * rank])
        data = np.frombuffer(raw, dtype=np.uint8, offset=4 + 4 * rank)
        if zero or kind != 8 or data.size != np.prod(shape):
            raise ValueError("header and length disagree")
    except (ValueError, struct.error) as error:
        raise UserError(f"not an IDX file of bytes ({error})") from error
    return data.reshape(shape)


def _load(split: str, folder: Path, mirrors: list[str]) -> tuple[np.ndarray, np.ndarray]:
    images, labels = (read_idx(fetch(name, folder, mirrors)) for name in FILES[split])
    return images.reshape(len(images), -1), labels


def _choose(
    labels: np.ndarray, per_class: int | str, rng: np.random.Generator | None, exclude=()
) -> np.ndarray:
    """Indices of `per_class` ones and as many nines ('all': of all), none of them in `exclude`: drawn and shuffled by
    `rng`, or without one the first as they come, ones before nines."""
    chosen = []
    for digit in DIGITS:
        pool = np.setdiff1d(np.flatnonzero(labels == digit), exclude)
        wanted = len(pool) if per_class == "all" else per_class
        if len(pool) < wanted or not wanted:
            raise UserError(
                f"the split holds {len(pool)} images of the digit {digit}; {per_class} were asked for"
            )
        chosen.append(pool[:wanted] if rng is None else rng.choice(pool, wanted, replace=False))
    together = np.concatenate(chosen)
    return together if rng is None else rng.permutation(together)


def _padded(images: np.ndarray) -> np.ndarray:
    """Flattened images (N, 784) with zeros after their pixels, (N, 1024)."""
    return np.pad(images, ((0, 0), (0, PADDED - PIXELS)))


class Mnist(Source):
    """28x28 digits of MNIST, 1 against 9; pixels / 255, scaled to unit norm."""

    label = "MNIST"
    local = True
    traits = frozenset({"large"})
    exhibits = "images"

    train_per_class: Count = option(says="training images of either class")
    validation_per_class: number_or("all", least=1) = option(
        says="validation images of either class, or all of the test split that are not trained on"
    )
    seed: Seed = option(says="which images these are")
    mirrors: Several[Annotated[str, Field(pattern=r"^(https?|ftp)://")]] = option(
        says="where the files are, tried in turn; each is checked against its SHA-256"
    )
    normalisation: Normalisation = option("image", says=NORMALISATION_SAYS)
    selection: Literal["random", "first"] = option(
        "random",
        says="images drawn at random, or the first ones of either class, ones before nines (as the authors' code does)",
    )
    padded: bool = option(
        False,
        says=f"whether zeros fill every image up to {PADDED} features (as the authors' code does): a QNN fills up by "
        "itself, an MLP begins with smaller weights",
    )

    @classmethod
    def surroundings(cls, config):
        return {"folder": config["paths"]["mnist"], "split": config["mnist_split"]}

    def shape(self):
        return (PADDED if self.padded else PIXELS,)

    def image_size(self):
        return (28, 28)

    def sample_counts(self):
        if self.validation_per_class == "all":
            return 2 * self.train_per_class, sum(IN_TEST_SPLIT)
        return 2 * self.train_per_class, 2 * self.validation_per_class

    def numbers_built(self):
        """Beside the chosen images all of both splits, a byte a pixel."""
        return super().numbers_built() + 2 * 70_000 * 784 / 8

    def build(self, progress=None, folder: str = "", split: str = "standard") -> Dataset:
        """Class 0 is the digit 1, class 1 the digit 9.

        split 'standard': training images from MNIST's training split, validation from its test split;
        split 'test': both, disjoint, from the test split alone.
        """
        rng = None
        if self.selection == "random":
            rng = generator("mnist", "split", split, self.seed)
        where = Path(folder), list(self.mirrors)
        validation_images, validation_labels = _load("test", *where)
        if split == "test":
            images, labels = validation_images, validation_labels
        else:
            images, labels = _load("train", *where)
        train = _choose(labels, self.train_per_class, rng)
        taken = train if split == "test" else ()
        validation = _choose(validation_labels, self.validation_per_class, rng, taken)
        x_train, x_validation = normalised_images(
            images[train] / 255,
            validation_images[validation] / 255,
            self.normalisation,
            columns=28,
        )
        if self.padded:
            x_train, x_validation = map(_padded, (x_train, x_validation))
        return Dataset(
            name="mnist",
            x_train=x_train,
            y_train=(labels[train] == 9).astype(np.int8),
            x_validation=x_validation,
            y_validation=(validation_labels[validation] == 9).astype(np.int8),
            class_names=("digit 1", "digit 9"),
            coordinate_train=np.full(len(train), np.nan),
            coordinate_validation=np.full(len(validation), np.nan),
            image_shape=(28, 28),
        )
