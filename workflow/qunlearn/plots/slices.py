"""Fig. S "slices": the loss along random directions and along the Hessian's top eigenvector, clean and poisoned."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from . import style

KINDS = {"random": "random direction", "top": "top eigenvector"}
LINES = ["-", "--", ":", "-."]
#: Losses above are cut off, nats: a model that answers 1/2 everywhere has ln 2 = 0.69.
CEILING = 2.0


def draw(table: pd.DataFrame, models: list[str], architectures: dict):
    """Per dataset and corruption a row of panels for each kind of direction, one panel per model; one line per seed and
    direction."""
    pairs = table[["dataset", "corruption"]].drop_duplicates().itertuples(index=False, name=None)
    rows = [(*pair, kind) for pair in pairs for kind in KINDS]
    figure, axes = plt.subplots(
        len(rows), len(models), figsize=(style.WIDTH, 1.6 * len(rows) + 0.45), squeeze=False, sharex="row", sharey="row"
    )
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    kind_of = table["direction"].str.split().str[0]
    alphas = np.sort(table["alpha"].unique())
    for line, (dataset, corruption, kind) in zip(axes, rows):
        here = table[(table.dataset == dataset) & (table.corruption == corruption) & (kind_of == kind)]
        for axis, model in zip(line, models):
            part = here[here.model == model]
            for i, alpha in enumerate(alphas):
                look = {"color": style.PARTS["corrupted" if alpha else "clean"], "lw": 0.7, "alpha": 0.7}
                look["ls"] = "-" if i == 0 else LINES[(i - 1) % len(LINES)]
                runs = part[part.alpha == alpha].groupby(["seed", "direction"])
                for k, (_, run) in enumerate(runs):
                    axis.plot(run["t"], run["loss"], label=f"α = {alpha:g}" if k == 0 else None, **look)
            axis.set_title(f"{style.model_label(model, architectures.get(model))}, {KINDS[kind]}")
            style.panel_letter(axis, next(letters))
            if collapsed := style.collapsed_runs(part, ["alpha", "seed"]):
                style.note(axis, f"{collapsed} of {len(part[['alpha', 'seed']].drop_duplicates())} runs collapsed")
        line[0].set_ylim(-0.05, min(CEILING, 1.05 * here["loss"].max()))
        line[0].set_xlim(here["t"].min(), here["t"].max())
        line[0].set_ylabel(f"{style.DATASETS.get(dataset, dataset)}\ntraining loss")
    for axis in axes[-1]:
        axis.set_xlabel("displacement t = |Δθ| / |θ|")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    words = ", ".join(dict.fromkeys(style.WORDS.get(corruption, corruption) for _, corruption, _ in rows))
    handles, labels = [plt.Line2D([], [], lw=0), *handles], [f"{words}, n = {table['seed'].nunique()} seeds:", *labels]
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure
