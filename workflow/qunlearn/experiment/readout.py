"""Read trained QNNs out otherwise than they were trained: exactly, or with a finite number of shots."""

from __future__ import annotations

import json
from pathlib import PurePath

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from scipy import stats

from .. import models, store, tables
from ..data import Dataset
from ..variants import base


def expectations(dataset: Dataset, architecture: dict, params: dict) -> np.ndarray:
    """(R, N) exact <Z> of the validation samples, noise of the device included, by R trained replicas (R, ...)."""
    exact = architecture | {"shots": None}
    model = models.build(exact, [dataset.x_train, dataset.x_validation])
    pool = jnp.asarray(model.encode(dataset.x_validation), params["theta"].dtype)
    return np.asarray(jax.jit(jax.vmap(lambda theta: model.expectation(theta, pool)))(params["theta"]))


def expected_accuracy(z: np.ndarray, labels: np.ndarray, shots: int) -> np.ndarray:
    """(R,) mean accuracy of readings with `shots` outcomes, for <Z> (R, N) and labels (N,): the binomial probability of
    the right sign. A reading of zero means class 0, as everywhere."""
    probability = np.clip((1 + z.astype(float)) / 2, 0, 1)
    one = stats.binom.sf(shots // 2, shots, probability)
    return np.mean(np.where(labels > 0.5, one, 1 - one), axis=1)


def table(cells: list[str], datasets: list[str], alphas, seeds, margin: float) -> pd.DataFrame:
    """As `tables.noise`, every model with its base among the `cells`. val_accuracy is that of readings with as many
    shots as in training; `training_val_accuracy` that of the same parameters read out exactly; `readout_val_accuracy`
    that of the base's parameters, trained exactly, read out with the shots. `circuit_runs`: shots that training takes
    on a device, for one reading and two shifted readings per live angle of every sample in every epoch."""
    frame = tables.noise(cells, datasets, alphas, seeds, margin)
    data = {PurePath(path).name.removesuffix(".h5"): store.read_dataset(path) for path in datasets}
    found, readings = {}, {}
    for path in cells:
        content, attributes = store.read(path, store.CELLS)
        settings = json.loads(attributes["settings"])
        dataset, model = PurePath(path).parts[-5:-3]
        z = expectations(data[dataset], settings["architecture"], content["params"])
        found |= {(dataset, model, *cell): row for *cell, row in zip(content["alpha"], content["seed"], z)}
        per_epoch = len(data[dataset].y_train) * (1 + 2 * settings["parameters"]["live"])
        readings[dataset, model] = settings["schedule"]["epochs"] * per_epoch
    rows = []
    for row in frame.itertuples():
        labels = data[row.dataset].y_validation
        right = (found[row.dataset, row.model, row.alpha, row.seed] > 0) == (labels > 0.5)
        exact, read = found[row.dataset, base(row.model), row.alpha, row.seed], np.nan
        if np.isfinite(row.shots):
            read = expected_accuracy(exact[None], labels, int(row.shots))[0]
        rows.append([np.mean(right), read, row.shots * readings[row.dataset, row.model]])
    names = ["training_val_accuracy", "readout_val_accuracy", "circuit_runs"]
    return frame.join(pd.DataFrame(rows, columns=names))
