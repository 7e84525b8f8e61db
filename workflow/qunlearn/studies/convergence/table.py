"""The table 'convergence', one row per record of every unlearned and retrained model."""

from __future__ import annotations

import json
from pathlib import PurePath

import numpy as np
import pandas as pd

from qunlearn.parts.corruptions import declared, forget_mask
from qunlearn.parts.datasets import Dataset
from qunlearn.parts.registry import find
from qunlearn.results.csv import path_names, stem
from qunlearn.results.datasets import read_dataset
from qunlearn.results.hdf5 import read
from qunlearn.results.trained import UNLEARNING_RUN, unlearned_table
from qunlearn.training.streams import widths

#: What runs have in common that ran by the same schedule.
SWEEP = ["dataset", "model", "corruption", "alpha", "method"]
COLUMNS = [*UNLEARNING_RUN, "step", "passes", "val_accuracy", "collapsed"]


def tabulate(
    data: list[str],
    cells: list[str],
    *,
    seeds: list[int],
    poisons: dict[str, dict],
    progress=lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """Validation accuracy after so many steps, which are epochs over the retain set, and passes:
    samples that went forward through the network until then, each followed by its backward pass,
    and once through the poisoned model where the method asks it.

    `data`: files of datasets; `cells`: files of unlearned and retrained models; `poisons`: options
    by corruption.
    """
    datasets = {stem(path): read_dataset(path) for path in data}
    paces = pd.DataFrame([pace(path, datasets, poisons) for path in cells])
    paces = paces.drop_duplicates(SWEEP)
    table = unlearned_table(cells, seeds).rename(columns={"step": "record"})
    table = table.merge(paces, on=SWEEP)
    step = table["record"] * table["epochs_per_record"]
    passes_of_student = step * table["passes_per_epoch"]
    passes_of_teacher = table["teacher_passes"].where(step > 0, 0)
    table = table.assign(step=step, passes=passes_of_student + passes_of_teacher)
    return {"convergence": table[COLUMNS]}


def pace(path: str, datasets: dict[str, Dataset], poisons: dict[str, dict]) -> dict:
    """Of a file of models: epochs between two records, passes per epoch, passes of the teacher."""
    dataset, model, corruption = path_names(path, 3)
    name = PurePath(path).parts[-2]
    content, attributes = read(path, ("alpha", "seed", "history"))
    settings = json.loads(attributes["settings"])
    alpha = float(content["alpha"][0])
    method = find("method", name.partition("~")[0])
    schedule = settings["schedule"]
    is_fitted = find("model", settings["architecture"]["family"]).fitted
    has_loop = method.defines("loss") and not is_fitted
    epochs = schedule["epochs"] if has_loop else 1
    records = content["history"]["validation_accuracy"].shape[1] - 1
    x, y = datasets[dataset].x_train, datasets[dataset].y_train
    seed = int(content["seed"][0])  # all have as many
    part = declared(corruption, poisons[corruption])
    forget = forget_mask(dataset, x, y, part, alpha, seed)
    sizes = {"retain": int(np.sum(~forget)), "forget": int(np.sum(forget))}
    an_epoch = passes(sizes, method.reads(), schedule)
    once = passes(sizes, method.reads(), {"batch": 0})
    return {
        "dataset": dataset,
        "model": model,
        "corruption": corruption,
        "alpha": alpha,
        "method": name,
        "epochs_per_record": epochs // records,
        # what a method without a loss reads is known where it runs alone (`studies.methods`)
        "passes_per_epoch": an_epoch if method.defines("loss") else float("nan"),
        "teacher_passes": once if method.teacher else 0,
    }


def passes(sizes: dict[str, int], reads: tuple[str, ...], schedule: dict) -> int:
    """Samples of the sets 'retain' and 'forget' that an epoch reads."""
    updates, _ = widths([sizes["retain"]], schedule["batch"])
    again = {"retain": 1, "forget": updates if schedule.get("whole_forget") else 1}
    return sum(again[name] * sizes[name] for name in reads)
