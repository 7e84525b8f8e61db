"""Poisoning: which samples are corrupted, and what takes their place (paper, Methods: Data contamination).

A corruption gives every sample a *twin*: the sample as an attacker would hand it in. At corruption fraction alpha a
subset of round(alpha N) samples, balanced between the classes, is exchanged for its twins. Subset and twins depend on
(dataset, corruption, seed) alone: every model meets the same poison, and the samples poisoned at a smaller alpha stay
poisoned, with the same twins, at every larger one.

A corruption is one file with a function twins(x, y, rng) -> (x' or None, y' or None); None means unchanged. It may
have a forget_order(labels, rng) of its own, where the subset is not to be balanced.
"""

from __future__ import annotations

from importlib import import_module

import numpy as np

from ..keys import generator

#: Names in the configuration; each is a module of this package with a function twins(x, y, rng).
REGISTRY = ("label_flipping", "feature_randomization", "one_class_flipping")


def forget_order(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """All sample indices, shuffled so that every prefix holds both classes equally often (to within one sample)
    for as long as both last."""
    first = int(rng.integers(2))
    shuffled = [rng.permutation(np.flatnonzero(labels == c)) for c in (first, 1 - first)]
    common = min(len(group) for group in shuffled)
    pairs = np.stack([group[:common] for group in shuffled], axis=1).ravel()
    return np.concatenate([pairs, *(group[common:] for group in shuffled)])


def forget_mask(dataset: str, labels: np.ndarray, corruption: str, alpha: float, seed: int) -> np.ndarray:
    """(N,) bool: the round(alpha N) samples that are corrupted."""
    ordered = getattr(import_module(f".{corruption}", __name__), "forget_order", forget_order)
    order = ordered(labels, generator(dataset, corruption, seed, "subset"))
    mask = np.zeros(len(labels), dtype=bool)
    mask[order[: round(alpha * len(labels))]] = True
    return mask


def twins(dataset: str, x: np.ndarray, y: np.ndarray, corruption: str, seed: int):
    """The corrupted twin of every sample: (x' (N, d) or None, y' (N,) or None)."""
    module = import_module(f".{corruption}", __name__)
    return module.twins(x, y, generator(dataset, corruption, seed, "twins"))
