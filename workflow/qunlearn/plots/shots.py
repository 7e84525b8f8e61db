"""Fig. X "shots": resilience to flipped labels of a QNN whose expectation values are means of finite samples."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from . import style

PANELS = {"val_accuracy": "shots in training and readout", "training_val_accuracy": "shots in training only"}
LINES = {
    "val_accuracy": ("training and readout", "#0072B2", "o"),
    "training_val_accuracy": ("training only", "#D55E00", "s"),
    "readout_val_accuracy": ("readout only", "#009E73", "^"),
}


def _against_alpha(axis, part: pd.DataFrame, column: str) -> None:
    counts = np.sort(part["shots"].dropna().unique())
    alphas = np.sort(part["alpha"].unique())
    exact = part[part.shots.isna()]
    style.band(axis, alphas, exact, "val_accuracy", "alpha", color="black", label="exact", zorder=3)
    for i, count in enumerate(counts):
        colour = plt.get_cmap("Blues")(0.25 + 0.75 * (i + 1) / len(counts))
        style.band(axis, alphas, part[part.shots == count], column, "alpha", color=colour, label=f"{count:g}")
    axis.axhline(0.5, color="0.8", lw=0.6, zorder=0)
    axis.set(xlabel="corrupted fraction α", ylim=(-0.03, 1.05), title=PANELS[column])
    if collapsed := style.collapsed_runs(part, ["model", "alpha", "seed"]):
        axis.text(0.98, 0.98, f"{collapsed} of {len(part)}\nruns collapsed", transform=axis.transAxes, ha="right",
                  va="top", size=6.5, color="#B00020")  # fmt: skip


def _plateau(axis, summary: pd.DataFrame) -> None:
    part = summary[summary.quantity == "plateau"]
    exact = part[part.shots.isna() & (part.accuracy == "val_accuracy")]
    for low, high in zip(exact["low"], exact["high"]):
        axis.axhspan(low, high, color="black", alpha=0.12, lw=0)
    for value in exact["value"]:
        axis.axhline(value, color="black", lw=1, label="exact")
    for column, (label, colour, marker) in LINES.items():
        line = part[(part.accuracy == column) & part.shots.notna()].sort_values("shots")
        reach = np.abs(line[["low", "high"]].to_numpy().T - line["value"].to_numpy())
        axis.errorbar(line["shots"], line["value"], reach, color=colour, marker=marker, ms=3, lw=1, elinewidth=0.7,
                      capsize=1.5, label=label)  # fmt: skip
    axis.axhline(0.5, color="0.8", lw=0.6, zorder=0)
    axis.set(xscale="log", xlabel="shots per expectation value", ylim=(0.3, 1.02), title="plateau accuracy")


def draw(runs: pd.DataFrame, summary: pd.DataFrame, datasets: list[str]):
    """One row per dataset: accuracy against alpha with shots everywhere and with shots in training alone, and the
    plateau's accuracy against their number."""
    figure, axes = plt.subplots(len(datasets), 3, figsize=(style.WIDTH, 2.3 * len(datasets) + 0.2), squeeze=False)
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    for line, dataset in zip(axes, datasets):
        here = runs[runs.dataset == dataset]
        for axis, column in zip(line, PANELS):
            _against_alpha(axis, here, column)
        _plateau(line[2], summary[summary.dataset == dataset])
        line[0].set_ylabel(f"{style.DATASETS.get(dataset, dataset)}\nvalidation accuracy")
        line[2].legend(loc="lower right")
        line[0].legend(loc="lower left", handlelength=1.2, labelspacing=0.2)
        for axis in line:
            style.panel_letter(axis, next(letters))
    return figure
