"""Fig. X "noise": resilience to flipped labels of a QNN with depolarising noise or readout errors."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from . import style

KNOBS = {"depolarizing": "depolarising, p", "readout_error": "readout error, e"}
MAPS = {"depolarizing": "Blues", "readout_error": "Oranges"}
COLOURS = {"depolarizing": "#0072B2", "readout_error": "#D55E00"}
QUANTITIES = {"plateau": "plateau accuracy", "critical_alpha": "critical α"}


def of_knob(table: pd.DataFrame, knob: str) -> pd.DataFrame:
    """Rows without any noise and those with this one alone."""
    other = next(name for name in KNOBS if name != knob)
    return table[table[other] == 0]


def _against_alpha(axis, part: pd.DataFrame, knob: str) -> None:
    strengths = np.sort(part[knob].unique())
    alphas = np.sort(part["alpha"].unique())
    for i, strength in enumerate(strengths):
        colour = "black" if strength == 0 else plt.get_cmap(MAPS[knob])(0.3 + 0.7 * i / (len(strengths) - 1))
        style.band(axis, alphas, part[part[knob] == strength], "val_accuracy", "alpha", color=colour,
                   label=f"{strength:g}", zorder=3 - i / len(strengths))  # fmt: skip
    axis.axhline(0.5, color="0.8", lw=0.6, zorder=0)
    axis.legend(title=KNOBS[knob], loc="lower left", handlelength=1.2, labelspacing=0.2)
    if collapsed := style.collapsed_runs(part, ["model", "alpha", "seed"]):
        axis.set_title(f"{collapsed} of {len(part)} runs collapsed", size=6.5, color="#B00020", loc="right", pad=2)


def _against_strength(axis, summary: pd.DataFrame, quantity: str) -> None:
    part = summary[(summary.quantity == quantity) & summary.value.notna()]
    for knob, colour in COLOURS.items():
        for exact, look in ((True, {"ls": "-", "marker": "o"}), (False, {"ls": "--", "marker": "s", "mfc": "white"})):
            line = of_knob(part[part.shots.isna() == exact], knob).sort_values(knob)
            reach = np.abs(line[["low", "high"]].to_numpy().T - line["value"].to_numpy())
            axis.errorbar(
                line[knob], line["value"], reach, color=colour, ms=3, lw=1, elinewidth=0.7, capsize=1.5, **look
            )
    axis.axhline(0.5, color="0.8", lw=0.6, zorder=0)
    axis.set(ylabel=QUANTITIES[quantity], xlabel="strength of the noise, p or e")


def draw(runs: pd.DataFrame, summary: pd.DataFrame, datasets: list[str]):
    """Two rows per dataset, exact expectation values and a finite number of shots: accuracy against alpha under either
    noise; at their right plateau accuracy and critical alpha against the noise's strength."""
    figure, axes = plt.subplots(2 * len(datasets), 3, figsize=(style.WIDTH, 3.9 * len(datasets) + 0.3), squeeze=False)
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    shots = runs["shots"].max()
    for i, dataset in enumerate(datasets):
        for j, (exact, quantity) in enumerate(zip((True, False), QUANTITIES)):
            line = axes[2 * i + j]
            here = runs[(runs.dataset == dataset) & (runs.shots.isna() == exact)]
            for axis, knob in zip(line, KNOBS):
                _against_alpha(axis, of_knob(here, knob), knob)
                axis.set(ylim=(-0.03, 1.05), xlabel="corrupted fraction α")
            kind = "exact" if exact else f"{shots:g} shots"
            line[0].set_ylabel(f"{style.DATASETS.get(dataset, dataset)}\naccuracy, {kind}")
            _against_strength(line[2], summary[summary.dataset == dataset], quantity)
            for axis in line:
                style.panel_letter(axis, next(letters))
        axes[2 * i, 2].set_ylim(0.4, 1.02)
    handles = [plt.Line2D([], [], color=COLOURS[k], marker="o", ms=3, label=KNOBS[k]) for k in KNOBS]
    handles += [
        plt.Line2D([], [], color="0.3", marker="o", ms=3, label="exact"),
        plt.Line2D([], [], color="0.3", ls="--", marker="s", mfc="white", ms=3, label=f"{shots:g} shots"),
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=4)
    return figure
