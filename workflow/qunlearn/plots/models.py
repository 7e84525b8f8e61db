"""Fig. S "models": resilience of every comparison model beside the MLP's and the QNN's."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from . import style

#: Panels, and the families they show; a multi-layer perceptron without hidden layers is a linear model.
KINDS = {
    "linear models": ("logistic_regression", "linear"),
    "kernels and neighbours": ("rbf", "nearest_neighbours", "random_features"),
    "networks": ("mlp", "qnn", "cnn", "resnet"),
}
REFERENCE = ("mlp", "qnn")
MARKS = ["o", "s", "^", "D", "v", "P", "X"]


def kind(architecture: dict) -> str:
    """The panel that an architecture belongs to."""
    if architecture["family"] == "mlp" and not architecture["hidden"]:
        return "linear models"
    family = architecture.get("kernel") if architecture["family"] == "svm" else architecture["family"]
    return next(name for name, families in KINDS.items() if family in families)


def draw(table: pd.DataFrame, datasets: list[str], corruptions: list[str], models: list[str], architectures: dict):
    """One row of panels per dataset and corruption, one column per kind of model."""
    shown = {name: [m for m in models if m not in REFERENCE and kind(architectures[m]) == name] for name in KINDS}
    rows = [(dataset, corruption) for dataset in datasets for corruption in corruptions]
    figure, axes = plt.subplots(
        len(rows), len(KINDS), figsize=(style.WIDTH, 1.65 * len(rows) + 1.4), squeeze=False, sharex=True, sharey=True
    )
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    for line, (dataset, corruption) in zip(axes, rows):
        here = table[(table.dataset == dataset) & (table.corruption == corruption)]
        alphas = np.sort(here["alpha"].unique())
        for axis, members in zip(line, shown.values()):
            for model in [m for m in REFERENCE if m in models]:
                part = here[here.model == model]
                style.band(axis, alphas, part, "val_accuracy", "alpha", color=style.MODELS[model], lw=2.2, alpha=0.45,
                           label=style.model_label(model))  # fmt: skip
            for i, model in enumerate(members):
                part = here[here.model == model]
                look = {
                    "color": style.SPARE[i % len(style.SPARE)],
                    "marker": MARKS[i % len(MARKS)],
                    "ms": 2.8,
                    "lw": 0.9,
                }
                label = style.model_label(model, architectures[model])
                style.band(axis, alphas, part, "val_accuracy", "alpha", label=label, **look)
            axis.axhline(0.5, color="0.8", lw=0.6, zorder=0)
            style.panel_letter(axis, next(letters))
            part = here[here.model.isin(members)]
            if collapsed := style.collapsed_runs(part, ["model", "alpha", "seed"]):
                style.note(axis, f"{collapsed} of {len(part)} runs collapsed")
        line[0].set_ylabel(f"{style.DATASETS.get(dataset, dataset)}\n{style.WORDS.get(corruption, corruption)}")
    for axis, name in zip(axes[0], shown):
        axis.set_title(name)
    for axis in axes[-1]:
        axis.set(xlabel="corrupted fraction α", xticks=[0, 0.3, 0.6, 0.9])
        axis.legend(loc="upper left", bbox_to_anchor=(0, -0.34), borderaxespad=0)
    axes[0, 0].set(ylim=(-0.03, 1.05))
    runs = table["seed"].nunique()
    figure.suptitle(f"validation accuracy, mean ± s.d., n = {runs}", size=7.5)
    return figure
