"""Fig. S "forgetting": unlearning in full. Forget and retain accuracy against the step, final accuracies against the
corrupted fraction, and cases beyond the main study."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from . import style
from .fig3 import LINES

ACCURACIES = {"forget_accuracy": "forget", "retain_accuracy": "retain", "val_accuracy": "validation"}
RUN = ["alpha", "method", "seed"]


def _curves(axis, part: pd.DataFrame, column: str, by: str, methods: list[str]) -> None:
    """A line with its band for each method, and a remark where runs collapsed."""
    marks = {"marker": "o", "ms": 2} if by == "alpha" else {}
    for method in methods:
        curve = part[part.method == method]
        style.band(
            axis, np.sort(curve[by].unique()), curve, column, by,
            color=style.METHODS.get(method, "#999999"), ls=LINES.get(method, "-."), lw=1, **marks,
        )  # fmt: skip
    if collapsed := style.collapsed_runs(part, RUN):
        style.note(axis, f"{collapsed} of {len(part[RUN].drop_duplicates())}\nruns collapsed")


def _block(figure, rows, columns, letters, methods, steps):
    """Panels of one table part per column; `rows` are (accuracy, label), `columns` (title, part)."""
    axes = figure.subplots(len(rows), len(columns), squeeze=False, sharex=True, sharey="row")
    by = "step" if steps else "alpha"
    for line, (column, label) in zip(axes, rows):
        for axis, (_, part) in zip(line, columns):
            _curves(axis, part, column, by, methods)
        drawn = [np.min(part.groupby(["method", by])[column].mean()) for _, part in columns]
        line[0].set(ylim=(max(-0.02, np.floor(10 * min(drawn)) / 10 - 0.05), 1.03), ylabel=label)
    for axis, (name, _) in zip(axes[0], columns):
        axis.set_title(name, size=7)
    figure.supxlabel("unlearning step" if steps else "corrupted fraction α", size=7.5)
    style.panel_letter(axes[0, 0], next(letters))
    return axes


def draw(
    table: pd.DataFrame,
    cases: list[tuple],
    alphas: list[float],
    extras: list[tuple],
    models: list[str],
    methods: list[str],
    architectures: dict,
):
    """Per dataset and corruption of `cases`, left: forget and retain accuracy against the step at the lowest corrupted
    fraction that the study unlearns from; right: final forget and validation accuracy against `alphas`. Below, all
    three against the step for `extras` (dataset, corruption, alpha) and `models`."""
    pairs = list(dict.fromkeys((dataset, corruption) for dataset, _, corruption, _ in cases))
    names = list(dict.fromkeys(model for _, model, _, _ in cases))
    shown = min(alpha for *_, alpha in cases)
    heights = [2.5] * len(pairs) + [1.55] * len(extras)
    figure = plt.figure(figsize=(style.WIDTH, sum(heights) + 0.3))
    parts = np.atleast_1d(figure.subfigures(len(heights), 1, height_ratios=heights))
    letters = iter("abcdefghijklmnopqrstuvwxyz")

    def label(model):
        return style.model_label(model, architectures.get(model))

    def heading(dataset, corruption):
        return f"{style.DATASETS.get(dataset, dataset)}, {style.WORDS.get(corruption, corruption)}"

    for part, (dataset, corruption) in zip(parts, pairs):
        here = table[(table.dataset == dataset) & (table.corruption == corruption)]
        final = here[(here.step == here.step.max()) & here.alpha.isin(alphas)]
        left, right = part.subfigures(1, 2, wspace=0.02)
        forget, retain, validation = ((name, f"{word}\naccuracy") for name, word in ACCURACIES.items())
        columns = [(label(m), here[(here.model == m) & (here.alpha == shown)]) for m in names]
        _block(left, [forget, retain], columns, letters, methods, steps=True)
        columns = [(label(m), final[final.model == m]) for m in names]
        axes = _block(right, [forget, validation], columns, letters, methods, steps=False)
        for axis in axes[-1]:
            axis.set_xticks(alphas)
        left.suptitle(f"{heading(dataset, corruption)}, α = {shown:g}", size=8)
        right.suptitle(f"after the last step ({here.step.max()})", size=8)
    for part, (dataset, corruption, alpha) in zip(parts[len(pairs) :], extras):
        here = table[(table.dataset == dataset) & (table.corruption == corruption) & (table.alpha == alpha)]
        halves = np.atleast_1d(part.subfigures(1, len(models), wspace=0.02))
        for half, model in zip(halves, models):
            chosen = here[here.model == model]
            axes = half.subplots(1, len(ACCURACIES), squeeze=False, sharex=True, sharey=True)[0]
            for axis, (column, word) in zip(axes, ACCURACIES.items()):
                _curves(axis, chosen, column, "step", methods)
                axis.set_title(word, size=7)
            half.supxlabel("unlearning step", size=7.5)
            axes[0].set_ylabel("accuracy")
            style.panel_letter(axes[0], next(letters))
            half.suptitle(f"{heading(dataset, corruption)}, α = {alpha:g}, {label(model)}", size=8)
    handles = [
        plt.Line2D([], [], color=style.METHODS.get(m, "#999999"), ls=LINES.get(m, "-."), label=style.WORDS.get(m, m))
        for m in methods
    ]
    runs = f"mean ± s.d., n = {table['seed'].nunique()}:"
    figure.legend(
        handles=[plt.Line2D([], [], lw=0, label=runs), *handles], loc="outside lower center", ncols=len(handles) + 1
    )
    return figure
