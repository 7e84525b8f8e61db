"""Fig. S "spectrum": how many Hessian eigenvalues lie beyond a value, at clean and at poisoned models."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from . import style


def _tail(axis, values, counts, **look) -> None:
    """Steps of the number of eigenvalues at or beyond each value, away from zero."""
    order = np.argsort(-np.abs(values))
    axis.step(values[order], np.cumsum(counts[order]), where="post", **look)


def _scale(axis, magnitudes) -> None:
    """Logarithmic on both sides of zero down to the smallest magnitude, with a handful of ticks."""
    low, high = (np.log10(value) for value in ((magnitudes.min(), magnitudes.max()) if len(magnitudes) else (1e-3, 1)))
    threshold = np.floor(low)
    powers = np.arange(np.floor(high), threshold + 1, -(2 if high - low < 6 else 3))
    ticks = 10.0**powers
    axis.set_xscale("symlog", linthresh=10.0**threshold, linscale=0.3)
    axis.set_xticks([*-ticks, 0, *ticks])
    axis.minorticks_off()


def _panel(axis, models: pd.DataFrame, eigenvalues: pd.DataFrame) -> None:
    alphas = np.sort(models["alpha"].unique())
    drawn = eigenvalues[eigenvalues["eigenvalue"] != 0]
    for i, alpha in enumerate(alphas):
        colour = style.PARTS["corrupted" if alpha else "clean"]
        look = {"color": colour, "lw": 0.8, "alpha": 0.8, "ls": "-" if i < 2 else ["--", ":", "-."][i % 3]}
        for _, run in drawn[drawn["alpha"] == alpha].groupby("seed"):
            for side in (run[run["eigenvalue"] < 0], run[run["eigenvalue"] > 0]):
                _tail(axis, side["eigenvalue"].to_numpy(), side["count"].to_numpy(), **look)
        here = models[models["alpha"] == alpha]
        words = f"α = {alpha:g}: {here['negative'].mean():.0f} < 0, {here['positive'].mean():.0f} > 0"
        axis.text(0.03, 0.97 - 0.09 * i, words, transform=axis.transAxes, va="top", color=colour, size=6.5)
    _scale(axis, drawn["eigenvalue"].abs())
    axis.axvline(0, color="0.8", lw=0.6, zorder=0)
    if collapsed := style.collapsed_runs(models, ["alpha", "seed"]):
        style.note(axis, f"{collapsed} of {len(models)} runs collapsed")


def draw(table: pd.DataFrame, eigenvalues: pd.DataFrame, models: list[str], architectures: dict):
    """One row of panels per dataset and corruption, one panel per model; one line per seed."""
    rows = list(table[["dataset", "corruption"]].drop_duplicates().itertuples(index=False, name=None))
    figure, axes = plt.subplots(
        len(rows), len(models), figsize=(style.WIDTH, 2.1 * len(rows) + 0.35), squeeze=False, sharey="row"
    )
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    for line, (dataset, corruption) in zip(axes, rows):
        for axis, model in zip(line, models):
            parts = []
            for frame in (table, eigenvalues):
                chosen = (frame["dataset"] == dataset) & (frame["corruption"] == corruption) & (frame["model"] == model)
                parts.append(frame[chosen])
            _panel(axis, *parts)
            methods = " and ".join(sorted(parts[0]["method"].unique()))
            size = parts[0]["parameters"].mean()
            label = style.model_label(model, architectures.get(model))
            axis.set_title(f"{label}\n{size:,.0f} parameters, {methods}".replace("lanczos", "Lanczos"), linespacing=1.1)
            style.panel_letter(axis, next(letters))
        here = table[(table["dataset"] == dataset) & (table["corruption"] == corruption)]
        top = max(1.0, here[["negative", "positive"]].max().max())
        line[0].set_yscale("log")
        line[0].set_ylim(0.5, top * (2 * top) ** 0.35)  # room for the words above the lines
        line[0].set_ylabel(f"{style.DATASETS.get(dataset, dataset)}\nnumber beyond the value")
    for axis in axes[-1]:
        axis.set_xlabel("eigenvalue of the Hessian")
    words = ", ".join(dict.fromkeys(style.WORDS.get(corruption, corruption) for _, corruption in rows))
    figure.suptitle(f"{words}, one line per model, n = {table['seed'].nunique()} seeds", size=7.5)
    return figure
