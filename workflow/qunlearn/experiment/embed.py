"""What poison does to the features: t-SNE maps of clean and corrupted training sets (paper, Fig. 1b)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .. import corruption as poison
from ..data import Dataset
from ..keys import generator

COLUMNS = ["dataset", "corruption", "sample", "class", "label", "corrupted", "x", "y"]


def poisoned(dataset: Dataset, corruption: str, alpha: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(x (N, d), labels (N,), corrupted (N,)) as training meets them: the samples of `Problem` as plain rows;
    `corruption` may be 'clean'."""
    x, y = dataset.x_train, dataset.y_train
    if corruption == "clean":
        return x, y, np.zeros(len(y), dtype=bool)
    forget = poison.forget_mask(dataset.name, y, corruption, alpha, seed)
    twin_x, twin_y = poison.twins(dataset.name, x, y, corruption, seed)
    rows = x if twin_x is None else np.where(forget[:, None], twin_x, x)
    return rows, y if twin_y is None else np.where(forget, twin_y, y), forget


def phase_free(x: np.ndarray) -> np.ndarray:
    """Rows of images as they are; of quantum states the moduli of their amplitudes, whose Euclidean distance does not
    depend on the arbitrary phase of a state."""
    return np.abs(x) if np.iscomplexobj(x) else x


def embed(x: np.ndarray, perplexity: float, *names) -> np.ndarray:
    """(N, 2) t-SNE map of rows (N, d), from their principal components; `names` name its random draw. In one thread:
    places then do not depend on the number of threads."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    state = int(generator(*names, "embedding").integers(2**32))
    perplexity = min(perplexity, (len(x) - 1) / 3)
    with threadpool_limits(1):
        return TSNE(perplexity=perplexity, init="pca", random_state=state).fit_transform(x)


def embeddings(dataset: Dataset, corruptions: list[str], alpha: float, seed: int, perplexity: float) -> pd.DataFrame:
    """One row per training sample, clean and under each corruption; equal features have equal places."""
    parts, maps = [], {}
    for corruption in ["clean", *corruptions]:
        x, labels, corrupted = poisoned(dataset, corruption, alpha, seed)
        known = next((name for name, (other, _) in maps.items() if np.array_equal(other, x)), None)
        places = maps[known][1] if known else embed(phase_free(x), perplexity, dataset.name, corruption, seed)
        maps[corruption] = x, places
        columns = [dataset.name, corruption, np.arange(len(x)), dataset.y_train, labels, corrupted, *places.T]
        parts.append(pd.DataFrame(dict(zip(COLUMNS, columns))))
    return pd.concat(parts, ignore_index=True)
