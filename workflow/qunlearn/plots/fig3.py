"""Fig. 3: unlearning. Validation accuracy against the unlearning step, then the landscape roughening ratio."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from . import style

LINES = {"retrain": "-", "finetune": "-", "scrub": "--", "gradient_ascent": ":"}


def _unlearning(axis, part: pd.DataFrame, methods: list[str]) -> None:
    for method in methods:
        curve = part[part.method == method]
        steps = np.sort(curve["step"].unique())
        label = style.WORDS.get(method, method)
        style.band(
            axis, steps, curve, "val_accuracy", "step",
            color=style.METHODS.get(method, "#999999"), ls=LINES.get(method, "-."), label=label,
        )  # fmt: skip
    collapsed = style.collapsed_runs(part, ["method", "seed"])
    if collapsed:
        style.note(axis, f"{collapsed} of {len(part[['method', 'seed']].drop_duplicates())} runs collapsed")


def _bars(axis, table: pd.DataFrame, models: list[str], architectures: dict) -> None:
    """Geometric axis: bar at the mean over seeds, whiskers from the smallest to the largest run, dots the runs."""
    alphas = np.sort(table.loc[table.alpha > 0, "alpha"].unique())
    width = 0.8 / len(models)
    lost = 0
    for k, model in enumerate(models):
        colour = style.model_colour(model, models)
        for j, alpha in enumerate(alphas):
            runs = table[(table.model == model) & np.isclose(table.alpha, alpha)]
            values = runs.loc[np.isfinite(runs.lrr) & (runs.lrr > 0), "lrr"]
            lost += len(runs) - len(values)
            if values.empty:
                continue
            x = j + (k - (len(models) - 1) / 2) * width
            label = style.model_label(model, architectures.get(model)) if j == 0 else None
            axis.bar(x, values.mean(), width * 0.9, bottom=0, color=colour, alpha=0.75, lw=0, label=label)
            axis.plot([x] * len(values), values, "o", ms=2, mfc="white", mec="0.15", mew=0.5)
    axis.set_yscale("log")
    axis.axhline(1, color="0.2", ls="--", lw=0.8)
    axis.set(xticks=range(len(alphas)), xticklabels=[f"{a:g}" for a in alphas], xlabel="corrupted fraction α")
    flagged = style.collapsed_runs(table, ["model", "alpha", "seed"])
    if lost or flagged:
        style.note(axis, f"{flagged} runs collapsed, {lost} ratios not drawn")


def draw(
    unlearning: pd.DataFrame,
    landscape: pd.DataFrame,
    datasets: list[str],
    models: list[str],
    landscape_models: list[str],
    methods: list[str],
    architectures: dict,
):
    """A row per dataset: one unlearning panel per model, then the LRR on training and on validation data."""
    figure, grid = plt.subplots(
        len(datasets), len(models) + 2, figsize=(style.WIDTH, 2.0 * len(datasets) + 0.3), squeeze=False
    )
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    alpha = unlearning["alpha"].min()
    for i, dataset in enumerate(datasets):
        here = unlearning[(unlearning.dataset == dataset) & (unlearning.alpha == alpha)]
        name = style.DATASETS.get(dataset, dataset)
        low = here["val_accuracy"].min()
        for axis, model in zip(grid[i], models):
            _unlearning(axis, here[here.model == model], methods)
            axis.set(ylim=(max(0, np.floor(low * 10) / 10), 1.03), xlabel="unlearning step")
            axis.set_title(style.model_label(model, architectures.get(model)))
            style.panel_letter(axis, next(letters))
        grid[i][0].set_ylabel(f"{name}\nvalidation accuracy")
        curvature = landscape[landscape.dataset == dataset]
        for axis, part, title in zip(grid[i][-2:], ("train", "validation"), ("training data", "validation data")):
            _bars(axis, curvature[curvature.eval_set == part], landscape_models, architectures)
            axis.set_title(f"LRR, {title}")
            style.panel_letter(axis, next(letters))
        grid[i][-2].set_ylabel("Tr H(α) / Tr H(0)")
        limits = [axis.get_ylim() for axis in grid[i][-2:]]
        for axis in grid[i][-2:]:
            axis.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
    handles, labels = grid[0][0].get_legend_handles_labels()
    grid[0][len(models) - 1].legend(handles, labels, loc="lower right", handlelength=1.8, labelspacing=0.25)
    grid[0][-2].legend(loc="upper left", handlelength=1, labelspacing=0.25)
    return figure
