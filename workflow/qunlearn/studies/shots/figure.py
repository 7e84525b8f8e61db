"""Fig. X "shots": resilience to flipped labels of a quantum model whose expectation values are
means of finite samples."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import panels, style
from qunlearn.plots.looks import Looks

PANELS = {
    "val_accuracy": "shots in training and readout",
    "training_val_accuracy": "shots in training only",
}
LINES = {
    "val_accuracy": ("training and readout", "#0072B2", "o"),
    "training_val_accuracy": ("training only", "#D55E00", "s"),
    "readout_val_accuracy": ("readout only", "#009E73", "^"),
}
RUN = ["model", "alpha", "seed"]


def draw(*, shots: pd.DataFrame, shots_summary: pd.DataFrame, datasets: list[str], looks: Looks):
    """One row per dataset: accuracy against alpha with shots everywhere and with shots in training
    alone, and the plateau's accuracy against their number."""
    size = style.WIDTH, 2.3 * len(datasets) + 0.2
    figure, axes = plt.subplots(len(datasets), 3, figsize=size, squeeze=False)
    letters = style.letters()
    plateaus = style.select(shots_summary, quantity="plateau")
    for line, dataset in zip(axes, datasets):
        here = style.select(shots, dataset=dataset)
        for axis, accuracy in zip(line, PANELS):
            _against_alpha(axis, here, accuracy)
        _plateau(line[2], style.select(plateaus, dataset=dataset))
        line[0].set_ylabel(f"{looks.dataset(dataset)}\nvalidation accuracy")
        line[2].legend(loc="lower right")
        line[0].legend(loc="lower left", handlelength=1.2, labelspacing=0.2)
        for axis in line:
            style.panel_letter(axis, next(letters))
    return figure


def _against_alpha(axis, here: pd.DataFrame, accuracy: str) -> None:
    counts = np.sort(here["shots"].dropna().unique())
    alphas = np.sort(here["alpha"].unique())
    exact = {"color": "black", "label": "exact", "zorder": 3}
    style.band(
        axis,
        alphas,
        here[here["shots"].isna()],
        "val_accuracy",
        "alpha",
        **exact,
    )
    scale = plt.get_cmap("Blues")
    for number, count in enumerate(counts, start=1):
        runs = style.select(here, shots=count)
        shade = scale(0.25 + 0.75 * number / len(counts))
        style.band(
            axis,
            alphas,
            runs,
            accuracy,
            "alpha",
            color=shade,
            label=f"{count:g}",
        )
    panels.mark_coin(axis)
    axis.set(
        xlabel="corrupted fraction α",
        ylim=(-0.03, 1.05),
        title=PANELS[accuracy],
    )
    if lost := style.collapsed_runs(here, RUN):
        words = f"{lost} of {len(here)}\nruns collapsed"
        corner = {"transform": axis.transAxes, "ha": "right", "va": "top"}
        axis.text(0.98, 0.98, words, size=6.5, color=style.CAVEAT, **corner)


def _plateau(axis, plateaus: pd.DataFrame) -> None:
    """Against the number of shots, with intervals; black: exact throughout."""
    exact = plateaus[plateaus["shots"].isna() & (plateaus["accuracy"] == "val_accuracy")]
    for row in exact.itertuples():
        axis.axhspan(row.low, row.high, color="black", alpha=0.12, lw=0)
    for row in exact.itertuples():
        axis.axhline(row.value, color="black", lw=1, label="exact")
    bars = {
        "ms": 3,
        "lw": 1,
        "elinewidth": 0.7,
        "capsize": 1.5,
    }
    for accuracy, (label, colour, marker) in LINES.items():
        line = style.select(plateaus, accuracy=accuracy)
        line = line[line["shots"].notna()].sort_values("shots")
        reach = panels.reach(line, "value", "low", "high")
        look = {"color": colour, "marker": marker, "label": label}
        axis.errorbar(line["shots"], line["value"], reach, **look, **bars)
    panels.mark_coin(axis)
    axis.set(xscale="log", ylim=(0.3, 1.02))
    axis.set(xlabel="shots per expectation value", title="plateau accuracy")
