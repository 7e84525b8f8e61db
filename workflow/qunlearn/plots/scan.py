"""Fig. S "scan": final accuracies against the weights of gradient ascent (Eq. 7) and scrub (Eq. 8)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from . import style

LOOKS = {
    "val_accuracy": {"color": style.METHODS["gradient_ascent"], "label": "validation"},
    "forget_accuracy": {"color": style.SETS["train"], "ls": "--", "label": "forget"},
}
WEIGHTS = ["beta", "lambda_kl", "lambda_fo"]
MAPS = {"val_accuracy": "validation accuracy", "forget_accuracy": "forget accuracy"}


def _line(axis, part: pd.DataFrame, beta: float) -> None:
    """Accuracies against beta; dotted: what retraining ends at on validation data."""
    values = np.sort(part["beta"].unique())
    for column, look in LOOKS.items():
        style.band(axis, values, part, column, "beta", **look)
    axis.axhline(part["retrain_val_accuracy"].mean(), color=style.METHODS["retrain"], ls=":", lw=1, label="retrain")
    axis.axvline(beta, color="0.5", lw=0.8, zorder=0)
    if collapsed := style.collapsed_runs(part, ["beta", "seed"]):
        style.note(axis, f"{collapsed} of {len(part)} runs collapsed")


def _map(axis, part: pd.DataFrame, column: str, headline: dict, low: float):
    """Mean over seeds for every pair of weights. On validation data, dots: at least what retraining ends at."""
    mean = part.pivot_table(index="lambda_kl", columns="lambda_fo", values=column, aggfunc="mean")
    image = axis.imshow(mean, origin="lower", aspect="auto", cmap="viridis", vmin=low, vmax=1)
    fo, kl = mean.columns.to_numpy(), mean.index.to_numpy()
    if column == "val_accuracy":
        there = np.nonzero(mean.to_numpy() >= part["retrain_val_accuracy"].mean())
        axis.plot(*reversed(there), "o", color="white", mec="0.2", mew=0.3, ms=2)
    x, y = np.flatnonzero(fo == headline["lambda_fo"]), np.flatnonzero(kl == headline["lambda_kl"])
    if len(x) and len(y):
        box = plt.Rectangle((x[0] - 0.5, y[0] - 0.5), 1, 1, fill=False, ec=style.METHODS["gradient_ascent"], lw=1.5)
        axis.add_patch(box)
        box.set_clip_on(False)
    for set_ticks, values in ((axis.set_xticks, fo), (axis.set_yticks, kl)):
        places = range(0, len(values), 3)
        set_ticks(places, [f"{values[i]:g}" for i in places])
    axis.spines[:].set_visible(False)
    if collapsed := style.collapsed_runs(part, ["lambda_kl", "lambda_fo", "seed"]):
        style.note(axis, f"{collapsed} of {len(part)} runs collapsed")
    here = f"{mean.iat[y[0], x[0]]:.3f} at the box, " if len(x) and len(y) else ""
    axis.set_title(f"{here}best {np.max(mean.to_numpy()):.3f}", size=6.5, pad=3)
    return image


def draw(table: pd.DataFrame, cases: list[tuple], headline: dict[str, dict], architectures: dict):
    """A row per (dataset, model, corruption, alpha) of `cases`: gradient ascent against beta; scrub against both
    lambdas, on validation data and on the forget set. `headline`: method -> weights of the main study."""
    figure, axes = plt.subplots(
        len(cases), 3, figsize=(style.WIDTH, 1.3 * len(cases) + 0.9), squeeze=False, width_ratios=[1.15, 1, 1]
    )
    means = table.groupby(["dataset", "model", "corruption", "alpha", "method", *WEIGHTS], dropna=False)[
        list(MAPS)
    ].mean()
    low = np.floor(10 * means.groupby("method").min()) / 10
    floor = min(low.loc["gradient_ascent"]) - 0.03, 1.03
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    for line, (dataset, model, corruption, alpha) in zip(axes, cases):
        here = table[(table.dataset == dataset) & (table.model == model)]
        here = here[(here.corruption == corruption) & (here.alpha == alpha)]
        _line(line[0], here[here.method == "gradient_ascent"], headline["gradient_ascent"]["beta"])
        name = style.model_label(model, architectures.get(model))
        line[0].set(ylim=floor, ylabel=f"{style.DATASETS.get(dataset, dataset)}\n{name}\naccuracy")
        images = {}
        for axis, column in zip(line[1:], MAPS):
            images[column] = _map(
                axis, here[here.method == "scrub"], column, headline["scrub"], low.at["scrub", column]
            )
            axis.set_ylabel("λ$_{KL}$")
        style.panel_letter(line[0], next(letters))
    titles = ("gradient ascent", *(f"scrub: {what}" for what in MAPS.values()))
    for axis, title in zip(axes[0], titles):
        axis.annotate(
            title, (0.5, 1), xycoords="axes fraction", xytext=(0, 15), textcoords="offset points", ha="center"
        )
    axes[-1, 0].legend(loc="upper center", bbox_to_anchor=(0.5, -0.42), ncols=3, handlelength=1.6, columnspacing=1)
    for i, column in enumerate(MAPS, start=1):
        figure.colorbar(images[column], ax=axes[:, i], location="bottom", aspect=30, pad=0.02)
    for axis, what in zip(axes[-1], ("β", "λ$_{fo}$", "λ$_{fo}$")):
        axis.set_xlabel(what)
    corruption, alpha = cases[0][2:]
    runs = table["seed"].nunique()
    figure.suptitle(
        f"after the last unlearning step; {style.WORDS.get(corruption, corruption)}, α = {alpha:g}, n = {runs}",
        size=7.5,
    )
    return figure
