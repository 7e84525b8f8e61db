"""Poisoning: which samples are corrupted, and what takes their place (paper, Methods: Data contamination).

A corruption gives every sample a *twin*: the sample as an attacker would hand it in. At corruption fraction alpha a
subset of round(alpha N) samples is exchanged for its twins. Subset and twins depend on (dataset, corruption, seed)
alone: every model meets the same poison, and the samples poisoned at a smaller alpha stay poisoned, with the same
twins, at every larger one. Options that all corruptions have change that (section `poisoning`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from qunlearn.grid.names import parse
from qunlearn.parts.part import Part, option, where
from qunlearn.parts.registry import find
from qunlearn.runtime.counts import share
from qunlearn.runtime.errors import UserError
from qunlearn.runtime.keys import generator

if TYPE_CHECKING:
    from qunlearn.parts.datasets import Source


class Corruption(Part):
    """Base class. A subclass defines `twins`, and `order` where the subset is not to be balanced.

    `twins(x, y, rng)` gives (x', y') for samples x (N, ...) with labels y (N,) of 0 and 1; None where it leaves all of
    them as they are. `order(x, y, rng)` gives all N indices, those to be corrupted first in front.
    """

    kind: ClassVar[str] = "corruption"
    must_define: ClassVar = (("twins",),)
    #: Twins have features of their own; words for them in legends.
    twin_features: ClassVar[str] = ""
    #: Twins are the samples with independent noise on their features, so that one can ask whether it is remembered.
    adds_noise: ClassVar[bool] = False
    #: Takes both classes alike.
    balanced: ClassVar[bool] = True

    nested: bool = option(
        True,
        says="whether samples corrupted at a smaller alpha are at every larger one; else drawn anew for every alpha "
        "(as the authors' code does)",
    )
    even: bool = option(
        False,
        says="corrupt alpha N samples rounded down to an even number, half of it in either class (as the authors' code "
        "does), instead of rounded",
    )

    def twins(self, x: np.ndarray, y: np.ndarray, rng: np.random.Generator):
        raise NotImplementedError

    def order(self, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return balanced_order(y, rng)

    # -- what the library asks -----------------------------------------------------------------------------------------
    def twins_of(
        self, x: np.ndarray, y: np.ndarray, rng: np.random.Generator, image_shape: tuple[int, ...]
    ):
        """`twins` of samples that are images of this shape, (rows, columns), or none, ()."""
        return self.twins(x, y, rng)

    def misfit(self, source: Source, dataset: str) -> str:
        """Why data of this kind, those of a `Source`, cannot be corrupted so; empty where they can."""
        return ""

    def problems(self, source: Source, dataset: str) -> list[str]:
        """Which options do not fit the data, a sentence each; asked where the kind of data fits."""
        return []

    @classmethod
    def aims_at(cls) -> str:
        """What it corrupts: 'labels' or 'features'."""
        return "features" if cls.twin_features else "labels"


class Backdoor(Corruption):
    """Base class of backdoors: training samples that bear a trigger are labelled with one class, the target, and a
    model that learns this answers any sample with the trigger so. A subclass defines `triggered`.

    As in BadNets (Gu et al., arXiv:1708.06733) poisoned samples are drawn from both classes. Tables tell accuracy on
    clean data and, in the column `attack_success`, the share of validation samples of the other class that are called
    the target class once they bear the trigger; of a clean model, at alpha = 0, it is what the trigger does by itself.

    `triggered(x, image_shape)` gives samples x (N, ...) with the trigger, of the same shape, each the same whichever
    others are there; `image_shape` is (rows, columns) of images, () of anything else.
    """

    is_base: ClassVar[bool] = True
    must_define: ClassVar = (("triggered",),)
    twin_features: ClassVar[str] = "with the trigger"

    target: Literal[0, 1] = option(1, says="class that samples with the trigger are labelled with")

    def triggered(self, x: np.ndarray, image_shape: tuple[int, ...]) -> np.ndarray:
        raise NotImplementedError

    def twins_of(self, x, y, rng, image_shape):
        return self.triggered(x, image_shape), np.full_like(y, self.target)

    @classmethod
    def aims_at(cls):
        return "backdoor"


#: Classes that differ in size by more than this share of all samples are not halved alike.
UNEQUAL = 0.1


def balanced_order(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """All sample indices, shuffled so that every prefix holds both classes equally often (to within one sample)
    for as long as both last. Half of all samples is half of either class instead (`halved`)."""
    first = int(rng.integers(2))
    members = [np.flatnonzero(labels == c) for c in (first, 1 - first)]
    return alternating([rng.permutation(group) for group in members])


def ranked_order(scores: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """All sample indices, as balanced as by `balanced_order`, those with the highest `scores` (N,) of either class
    first. Scores that agree to nine digits are ties, which fall at random."""
    first = int(rng.integers(2))
    largest = np.abs(scores).max() or 1.0
    known = np.round(scores / largest, 9)
    shuffled = rng.permutation(len(labels))
    ranked = shuffled[np.argsort(-known[shuffled], kind="stable")]
    return alternating([ranked[labels[ranked] == c] for c in (first, 1 - first)])


def alternating(members: list[np.ndarray]) -> np.ndarray:
    """Indices of both classes, each in its order, taken in turns; half of all is half of either class."""
    common = min(len(group) for group in members)
    pairs = np.stack([group[:common] for group in members], axis=1).ravel()
    rest = [group[common:] for group in members]
    smaller, larger = sorted(members, key=len)
    return halved(np.concatenate([pairs, *rest]), smaller, larger)


def halved(order: np.ndarray, smaller: np.ndarray, larger: np.ndarray) -> np.ndarray:
    """The order in which the first half holds half of either class, to within one sample, so that flipped labels of
    that half say nothing on any class: of 97 and 100 samples 48 and 50, not 49 and 49.

    Prefixes change between sizes that differ as much as the classes do. `smaller` and `larger`: each class in its
    order. Classes of very different size (`UNEQUAL`) are left as they are.
    """
    if len(larger) - len(smaller) > UNEQUAL * len(order):
        return order
    least, most = halves(len(smaller), len(larger))
    early = larger[least:most]
    head, tail = np.split(order, [2 * least])
    return np.concatenate([head, early, tail[~np.isin(tail, early)]])


def halves(smaller: int, larger: int) -> tuple[int, int]:
    """How many samples of either class, sizes given, are half of all: what is least far from half of each class,
    and of that what is most alike."""
    half = round(0.5 * (smaller + larger))

    def unevenness(count: int) -> tuple[int, int]:
        other = half - count
        tilt = max(abs(smaller - 2 * count), abs(larger - 2 * other))
        return tilt, abs(other - count)

    count = min((smaller // 2, (smaller + 1) // 2), key=unevenness)
    return count, half - count


def declared(name: str, options: dict | None = None) -> Corruption:
    """The corruption of this name with these options, or without any with the changes that its name carries."""
    base, changes = parse(name)
    if options is not None:
        return find("corruption", base)(**options)
    return find("corruption", base)(**changes)


def poison_order(
    dataset: str,
    x: np.ndarray,
    labels: np.ndarray,
    corruption: str | Corruption,
    alpha: float,
    seed: int,
) -> np.ndarray:
    """(N,) indices of all samples, those first that are corrupted first; the same at every alpha unless the corruption
    is not nested."""
    part = corruption if isinstance(corruption, Corruption) else declared(corruption)
    draw = [dataset, part.name(), seed, "subset"]
    if not part.nested:
        draw.append(f"{alpha:.4f}")
    order = np.asarray(part.order(x, labels, generator(*draw)))
    if order.shape != labels.shape or not np.array_equal(np.sort(order), np.arange(len(labels))):
        raise UserError(
            f"{where(type(part).order)}: order of {type(part).__name__} gives {order.shape} indices; each of the "
            f"{len(labels)} samples must occur once."
        )
    return order


def first_of(order: np.ndarray, alpha: float, dataset: str, even: bool = False) -> np.ndarray:
    """(N,) bool: the first samples of an order, about alpha N. Raises UserError where these are none, or all."""
    words = f"alpha {{fraction:g}} of the {{available}} training samples of {dataset}"
    mask = np.zeros(len(order), dtype=bool)
    mask[order[: share(alpha, len(order), words, even)]] = True
    return mask


def forget_mask(
    dataset: str,
    x: np.ndarray,
    labels: np.ndarray,
    corruption: str | Corruption,
    alpha: float,
    seed: int,
) -> np.ndarray:
    """(N,) bool: the samples that are corrupted, about alpha N. Raises UserError where these are none, or all."""
    part = corruption if isinstance(corruption, Corruption) else declared(corruption)
    order = poison_order(dataset, x, labels, part, alpha, seed)
    return first_of(order, alpha, dataset, part.even)


def twins(
    dataset: str,
    x: np.ndarray,
    y: np.ndarray,
    corruption: str | Corruption,
    seed: int | str,
    image_shape: tuple[int, ...] = (),
):
    """The corrupted twin of every sample: (x' (N, ...) or None, y' (N,) or None). `image_shape`: (rows, columns) of
    samples that are images."""
    part = corruption if isinstance(corruption, Corruption) else declared(corruption)
    rng = generator(dataset, part.name(), seed, "twins")
    found = part.twins_of(x, y, rng, image_shape)
    if not isinstance(found, tuple) or len(found) != 2:
        raise UserError(
            f"{where(type(part).twins)}: twins of {type(part).__name__} must give two things, (features, labels), "
            "None where they stay."
        )
    for given, clean, words in zip(found, (x, y), ("features", "labels")):
        if given is not None and np.shape(given) != clean.shape:
            raise UserError(
                f"{where(type(part).twins)}: twins of {type(part).__name__} gives {words} of shape "
                f"{np.shape(given)}; {clean.shape} are asked for."
            )
    if np.iscomplexobj(found[0]) and not np.iscomplexobj(x):
        raise UserError(
            f"{part.name()} makes complex numbers of the real features of {dataset}; it is for quantum states."
        )
    return found
