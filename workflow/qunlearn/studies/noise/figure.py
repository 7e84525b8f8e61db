"""Fig. X "noise": resilience to flipped labels of a quantum model with depolarising noise or
readout errors."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import panels, style
from qunlearn.plots.looks import Looks

KNOBS = {"depolarizing": "depolarising, p", "readout_error": "readout error, e"}
SCALES = {"depolarizing": "Blues", "readout_error": "Oranges"}
COLOURS = {"depolarizing": "#0072B2", "readout_error": "#D55E00"}
QUANTITIES = {"plateau": "plateau accuracy", "critical_alpha": "critical α"}
EXACT = {"ls": "-", "marker": "o"}
READ = {"ls": "--", "marker": "s", "mfc": "white"}
RUN = ["model", "alpha", "seed"]


def draw(*, noise: pd.DataFrame, noise_summary: pd.DataFrame, datasets: list[str], looks: Looks):
    """Two rows per dataset, exact expectation values and a finite number of shots: accuracy against
    alpha under either noise; at their right plateau accuracy and critical alpha against the noise's
    strength."""
    rows = len(datasets)
    size = style.WIDTH, 3.9 * rows + 0.3
    figure, axes = plt.subplots(2 * rows, 3, figsize=size, squeeze=False)
    letters = style.letters()
    readings = {"exact": True, f"{noise['shots'].max():g} shots": False}
    for upper, dataset in zip(range(0, 2 * rows, 2), datasets):
        runs = style.select(noise, dataset=dataset)
        summary = style.select(noise_summary, dataset=dataset)
        kinds = zip(axes[upper : upper + 2], readings.items(), QUANTITIES)
        for line, (reading, is_exact), quantity in kinds:
            here = runs[runs["shots"].isna() == is_exact]
            for axis, knob in zip(line, KNOBS):
                _against_alpha(axis, of_knob(here, knob), knob)
            line[0].set_ylabel(f"{looks.dataset(dataset)}\naccuracy, {reading}")
            _against_strength(line[2], style.select(summary, quantity=quantity))
            line[2].set_ylabel(QUANTITIES[quantity])
            for axis in line:
                style.panel_letter(axis, next(letters))
        axes[upper, 2].set_ylim(0.4, 1.02)
    _legend(figure, list(readings))
    return figure


def of_knob(table: pd.DataFrame, knob: str) -> pd.DataFrame:
    """Rows without any noise and those with this one alone."""
    other = next(name for name in KNOBS if name != knob)
    return table[table[other] == 0]


def _against_alpha(axis, here: pd.DataFrame, knob: str) -> None:
    strengths = np.sort(here[knob].unique())
    alphas = np.sort(here["alpha"].unique())
    scale = plt.get_cmap(SCALES[knob])
    for place, strength in enumerate(strengths):
        colour = "black"
        if strength > 0:
            colour = scale(0.3 + 0.7 * place / (len(strengths) - 1))
        runs = here[here[knob] == strength]
        look = {
            "color": colour,
            "label": f"{strength:g}",
            "zorder": 3 - place / len(strengths),
        }
        style.band(axis, alphas, runs, "val_accuracy", "alpha", **look)
    panels.mark_coin(axis)
    axis.set(ylim=(-0.03, 1.05), xlabel="corrupted fraction α")
    axis.legend(
        title=KNOBS[knob],
        loc="lower left",
        handlelength=1.2,
        labelspacing=0.2,
    )
    if lost := style.collapsed_runs(here, RUN):
        caveat = {
            "size": 6.5,
            "color": style.CAVEAT,
            "loc": "right",
            "pad": 2,
        }
        axis.set_title(f"{lost} of {len(here)} runs collapsed", **caveat)


def _against_strength(axis, summary: pd.DataFrame) -> None:
    """Values with their intervals against the strength of either noise."""
    known = summary[summary["value"].notna()]
    bars = {
        "ms": 3,
        "lw": 1,
        "elinewidth": 0.7,
        "capsize": 1.5,
    }
    for knob, colour in COLOURS.items():
        for is_exact, look in ((True, EXACT), (False, READ)):
            line = of_knob(known[known["shots"].isna() == is_exact], knob).sort_values(knob)
            reach = panels.reach(line, "value", "low", "high")
            axis.errorbar(line[knob], line["value"], reach, color=colour, **bars, **look)
    panels.mark_coin(axis)
    axis.set_xlabel("strength of the noise, p or e")


def _legend(figure, readings: list[str]) -> None:
    handles = []
    for knob, label in KNOBS.items():
        handles.append(plt.Line2D([], [], color=COLOURS[knob], marker="o", ms=3, label=label))
    for label, look in zip(readings, (EXACT, READ)):
        handles.append(plt.Line2D([], [], color="0.3", ms=3, label=label, **look))
    figure.legend(handles=handles, loc="outside upper right", ncols=4)
