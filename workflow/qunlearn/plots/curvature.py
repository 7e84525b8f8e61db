"""Fig. S "curvature": roughening against the corrupted fraction, the largest second derivatives against their bound,
and what clean and corrupted samples add to the two terms of the Hessian trace."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from . import style

TERMS = {"gauss_newton": "-", "residual": "--"}


def _roughening(axis, table: pd.DataFrame, models: list[str], architectures: dict) -> None:
    """Geometric mean of the LRR over seeds, dots the single runs."""
    lost = 0
    for model in models:
        colour = style.model_colour(model, models)
        runs = table[table.model == model]
        kept = runs[np.isfinite(runs.lrr) & (runs.lrr > 0)]
        lost += len(runs) - len(kept)
        mean = np.exp(np.log(kept["lrr"]).groupby(kept["alpha"]).mean())
        axis.plot(mean.index, mean, color=colour, label=style.model_label(model, architectures.get(model)))
        axis.plot(kept["alpha"], kept["lrr"], "o", ms=2, color=colour, alpha=0.6, mew=0)
    axis.set_yscale("log")
    axis.axhline(1, color="0.2", ls="--", lw=0.8)
    axis.set_title("landscape roughening ratio, on training data")
    axis.set_ylabel("Tr H(α) / Tr H(0)")
    flagged = style.collapsed_runs(table, ["model", "alpha", "seed"])
    if lost or flagged:
        style.note(axis, f"{flagged} runs collapsed, {lost} ratios not drawn")


def _largest(axis, table: pd.DataFrame, models: list[str]) -> None:
    """Largest |second derivative| in one parameter: of one sample's loss (dots) and of the mean loss (line)."""
    for model in models:
        colour = style.model_colour(model, models)
        runs = table[table.model == model]
        axis.plot(runs["alpha"], runs["largest_sample"], "o", ms=2.2, color=colour, alpha=0.6, mew=0)
        mean = runs.groupby("alpha")["largest_mean"].max()
        axis.plot(mean.index, mean, color=colour)
        for bound in runs["bound"].dropna().unique():
            axis.axhline(bound, color=colour, ls=":", lw=1)
            axis.annotate(
                f"bound {bound:g}", (0.01, bound), xycoords=("axes fraction", "data"), xytext=(0, 1.5),
                textcoords="offset points", size=6.5, color=colour,
            )  # fmt: skip
    axis.set_yscale("log")
    axis.set_title("largest second derivative in one parameter")
    axis.set_ylabel("|∂²L/∂θ²|")


def _terms(axis, table: pd.DataFrame, title: str) -> None:
    alphas = np.sort(table["alpha"].unique())
    for part, colour in style.PARTS.items():
        here = table[table["part"] == part]
        for term, line in TERMS.items():
            style.band(axis, alphas, here, term, "alpha", color=colour, ls=line, lw=1)
    style.band(axis, alphas, table[table["part"] == "all"], "trace", "alpha", color="0.2", lw=1)
    axis.axhline(0, color="0.8", lw=0.6, zorder=0)
    axis.set_title(title)


def _key() -> list:
    """What colours and line styles of the lower panels mean."""
    parts = [plt.Line2D([], [], color=colour, lw=3, label=f"{part} samples") for part, colour in style.PARTS.items()]
    words = {"Gauss–Newton term": TERMS["gauss_newton"], "residual term": TERMS["residual"]}
    terms = [plt.Line2D([], [], color="0.5", lw=1, ls=line, label=word) for word, line in words.items()]
    return [*parts, *terms, plt.Line2D([], [], color="0.2", lw=1, label="whole trace")]


def draw(table: pd.DataFrame, models: list[str], architectures: dict):
    """Two rows of panels per dataset and corruption: roughening and bound; the terms, one panel per model."""
    rows = list(table[["dataset", "corruption"]].drop_duplicates().itertuples(index=False, name=None))
    figure = plt.figure(figsize=(style.WIDTH, 3.7 * len(rows) + 0.3))
    blocks = np.atleast_1d(figure.subfigures(len(rows), 1, hspace=0.03))
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    for block, (dataset, corruption) in zip(blocks, rows):
        upper, lower = block.subfigures(2, 1)
        here = table[(table.dataset == dataset) & (table.corruption == corruption)]
        whole = here[here["part"] == "all"]
        roughening, largest = upper.subplots(1, 2)
        _roughening(roughening, whole, models, architectures)
        _largest(largest, whole, models)
        axes = lower.subplots(1, len(models), squeeze=False)[0]
        for axis, model in zip(axes, models):
            label = style.model_label(model, architectures.get(model))
            _terms(axis, here[here.model == model], f"{label}: parts of Tr H")
        axes[0].set_ylabel("contribution to Tr H")
        for axis in (roughening, largest, *axes):
            axis.set(xlabel="corrupted fraction α", xticks=np.sort(here["alpha"].unique()))
            style.panel_letter(axis, next(letters))
        seeds = here["seed"].nunique()
        title = f"{style.DATASETS.get(dataset, dataset)}, {style.WORDS.get(corruption, corruption)}, n = {seeds} seeds"
        handles, labels = roughening.get_legend_handles_labels()
        upper.legend(handles, labels, loc="outside upper center", ncols=len(labels), title=title)
        lower.legend(handles=_key(), loc="outside upper center", ncols=5)
    return figure
