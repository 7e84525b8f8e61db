"""Fig. X "scaling": the transition at every size, its width and place against size, and the data
collapse."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import panels, style
from qunlearn.plots.looks import Looks
from qunlearn.studies.scaling.fits import majority_width

WORDS = {"samples": "training samples N", "length": "chain length L"}
SYMBOLS = {"samples": "N", "length": "L"}
VOTE = {
    "ls": "--",
    "color": "#D55E00",
    "lw": 1,
    "label": "vote of N, 1/ν = 1/2",
}
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2)
BARS = {
    "fmt": "o",
    "ms": 3.5,
    "elinewidth": 0.8,
    "capsize": 2,
}


def draw(
    *,
    scaling: pd.DataFrame,
    scaling_fits: pd.DataFrame,
    scaling_exponents: pd.DataFrame,
    model: str,
    looks: Looks,
):
    """A row of panels per (dataset, what is scaled): curves, widths, critical fractions, data
    collapse."""
    rows = len(scaling_exponents)
    figure = plt.figure(figsize=(style.WIDTH, 2.15 * rows))
    blocks = figure.subfigures(rows, 1, squeeze=False)[:, 0]
    letters = style.letters()
    colour = looks.model(model).colour
    for block, exponent in zip(blocks, scaling_exponents.to_dict("records")):
        case = {name: exponent[name] for name in ("dataset", "scaled")}
        runs = style.select(scaling, **case)
        fits = style.select(scaling_fits, **case)
        for axis in _row(block, runs, fits, exponent, colour):
            style.panel_letter(axis, next(letters))
        words = f"{looks.dataset(case['dataset'])}: {WORDS[case['scaled']]}"
        seeds = style.number_of_seeds(runs)
        block.suptitle(f"{words}, mean over {seeds} seeds", size=8)
    return figure


def _row(block, runs: pd.DataFrame, fits: pd.DataFrame, exponent: dict, colour: str):
    """The panels of one dataset and what is scaled."""
    symbol = SYMBOLS[exponent["scaled"]]
    words = WORDS[exponent["scaled"]]
    axes = block.subplots(1, 4, width_ratios=[1.15, 1, 0.8, 1])
    _curves(axes[0], runs, fits, symbol)
    _widths(axes[1], fits, exponent, colour)
    _places(axes[2], fits, words, colour)
    _collapse(axes[3], runs, symbol)
    return axes


def _shades(sizes) -> list:
    """Of every size, darker for larger ones."""
    scale = plt.get_cmap("Blues")
    return [scale(depth) for depth in np.linspace(0.4, 1.0, len(sizes))]


def _name_sizes(axis, sizes: np.ndarray) -> None:
    """Ticks at all sizes; of more than five, some stay without their number, for the others to have
    room."""
    named = sizes[:: -(1 + (len(sizes) - 1) // 5)]
    axis.set_xticks(sizes, [f"{size}" if size in named else "" for size in sizes])


# -- curves ----------------------------------------------------------------------------------------
def _curves(axis, runs: pd.DataFrame, fits: pd.DataFrame, symbol: str) -> None:
    sizes = np.sort(runs["size"].unique())
    for size, shade in zip(sizes, _shades(sizes)):
        part = style.select(runs, size=size)
        alphas = np.sort(part["alpha"].unique())
        look = {
            "color": shade,
            "marker": "o",
            "ms": 2,
            "lw": 0.9,
            "label": f"{symbol} = {size}",
        }
        style.band(axis, alphas, part, "val_accuracy", "alpha", **look)
    panels.mark_coin(axis)
    axis.set(
        xlabel="corrupted fraction α",
        ylabel="validation accuracy",
        ylim=(-0.03, 1.05),
    )
    axis.legend(loc="lower left", handlelength=1.2)
    if lost := int(fits["collapsed"].sum()):
        words = f"{lost} of {fits['runs'].sum()} runs collapsed"
        axis.set_title(words, size=6.5, color=style.CAVEAT, loc="right")


def _collapse(axis, runs: pd.DataFrame, symbol: str) -> None:
    """Means on the rescaled axis, where one curve means scaling."""
    sizes = np.sort(runs["size"].unique())
    for size, shade in zip(sizes, _shades(sizes)):
        part = style.select(runs, size=size)
        part = part[np.isfinite(part["rescaled_alpha"])]
        mean = part.groupby("rescaled_alpha")["val_accuracy"].mean()
        axis.plot(mean.index, mean, "o", ms=2.5, color=shade, mew=0)
    panels.mark_coin(axis)
    axis.set_xlabel(f"(α − α$_c$) {symbol}$^{{1/ν}}$")
    axis.set(ylabel="validation accuracy", ylim=(-0.03, 1.05))
    if not np.isfinite(runs["rescaled_alpha"]).any():
        words = "no exponent: too few\nresolved transitions"
        axis.text(0.5, 0.5, words, transform=axis.transAxes, ha="center", va="center")


# -- fits ------------------------------------------------------------------------------------------
def _widths(axis, fits: pd.DataFrame, exponent: dict, colour: str) -> None:
    """Widths with their intervals, the power law fitted to them and, for samples, that of the
    majority vote."""
    scaled = exponent["scaled"]
    kept = style.select(fits, status="resolved")
    ends = panels.reach(kept, "width", "width_low", "width_high")
    axis.errorbar(
        kept["size"],
        kept["width"],
        ends,
        color=colour,
        label="fit",
        **BARS,
    )
    sizes = np.sort(fits["size"])
    if np.isfinite(exponent["exponent"]):
        _power_law(axis, kept, sizes, exponent)
    if scaled == "samples":
        voters = np.arange(sizes.min(), sizes.max() + 1)
        axis.plot(voters, [majority_width(number) for number in voters], **VOTE)
    axis.set(
        xscale="log",
        yscale="log",
        xlabel=WORDS[scaled],
        ylabel="10–90 % width w",
    )
    _name_sizes(axis, sizes)
    lost = fits[fits["status"] != "resolved"]
    _limits(axis, len(lost))
    axis.minorticks_off()
    axis.legend(loc="lower left", handlelength=1.5)
    _name_lost(axis, lost, SYMBOLS[scaled])


def _power_law(axis, kept: pd.DataFrame, sizes: np.ndarray, exponent: dict) -> None:
    """w ~ size^(-1/nu) through the middle of the widths."""
    power = exponent["exponent"]
    widths, places = np.log(kept["width"]), np.log(kept["size"])
    centre = np.exp(widths.mean() + power * places.mean())
    words = f"1/ν = {power:.2f}"
    low, high = exponent["low"], exponent["high"]
    if np.isfinite(low):
        words += f" [{low:.2f}, {high:.2f}]"
    axis.plot(
        sizes,
        centre * sizes**-power,
        "-",
        color="0.3",
        lw=0.8,
        label=words,
    )


def _limits(axis, lost: int) -> None:
    """Room for the legend below, and for as many remarks above as sizes are `lost`."""
    low, high = axis.get_ylim()
    low, high = min(low, 0.05), max(high, 0.5)
    room = high / low
    bottom = low / room**0.55
    axis.set_ylim(bottom, high * room ** (0.12 * lost))
    ticks = [tick for tick in TICKS if low <= tick <= high]
    axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])


def _name_lost(axis, lost: pd.DataFrame, symbol: str) -> None:
    """Sizes whose width does not count, and why."""
    words = [f"{symbol} = {size}: {why}" for size, why in zip(lost["size"], lost["status"])]
    corner = {"transform": axis.transAxes, "ha": "right", "va": "top"}
    axis.text(
        0.98,
        0.98,
        "\n".join(words),
        size=6.5,
        color=style.CAVEAT,
        **corner,
    )


def _places(axis, fits: pd.DataFrame, words: str, colour: str) -> None:
    """Critical fractions with their intervals."""
    kept = fits[np.isfinite(fits["critical_alpha"])]
    ends = panels.reach(kept, "critical_alpha", "critical_alpha_low", "critical_alpha_high")
    axis.errorbar(kept["size"], kept["critical_alpha"], ends, color=colour, **BARS)
    axis.axhline(0.5, color="0.2", ls="--", lw=0.8)
    axis.set(xscale="log", xlabel=words, ylabel="critical fraction α$_c$")
    _name_sizes(axis, np.sort(fits["size"]))
    axis.minorticks_off()
    low, high = axis.get_ylim()
    axis.set_ylim(min(low, 0.45), max(high, 0.55))
