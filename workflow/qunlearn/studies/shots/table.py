"""The tables 'shots', one row per trained model, and 'shots_summary', plateaus and critical alphas."""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np
import pandas as pd

from qunlearn.grid.names import base
from qunlearn.parts.datasets import Dataset
from qunlearn.results.cells import CELLS
from qunlearn.results.csv import path_names, stem
from qunlearn.results.datasets import read_dataset
from qunlearn.results.hdf5 import read
from qunlearn.results.trained import cells_of, trained_table, with_changes
from qunlearn.statistics.transition import plateau_summary
from qunlearn.studies.shots.readout import expectations, expected_accuracy

#: What the model of a row was trained with, and a perfect device; no shots are exact expectation values.
DEVICE = {"depolarizing": 0.0, "readout_error": 0.0, "shots": np.nan}
#: Accuracies with shots in training and readout, in training alone, in readout alone.
ACCURACIES = ["val_accuracy", "training_val_accuracy", "readout_val_accuracy"]


class Readings(NamedTuple):
    """What trained models answer when they are read out exactly.

    `values`: (dataset, model, alpha, seed) -> <Z> (N,) of the validation samples.
    `taken`: (dataset, model) -> expectation values that a training takes on a device: for one
    reading and two shifted readings per live angle of every sample in every epoch.
    """

    values: dict[tuple, np.ndarray]
    taken: dict[tuple, int]


def tabulate(
    data: list[str],
    cells: list[str],
    *,
    alphas,
    seeds,
    margin: float,
    plateau: float,
    confidence: float,
    resamples: int,
    progress=lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """As the table 'noise', every model with its base among the `cells`.

    val_accuracy is that of readings with as many shots as in training; `training_val_accuracy` that
    of the same parameters read out exactly; `readout_val_accuracy` that of the base's parameters,
    trained exactly, read out with the shots. `circuit_runs`: shots that training takes on a device.
    """
    datasets = {stem(path): read_dataset(path) for path in data}
    trained = trained_table(cells, data, alphas, seeds, margin)
    runs = with_changes(trained, DEVICE)
    readings = exact_readings(cells, datasets)
    runs = runs.join(read_out(runs, datasets, readings))
    summary = plateau_summary(
        runs,
        ["dataset", "shots"],
        ACCURACIES,
        plateau,
        margin,
        confidence,
        resamples,
    )
    return {"shots": runs, "shots_summary": summary}


def exact_readings(cells: list[str], datasets: dict[str, Dataset]) -> Readings:
    """Of all models in the files `cells`."""
    values, taken = {}, {}
    for path in cells:
        content, attributes = read(path, CELLS)
        settings = json.loads(attributes["settings"])
        dataset, model, _ = path_names(path, 2)
        samples = datasets[dataset]
        z = expectations(samples, settings["architecture"], content["params"])
        for i, alpha, seed in cells_of(content):
            values[dataset, model, alpha, seed] = z[i]
        live, epochs = settings["parameters"]["live"], settings["schedule"]["epochs"]
        taken[dataset, model] = epochs * len(samples.y_train) * (1 + 2 * live)
    return Readings(values, taken)


def read_out(runs: pd.DataFrame, datasets: dict[str, Dataset], readings: Readings) -> pd.DataFrame:
    """A row for each of the runs: its accuracies when it is read out otherwise, and its cost."""
    rows = []
    for run in runs.itertuples():
        cell = run.alpha, run.seed
        labels = datasets[run.dataset].y_validation
        own = readings.values[run.dataset, run.model, *cell]
        right = (own > 0) == (labels > 0.5)
        read = np.nan
        if np.isfinite(run.shots):
            exact = readings.values[run.dataset, base(run.model), *cell]
            read = expected_accuracy(exact[None], labels, int(run.shots))[0]
        circuits = run.shots * readings.taken[run.dataset, run.model]
        rows.append([np.mean(right), read, circuits])
    return pd.DataFrame(rows, columns=[*ACCURACIES[1:], "circuit_runs"])
