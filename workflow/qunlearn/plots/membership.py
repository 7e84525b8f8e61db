"""Fig. X "membership": is an unlearned model told from models that never saw the forget set?"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from . import style

PANELS = {
    "auc_loss": "AUC, loss",
    "auc_likelihood_ratio": "AUC, likelihood ratio",
    "z_score": "z-score, forget set",
    "distance_forget": "distance, forget set",
}
COLUMNS = {
    "auc_loss": "AUC, loss",
    "auc_confidence": "AUC, confidence",
    "auc_likelihood_ratio": "AUC, likelihood ratio",
    "z_score": "z-score",
    "distance_forget": "distance, forget",
    "distance_validation": "distance, validation",
}
FACES = {"training": {}, "unlearning": {"mfc": "white"}}  # the kind of retrain that a model is compared with
BANDS = {"training": {"fc": "0.82", "lw": 0}, "unlearning": {"fill": False, "ec": "0.35", "lw": 0.6, "ls": "--"}}
WORDS = style.WORDS | {"poisoned": "poisoned"}
SCHEDULES = {"training": "trained in full", "unlearning": "trained for the unlearning steps"}


def _colour(method: str) -> str:
    return style.METHODS.get(method, style.NOISE)


def _panel(axis, part: pd.DataFrame, measure: str, models: list[str], methods: list[str], schedules: list[str]) -> None:
    """Per model the range of its retrains (bands, mean over seeds), and every method's mean with its smallest and
    largest value over seeds."""
    part = part[part.measure == measure]
    width = 0.84 / len(methods)
    for i, model in enumerate(models):
        for k, schedule in enumerate(schedules):
            here = part[(part.model == model) & (part.reference == schedule)]
            low, high = here[["low", "high"]].mean()
            axis.add_patch(plt.Rectangle((i - 0.46, low), 0.92, high - low, zorder=0, **BANDS[schedule]))
            for j, method in enumerate(methods):
                values = here[here.method == method]["value"]
                x = i + (j - (len(methods) - 1) / 2 + (k - (len(schedules) - 1) / 2) * 0.4) * width
                axis.plot([x, x], [values.min(), values.max()], color=_colour(method), lw=0.7)
                axis.plot(x, values.mean(), "o", ms=2.6, mew=0.7, color=_colour(method), **FACES[schedule])
    axis.set(xlim=(-0.5, len(models) - 0.5), title=PANELS[measure])
    if measure == "z_score":
        axis.set_yscale("symlog", linthresh=5)
        axis.set_yticks([-1000, -100, -10, 0, 10, 100], ["−1000", "−100", "−10", "0", "10", "100"])
    elif measure.startswith("distance"):
        axis.set(yscale="log", ylim=(max(1e-5, 0.5 * np.nanmin(part[["low", "value"]])), 1.5))
    else:
        axis.axhline(0.5, color="0.2", ls=":", lw=0.8)


def _verdicts(axis, part: pd.DataFrame, models: list[str], methods: list[str], schedules: list[str], architectures):
    """Per model and method (rows), measure and kind of retrain (columns): seeds whose value is within the range."""
    columns = [(measure, schedule) for measure in COLUMNS for schedule in schedules]
    rows = [(model, method) for model in models for method in methods]
    counts = part.groupby(["model", "method", "measure", "reference"])["within"].sum()
    grid = np.array([[counts[*row, *column] for column in columns] for row in rows])
    seeds = part["seed"].nunique()
    axis.imshow(grid, cmap="Greens", vmin=0, vmax=1.4 * seeds, aspect="auto")
    for (y, x), count in np.ndenumerate(grid):
        axis.text(x, y, count, ha="center", va="center", size=5.5, color="0.1" if count else "0.6")
    each = len(schedules)
    for i in range(1, len(COLUMNS)):
        axis.axvline(each * i - 0.5, color="white", lw=1.5)
    for i, model in enumerate(models):
        if i:
            axis.axhline(len(methods) * i - 0.5, color="white", lw=3)
        name = style.model_label(model, architectures.get(model))
        centre = len(methods) * (i + 0.5) - 0.5
        axis.annotate(
            name, (1, centre), xycoords=("axes fraction", "data"), xytext=(3, 0), textcoords="offset points",
            rotation=270, va="center", size=6.5,
        )  # fmt: skip
    axis.set_xticks([each * (i + 0.5) - 0.5 for i in range(len(COLUMNS))], COLUMNS.values(), rotation=45, ha="left")
    axis.set_yticks(range(len(rows)), [WORDS.get(method, method) for _, method in rows])
    axis.tick_params(length=0, labelsize=6, top=True, bottom=False, labeltop=True, labelbottom=False, pad=2)
    for label, (_, method) in zip(axis.get_yticklabels(), rows):
        label.set_color(_colour(method))
    axis.spines[:].set_visible(False)
    for x, (_, schedule) in enumerate(columns):
        look = {"color": "0.2", "ms": 2.6, "mew": 0.7, "clip_on": False, **FACES[schedule]}
        axis.plot(x, -0.025, "o", transform=axis.get_xaxis_transform(), **look)
    axis.set(ylim=(len(rows) - 0.5, -0.5), xlim=(-0.5, len(columns) - 0.5))
    axis.set_xlabel(f"seeds of {seeds} within the retrains' 95 % range", size=6.5, labelpad=10)


def draw(table: pd.DataFrame, cases: list[tuple], methods: list[str], schedules: list[str], architectures: dict):
    """A part per dataset, corruption and fraction of `cases`: four measures of every model, and for all measures how
    many seeds are within the retrains' range. `schedules`: how the retrains were trained."""
    rows = list(dict.fromkeys((dataset, corruption, alpha) for dataset, _, corruption, alpha in cases))
    models = list(dict.fromkeys(model for _, model, _, _ in cases))
    methods = ["poisoned", *methods]
    figure = plt.figure(figsize=(style.WIDTH, 3.5 * len(rows) + 0.45))
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    for row, (dataset, corruption, alpha) in zip(np.atleast_1d(figure.subfigures(len(rows), 1)), rows):
        part = table[(table.dataset == dataset) & (table.corruption == corruption) & (table.alpha == alpha)]
        left, right = row.subfigures(1, 2, width_ratios=[1.6, 1])
        axes = [*left.subplots(2, 2).flat, right.subplots()]
        names = [style.model_label(m, architectures.get(m)).replace(" ", "\n", 1) for m in models]
        for axis, measure in zip(axes, PANELS):
            _panel(axis, part, measure, models, methods, schedules)
            axis.set_xticks(range(len(models)), names)
        _verdicts(axes[-1], part, models, methods, schedules, architectures)
        for axis in axes:
            style.panel_letter(axis, next(letters))
        runs = part[["model", "method", "seed"]].drop_duplicates()
        lost = f"; {style.collapsed_runs(part, ['model', 'method', 'seed'])} of {len(runs)} runs collapsed"
        retrains = part.drop_duplicates(["model", "seed", "reference"])
        dead = f"; {retrains['collapsed_retrains'].sum()} of {retrains['retrains'].sum()} retrains collapsed"
        title = f"{style.DATASETS.get(dataset, dataset)}, {style.WORDS.get(corruption, corruption)}, α = {alpha:g}"
        title += (lost if part["collapsed"].any() else "") + (dead if retrains["collapsed_retrains"].any() else "")
        row.suptitle(title, size=8)
    names = [plt.Line2D([], [], marker="o", ls="", ms=3, color=_colour(m), label=WORDS.get(m, m)) for m in methods]
    bands = [
        (
            plt.Rectangle((0, 0), 1, 1, **BANDS[name]),
            plt.Line2D([], [], marker="o", ls="", ms=3, mew=0.7, color="0.2", **FACES[name]),
        )
        for name in schedules
    ]
    figure.legend(
        [*names, *bands],
        [*(line.get_label() for line in names), *(f"against retrains {SCHEDULES[name]}" for name in schedules)],
        loc="outside lower center", ncols=len(names) + len(bands), columnspacing=0.9, handlelength=1.2,
        handletextpad=0.4, fontsize=6.5,
    )  # fmt: skip
    return figure
