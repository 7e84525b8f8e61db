"""What poison does to the features: t-SNE maps of clean and corrupted training sets (paper,
Fig. 1b)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from qunlearn.parts import corruptions as poison
from qunlearn.parts.datasets import Dataset
from qunlearn.plots.examples import phase_free
from qunlearn.runtime.errors import UserError
from qunlearn.runtime.keys import generator

#: Samples of which a map can be made.
FEWEST = 4
COLUMNS = ["dataset", "corruption", "sample", "class", "label", "corrupted", "x", "y"]


class TrainingSet(NamedTuple):
    """Samples x (N, ...) and labels (N,) as training meets them, and which are corrupted (N,)."""

    x: np.ndarray
    labels: np.ndarray
    corrupted: np.ndarray


def poisoned(
    dataset: Dataset, corruption: str, alpha: float, seed: int, options: dict | None = None
) -> TrainingSet:
    """The samples of `experiment.problem.Problem` as plain rows; `corruption` may be 'clean', its
    `options` None for those that the name carries."""
    x, y = dataset.x_train, dataset.y_train
    if corruption == "clean":
        return TrainingSet(x, y, np.zeros(len(y), dtype=bool))
    part = poison.declared(corruption, options)
    forget = poison.forget_mask(dataset.name, x, y, part, alpha, seed)
    twin_x, twin_y = poison.twins(dataset.name, x, y, part, seed, dataset.image_shape)
    x, y = x.copy(), y.copy()
    if twin_x is not None:
        x[forget] = twin_x[forget]
    if twin_y is not None:
        y[forget] = twin_y[forget]
    return TrainingSet(x, y, forget)


def embed(x: np.ndarray, perplexity: float, *names) -> np.ndarray:
    """(N, 2) t-SNE map of rows (N, d), from their principal components; `names` name its random
    draw. In one thread: places then do not depend on the number of threads."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    if len(x) < FEWEST:
        raise UserError(
            f"{names[0]}: {len(x)} training samples are too few for a map; {FEWEST} are needed"
        )
    state = int(generator(*names, "embedding").integers(2**32))
    perplexity = min(perplexity, (len(x) - 1) / 3)
    with threadpool_limits(1):
        return TSNE(perplexity=perplexity, init="pca", random_state=state).fit_transform(x)


def embeddings(
    dataset: Dataset,
    corruptions: dict[str, dict | None],
    alpha: float,
    seed: int,
    perplexity: float,
) -> pd.DataFrame:
    """One row per training sample, clean and under each of the corruptions with these options;
    equal features have equal places."""
    parts = []
    maps: list[tuple[np.ndarray, np.ndarray]] = []  # features, places
    for corruption in ["clean", *corruptions]:
        samples = poisoned(dataset, corruption, alpha, seed, corruptions.get(corruption))
        places = next((p for x, p in maps if np.array_equal(x, samples.x)), None)
        if places is None:
            rows = phase_free(samples.x)
            places = embed(rows, perplexity, dataset.name, corruption, seed)
            maps.append((samples.x, places))
        parts.append(_frame(dataset, corruption, samples, places))
    return pd.concat(parts, ignore_index=True)


def _frame(
    dataset: Dataset, corruption: str, samples: TrainingSet, places: np.ndarray
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "dataset": dataset.name,
            "corruption": corruption,
            "sample": np.arange(len(places)),
            "class": dataset.y_train,
            "label": samples.labels,
            "corrupted": samples.corrupted,
            "x": places[:, 0],
            "y": places[:, 1],
        }
    )[COLUMNS]
