"""Fig. 3: unlearning. Validation accuracy against the unlearning step, the loss around clean and poisoned minima, and
the landscape roughening ratio."""

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
    """Bars from 1 to the geometric mean over seeds, dots the single runs, on a logarithmic axis."""
    alphas = np.sort(table.loc[table.alpha > 0, "alpha"].unique())
    width = 0.8 / len(models)
    lost = 0
    for k, model in enumerate(models):
        colour = style.model_colour(model, models)
        for j, alpha in enumerate(alphas):
            runs = table[(table.model == model) & (table.alpha == alpha)]
            values = runs.loc[np.isfinite(runs.lrr) & (runs.lrr > 0), "lrr"]
            lost += len(runs) - len(values)
            if values.empty:
                continue
            x = j + (k - (len(models) - 1) / 2) * width
            label = style.model_label(model, architectures.get(model)) if j == 0 else None
            mean = np.exp(np.log(values).mean())
            axis.bar(x, mean - 1, width * 0.9, bottom=1, color=colour, alpha=0.75, lw=0, label=label)
            axis.plot([x] * len(values), values, "o", ms=2, mfc="white", mec="0.15", mew=0.5)
    axis.set_yscale("log")
    axis.axhline(1, color="0.2", ls="--", lw=0.8)
    axis.set(xticks=range(len(alphas)), xticklabels=[f"{a:g}" for a in alphas], xlabel="corrupted fraction α")
    flagged = style.collapsed_runs(table, ["model", "alpha", "seed"])
    if lost or flagged:
        style.note(axis, f"{flagged} runs collapsed\n{lost} ratios not drawn")


def _surface(axis, part: pd.DataFrame, low: float, high: float) -> None:
    """Loss above that of the trained parameters over the plane; vertical axis and colour scale from `low` to `high`."""
    rise = part.pivot(index="a", columns="b", values="rise")
    a, b = np.meshgrid(rise.index, rise.columns, indexing="ij")
    look = {"cmap": "viridis", "vmin": low, "vmax": high, "rstride": 1, "cstride": 1, "lw": 0.1, "ec": (0, 0, 0, 0.25)}
    axis.plot_surface(a, b, rise.to_numpy(), **look)
    edge = rise.index.max()
    axis.set(zlim=(low, high), xticks=[-edge, 0, edge], yticks=[-edge, 0, edge])
    axis.locator_params(axis="z", nbins=3)
    axis.tick_params(pad=-4, labelsize=6)
    axis.set_xlabel("a", labelpad=-11)
    axis.set_ylabel("b", labelpad=-11)
    axis.view_init(elev=24, azim=-58)
    axis.set_box_aspect((1, 1, 0.75), zoom=1.08)
    if part["collapsed"].any():
        axis.text2D(0.5, 0.4, "collapsed", transform=axis.transAxes, ha="center", size=6.5, color="#B00020")


def _surfaces(
    figure, table: pd.DataFrame, datasets: list[str], models: list[str], architectures: dict, letters
) -> None:
    """Per dataset and model a pair of surfaces, clean and poisoned, on the same axes and colour scale."""
    rows = figure.subfigures(len(datasets), len(models), squeeze=False)
    for line, dataset in zip(rows, datasets):
        for pair, model in zip(line, models):
            here = table[(table.dataset == dataset) & (table.model == model)]
            centre = here[(here.a == 0) & (here.b == 0)].set_index("alpha").loss
            here = here.assign(rise=here["loss"] - here["alpha"].map(centre))
            low, high = np.nan_to_num([here["rise"].min(), here["rise"].max()])
            axes = pair.subplots(1, 2, subplot_kw={"projection": "3d"})
            for axis, (alpha, part) in zip(axes, here.groupby("alpha")):
                _surface(axis, part, low, max(high, low + 1e-9))
                what = "clean" if alpha == 0 else f"α = {alpha:g}"
                axis.set_title(f"{what}, λ = {part['eigenvalue_a'].iloc[0]:.2g}", size=7, y=1.02, pad=0)
            name = f"{style.DATASETS.get(dataset, dataset)}, {style.model_label(model, architectures.get(model))}"
            pair.suptitle(name, size=8)
            pair.text(0.01, 0.97, next(letters), weight="bold", size=9, va="top")


def draw(
    unlearning: pd.DataFrame,
    landscape: pd.DataFrame,
    surface: pd.DataFrame,
    datasets: list[str],
    models: list[str],
    surface_models: list[str],
    landscape_models: list[str],
    methods: list[str],
    architectures: dict,
):
    """A row of unlearning panels per dataset, one panel per model; a row of loss surfaces per dataset; below, the LRR
    per dataset and evaluation set."""
    heights = [1.75 * len(datasets) + 0.25, 1.75 * len(datasets), 2.15]
    figure = plt.figure(figsize=(style.WIDTH, sum(heights)))
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=heights)
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    alpha = unlearning["alpha"].min()
    grid = top.subplots(len(datasets), len(models), squeeze=False, sharex=True, sharey="row")
    for row, dataset in zip(grid, datasets):
        here = unlearning[(unlearning.dataset == dataset) & (unlearning.alpha == alpha)]
        for axis, model in zip(row, models):
            _unlearning(axis, here[here.model == model], methods)
            axis.set_title(f"{style.model_label(model, architectures.get(model))}, α = {alpha:g}")
            style.panel_letter(axis, next(letters))
        row[0].set_ylim(max(0, np.floor(here["val_accuracy"].min() * 10) / 10), 1.03)
        row[0].set_ylabel(f"{style.DATASETS.get(dataset, dataset)}\nvalidation accuracy")
    for axis in grid[-1]:
        axis.set_xlabel("unlearning step (epochs)")
    handles, labels = grid[0][0].get_legend_handles_labels()
    runs = unlearning["seed"].nunique()
    handles, labels = [plt.Line2D([], [], lw=0), *handles], [f"mean ± s.d., n = {runs}:", *labels]
    top.legend(handles, labels, loc="outside upper center", ncols=len(labels))

    _surfaces(middle, surface, datasets, surface_models, architectures, letters)

    axes = bottom.subplots(1, 2 * len(datasets), squeeze=False, sharey=True)[0]
    pairs = [(d, part) for d in datasets for part in ("train", "validation")]
    for axis, (dataset, part) in zip(axes, pairs):
        chosen = landscape[(landscape.dataset == dataset) & (landscape.eval_set == part)]
        _bars(axis, chosen, landscape_models, architectures)
        kind = "own training data" if part == "train" else "validation data"
        axis.set_title(f"{style.DATASETS.get(dataset, dataset)}\n{kind}", linespacing=1.1)
        style.panel_letter(axis, next(letters))
    axes[0].set_ylabel("Tr H(α) / Tr H(0)")
    handles, labels = axes[0].get_legend_handles_labels()
    bottom.legend(handles, labels, loc="outside upper center", ncols=len(labels), handlelength=1)
    return figure
