"""Fig. X "scaling": the transition at every size, its width and place against size, and the data collapse."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ..scaling import majority_width
from . import style

WORDS = {"samples": "training samples N", "length": "chain length L"}
SYMBOLS = {"samples": "N", "length": "L"}


def _shades(sizes) -> list:
    return [plt.get_cmap("Blues")(x) for x in np.linspace(0.4, 1.0, len(sizes))]


def _curves(axis, runs: pd.DataFrame, fits: pd.DataFrame, symbol: str) -> None:
    sizes = np.sort(runs["size"].unique())
    for size, shade in zip(sizes, _shades(sizes)):
        part = runs[runs["size"] == size]
        look = {"color": shade, "marker": "o", "ms": 2, "lw": 0.9}
        style.band(
            axis, np.sort(part["alpha"].unique()), part, "val_accuracy", "alpha", label=f"{symbol} = {size}", **look
        )
    axis.axhline(0.5, color="0.8", lw=0.6, zorder=0)
    axis.set(xlabel="corrupted fraction α", ylabel="validation accuracy", ylim=(-0.03, 1.05))
    axis.legend(loc="lower left", handlelength=1.2)
    if collapsed := int(fits["collapsed"].sum()):
        axis.set_title(f"{collapsed} of {fits['runs'].sum()} runs collapsed", size=6.5, color="#B00020", loc="right")


def _widths(axis, fits: pd.DataFrame, exponent: pd.Series, scaled: str) -> None:
    """Widths with their intervals, the power law fitted to them and, for samples, that of the majority vote."""
    kept = fits[fits["status"] == "resolved"]
    ends = np.abs(kept[["width_low", "width_high"]].sub(kept["width"], axis=0)).to_numpy().T
    axis.errorbar(kept["size"], kept["width"], np.nan_to_num(ends), fmt="o", ms=3.5, color=style.MODELS["qnn"],
                  elinewidth=0.8, capsize=2, label="fit")  # fmt: skip
    sizes = np.sort(fits["size"])
    if np.isfinite(exponent["exponent"]):
        centre = np.exp(np.log(kept["width"]).mean() + exponent["exponent"] * np.log(kept["size"]).mean())
        words = f"1/ν = {exponent['exponent']:.2f}"
        if np.isfinite(exponent["low"]):
            words += f" [{exponent['low']:.2f}, {exponent['high']:.2f}]"
        axis.plot(sizes, centre * sizes ** -exponent["exponent"], "-", color="0.3", lw=0.8, label=words)
    if scaled == "samples":
        votes = np.arange(sizes.min(), sizes.max() + 1)
        axis.plot(votes, [majority_width(n) for n in votes], "--", color="#D55E00", lw=1, label="vote of N, 1/ν = 1/2")
    axis.set(xscale="log", yscale="log", xlabel=WORDS[scaled], ylabel="10–90 % width w")
    _name_sizes(axis, sizes)
    low, high = axis.get_ylim()
    low, high = min(low, 0.05), max(high, 0.5)
    lost = fits[fits["status"] != "resolved"]
    room = high / low
    axis.set_ylim(low / room**0.55, high * room ** (0.12 * len(lost)))  # for the legend below, the remarks above
    ticks = [t for t in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2) if low <= t <= high]
    axis.set_yticks(ticks, [f"{t:g}" for t in ticks])
    axis.minorticks_off()
    axis.legend(loc="lower left", handlelength=1.5)
    if len(lost):
        words = [f"{SYMBOLS[scaled]} = {size}: {status}" for size, status in zip(lost["size"], lost["status"])]
        axis.text(
            0.98, 0.98, "\n".join(words), transform=axis.transAxes, ha="right", va="top", size=6.5, color="#B00020"
        )


def _name_sizes(axis, sizes: np.ndarray) -> None:
    """Ticks at all sizes; of more than five, some stay without their number, for the others to have room."""
    named = sizes[:: -(1 + (len(sizes) - 1) // 5)]
    axis.set_xticks(sizes, [f"{n}" if n in named else "" for n in sizes])


def _places(axis, fits: pd.DataFrame, scaled: str) -> None:
    kept = fits[np.isfinite(fits["critical_alpha"])]
    ends = np.abs(kept[["critical_alpha_low", "critical_alpha_high"]].sub(kept["critical_alpha"], axis=0)).to_numpy().T
    axis.errorbar(kept["size"], kept["critical_alpha"], np.nan_to_num(ends), fmt="o", ms=3.5, color=style.MODELS["qnn"],
                  elinewidth=0.8, capsize=2)  # fmt: skip
    axis.axhline(0.5, color="0.2", ls="--", lw=0.8)
    axis.set(xscale="log", xlabel=WORDS[scaled], ylabel="critical fraction α$_c$")
    _name_sizes(axis, np.sort(fits["size"]))
    axis.minorticks_off()
    low, high = axis.get_ylim()
    axis.set_ylim(min(low, 0.45), max(high, 0.55))


def _collapse(axis, runs: pd.DataFrame, scaled: str) -> None:
    sizes = np.sort(runs["size"].unique())
    for size, shade in zip(sizes, _shades(sizes)):
        part = runs[(runs["size"] == size) & np.isfinite(runs["rescaled_alpha"])]
        mean = part.groupby("rescaled_alpha")["val_accuracy"].mean()
        axis.plot(mean.index, mean, "o", ms=2.5, color=shade, mew=0)
    axis.axhline(0.5, color="0.8", lw=0.6, zorder=0)
    axis.set(xlabel=f"(α − α$_c$) {SYMBOLS[scaled]}$^{{1/ν}}$", ylabel="validation accuracy", ylim=(-0.03, 1.05))
    if not np.isfinite(runs["rescaled_alpha"]).any():
        axis.text(
            0.5, 0.5, "no exponent: too few\nresolved transitions", transform=axis.transAxes, ha="center", va="center"
        )


def draw(runs: pd.DataFrame, fits: pd.DataFrame, exponents: pd.DataFrame):
    """A row of panels per (dataset, what is scaled): curves, widths, critical fractions, data collapse."""
    rows = list(exponents.itertuples(index=False))
    figure = plt.figure(figsize=(style.WIDTH, 2.15 * len(rows)))
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    for block, (_, row) in zip(np.atleast_1d(figure.subfigures(len(rows), 1)), exponents.iterrows()):
        here = [f[(f["dataset"] == row["dataset"]) & (f["scaled"] == row["scaled"])] for f in (runs, fits)]
        axes = block.subplots(1, 4, width_ratios=[1.15, 1, 0.8, 1])
        _curves(axes[0], *here, SYMBOLS[row["scaled"]])
        _widths(axes[1], here[1], row, row["scaled"])
        _places(axes[2], here[1], row["scaled"])
        _collapse(axes[3], here[0], row["scaled"])
        for axis in axes:
            style.panel_letter(axis, next(letters))
        name = style.DATASETS.get(row["dataset"], row["dataset"])
        block.suptitle(f"{name}: {WORDS[row['scaled']]}, mean over {here[0]['seed'].nunique()} seeds", size=8)
    return figure
