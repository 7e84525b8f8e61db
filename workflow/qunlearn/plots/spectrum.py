"""Fig. S "spectrum": how many Hessian eigenvalues lie beyond a value, at clean and at poisoned models."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import SymmetricalLogLocator

from . import style

CELL = ["dataset", "corruption", "model"]


def _tail(axis, values, counts, **look) -> None:
    """Steps of the number of eigenvalues at or beyond each value, away from zero."""
    order = np.argsort(-np.abs(values))
    axis.step(values[order], np.cumsum(counts[order]), where="post", **look)


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
    smallest = drawn["eigenvalue"].abs().min() if len(drawn) else 1.0
    threshold = 10.0 ** np.floor(np.log10(smallest))
    axis.set_xscale("symlog", linthresh=threshold, linscale=0.3)
    axis.set_yscale("log")
    axis.xaxis.set_major_locator(SymmetricalLogLocator(base=100, linthresh=threshold))
    axis.axvline(0, color="0.8", lw=0.6, zorder=0)
    axis.set_ylim(0.5, 3 * max(1.0, models[["negative", "positive"]].max().max()) ** 1.25)
    if collapsed := style.collapsed_runs(models, ["alpha", "seed"]):
        style.note(axis, f"{collapsed} of {len(models)} runs collapsed")


def draw(table: pd.DataFrame, eigenvalues: pd.DataFrame, models: list[str], architectures: dict):
    """One row of panels per dataset and corruption, one panel per model; one line per seed."""
    rows = list(table[["dataset", "corruption"]].drop_duplicates().itertuples(index=False, name=None))
    figure, axes = plt.subplots(
        len(rows), len(models), figsize=(style.WIDTH, 1.95 * len(rows) + 0.45), squeeze=False, sharey="row"
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
            axis.set_title(f"{label}: {size:,.0f} parameters, {methods}".replace("lanczos", "Lanczos"))
            style.panel_letter(axis, next(letters))
        line[0].set_ylabel(f"{style.DATASETS.get(dataset, dataset)}\nnumber beyond the value")
    for axis in axes[-1]:
        axis.set_xlabel("eigenvalue of the Hessian")
    alphas = np.sort(table["alpha"].unique())
    figure.suptitle(
        f"{', '.join(style.WORDS.get(c, c) for _, c in dict.fromkeys((0, c) for _, c in rows))}; one line per seed "
        f"(n = {table['seed'].nunique()}), α = {', '.join(f'{a:g}' for a in alphas)}",
        size=7.5,
    )
    return figure
