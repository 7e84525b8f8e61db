"""Fig. S "cost": what each unlearning method spends, and how soon it reaches retraining's accuracy."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from . import style

PASSES = {"retain_passes": ("retain", ""), "forget_passes": ("forget", "////"), "teacher_passes": ("teacher", "....")}


def _passes(axis, part: pd.DataFrame, methods: list[str]) -> None:
    """Passes of one model, thousands, stacked by what they are of; the same for every model."""
    for i, method in enumerate(methods):
        one = part[part.method == method].iloc[0]
        bottom = 0.0
        for column, (_, hatch) in PASSES.items():
            height = one[column] / 1000
            axis.barh(i, height, left=bottom, color=style.METHODS.get(method), alpha=0.6, hatch=hatch, ec="white", lw=0)
            bottom += height
        axis.text(bottom, i, f" {one['passes']:.0f} in {one['updates']:.0f} updates", va="center", size=6)
    axis.set(
        yticks=range(len(methods)),
        yticklabels=[style.WORDS.get(m, m) for m in methods],
        xlabel="passes per model, 10³",
        xlim=(0, part["passes"].max() / 1000 * 1.75),
    )
    axis.invert_yaxis()


def _places(models: list[str], methods: list[str]):
    """(model index, model, method, x) of groups of methods side by side."""
    for i, model in enumerate(models):
        for j, method in enumerate(methods):
            yield i, model, method, i + (j - (len(methods) - 1) / 2) * 0.8 / len(methods)


def _seconds(axis, part: pd.DataFrame, models: list[str], methods: list[str]) -> None:
    for _, model, method, x in _places(models, methods):
        value = part[(part.model == model) & (part.method == method)]["seconds"].mean()
        axis.plot(x, value, "s", ms=4, color=style.METHODS.get(method))
    axis.set(yscale="log", ylabel="seconds per model")


def _steps(axis, part: pd.DataFrame, models: list[str], methods: list[str]) -> None:
    """Single runs; those that never get there lie above the dashed line, with their number."""
    last = part["steps"].max()
    never = 1.14 * last
    for _, model, method, x in _places(models, methods):
        runs = part[(part.model == model) & (part.method == method)]
        steps = np.sort(runs["steps_to_retrain"].dropna())
        colour = style.METHODS.get(method)
        width = 0.7 / len(methods)
        axis.plot(
            x + width * (np.arange(len(steps)) - (len(steps) - 1) / 2) / 5, steps, "o", ms=2.2, color=colour, mew=0
        )
        if censored := len(runs) - len(steps):
            axis.plot(x, never, "^", ms=3.5, mfc="white", mec=colour, mew=0.8)
            axis.text(x, never * 1.035, censored, ha="center", va="bottom", size=6, color=colour)
        else:
            axis.plot([x - width / 2, x + width / 2], [np.median(steps)] * 2, color=colour, lw=1)
    axis.axhline(1.06 * last, color="0.6", ls="--", lw=0.6)
    axis.set(ylabel="steps to retrain's accuracy", ylim=(-0.04 * last, 1.3 * last))
    axis.set_yticks([*np.linspace(0, last, 6).round().astype(int), never])
    axis.set_yticklabels([*np.linspace(0, last, 6).round().astype(int), "never"])
    if collapsed := style.collapsed_runs(part, ["model", "method", "seed"]):
        axis.set_title(f"{collapsed} of {len(part)} runs collapsed", size=6.5, color="#B00020")


def draw(table: pd.DataFrame, cases: list[tuple], methods: list[str], architectures: dict):
    """A row per dataset, corruption and fraction of `cases`: passes, seconds, steps to retraining's final accuracy."""
    rows = list(dict.fromkeys((dataset, corruption, alpha) for dataset, _, corruption, alpha in cases))
    models = list(dict.fromkeys(model for _, model, _, _ in cases))
    figure = plt.figure(figsize=(style.WIDTH, 2.1 * len(rows) + 0.4))
    parts = np.atleast_1d(figure.subfigures(len(rows), 1))
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    for row, (dataset, corruption, alpha) in zip(parts, rows):
        line = row.subplots(1, 3, width_ratios=[1.25, 1, 1.6])
        part = table[(table.dataset == dataset) & (table.corruption == corruption) & (table.alpha == alpha)]
        row.suptitle(
            f"{style.DATASETS.get(dataset, dataset)}, {style.WORDS.get(corruption, corruption)}, α = {alpha:g}", size=8
        )
        _passes(line[0], part, methods)
        _seconds(line[1], part, models, methods)
        _steps(line[2], part, models, methods)
        labels = [style.model_label(m, architectures.get(m)).replace(" ", "\n", 1) for m in models]
        for axis in line[1:]:
            axis.set(xticks=range(len(models)), xticklabels=labels, xlim=(-0.55, len(models) - 0.45))
        for axis in line:
            style.panel_letter(axis, next(letters))
    kinds = [
        plt.Rectangle((0, 0), 1, 1, fc="0.5", ec="white", lw=0, hatch=h, label=f"{n} passes")
        for n, h in PASSES.values()
    ]
    names = [
        plt.Line2D([], [], marker="o", ls="", ms=3, color=style.METHODS.get(m), label=style.WORDS.get(m, m))
        for m in methods
    ]
    figure.legend(handles=[*names, *kinds], loc="outside lower center", ncols=len(names) + len(kinds), columnspacing=1)
    return figure
