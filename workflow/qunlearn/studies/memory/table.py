"""The table 'memory', one row per model trained on random labels."""

from __future__ import annotations

import pandas as pd
from scipy.stats import binom

from qunlearn.results.csv import stem
from qunlearn.results.datasets import read_dataset
from qunlearn.results.trained import trained_table, with_parameters

#: Corrupted fraction at which labels say nothing.
RANDOM = 0.5


def tabulate(
    data: list[str],
    cells: list[str],
    *,
    names: dict[str, dict[str, str]],
    seeds,
    margin: float,
    confidence: float,
    progress=lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """As `trained_table` where half of the labels are flipped, with numbers of parameters and of
    training samples, and the range of accuracy that answers have which know nothing of the labels
    (`null_low`, `null_high`: a coin per sample). `names[dataset]`: what the configuration calls a
    model (`listed`)."""
    table = trained_table(cells, data, (RANDOM,), seeds, margin)
    table = with_parameters(table, cells)
    models = zip(table["dataset"], table["model"])
    table["listed"] = [names[dataset][model] for dataset, model in models]
    counts = {stem(path): len(read_dataset(path).y_train) for path in data}
    table["samples"] = table["dataset"].map(counts)
    low, high = binom.interval(confidence, table["samples"], 0.5)
    table["null_low"] = low / table["samples"]
    table["null_high"] = high / table["samples"]
    return {"memory": table}
