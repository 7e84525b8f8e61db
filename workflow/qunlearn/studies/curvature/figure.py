"""Fig. S "curvature": roughening against the corrupted fraction, the largest second derivatives
against their bound, and what clean and corrupted samples add to the two terms of the Hessian
trace."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import panels, style
from qunlearn.plots.looks import Looks

#: Terms of the trace, their words and lines.
TERMS = {"gauss_newton": ("Gauss–Newton term", "-"), "residual": ("residual term", "--")}
WHOLE = {"color": "0.2", "lw": 1}


def draw(*, curvature: pd.DataFrame, models: list[str], looks: Looks):
    """Two rows of panels per dataset and corruption: roughening and bound; the terms, one panel per
    model."""
    pairs = curvature[["dataset", "corruption"]].drop_duplicates().to_dict("records")
    figure = plt.figure(figsize=(style.WIDTH, 3.7 * len(pairs) + 0.3))
    blocks = figure.subfigures(len(pairs), 1, hspace=0.03, squeeze=False)[:, 0]
    letters = style.letters()
    for block, pair in zip(blocks, pairs):
        upper, lower = block.subfigures(2, 1)
        here = style.select(curvature, **pair)
        axes = [*_upper(upper, here, models, looks), *_lower(lower, here, models, looks)]
        for axis in axes:
            alphas = np.sort(here["alpha"].unique())
            axis.set(xlabel="corrupted fraction α", xticks=alphas)
            style.panel_letter(axis, next(letters))
        words = [looks.dataset(pair["dataset"]), looks.corruption(pair["corruption"])]
        words.append(f"n = {style.number_of_seeds(here)} seeds")
        handles, labels = axes[0].get_legend_handles_labels()
        above = {
            "loc": "outside upper center",
            "ncols": len(labels),
            "title": ", ".join(words),
        }
        upper.legend(handles, labels, **above)
        lower.legend(
            handles=_key(),
            loc="outside upper center",
            ncols=5,
        )
    return figure


# -- all models in a panel -------------------------------------------------------------------------
def _upper(block, here: pd.DataFrame, models: list[str], looks: Looks):
    axes = block.subplots(1, 2)
    whole = style.select(here, part="all")
    _roughening(axes[0], whole, models, looks)
    _largest(axes[1], whole, models, looks)
    return axes


def _roughening(axis, whole: pd.DataFrame, models: list[str], looks: Looks) -> None:
    """Geometric mean of the LRR over seeds, dots the single runs."""
    lost = 0
    for model in models:
        look = looks.model(model, models)
        runs = style.select(whole, model=model)
        line = {"color": look.colour, "label": look.title}
        dots = {
            "marker": "o",
            "ms": 2,
            "alpha": 0.6,
            "mew": 0,
        }
        lost += panels.roughening(axis, runs, "alpha", line, dots)
    axis.axhline(1, color="0.2", ls="--", lw=0.8)
    axis.set(yscale="log", ylabel="Tr H(α) / Tr H(0)")
    axis.set_title("landscape roughening ratio, on training data")
    collapsed = style.collapsed_runs(whole, ["model", "alpha", "seed"])
    axis.margins(y=0.12)
    panels.note_lost(axis, collapsed, lost, at="bottom left")


def _largest(axis, whole: pd.DataFrame, models: list[str], looks: Looks) -> None:
    """Largest |second derivative| in one parameter: of one sample's loss (dots) and of the mean
    loss (line)."""
    dots = {"ms": 2.2, "alpha": 0.6, "mew": 0}
    for model in models:
        colour = looks.model(model, models).colour
        runs = style.select(whole, model=model)
        axis.plot(runs["alpha"], runs["largest_sample"], "o", color=colour, **dots)
        mean = runs.groupby("alpha")["largest_mean"].max()
        axis.plot(mean.index, mean, color=colour)
        for bound in runs["bound"].dropna().unique():
            _bound(axis, bound, colour)
    axis.set(yscale="log", ylabel="|∂²L/∂θ²|")
    axis.set_title("largest second derivative in one parameter")


def _bound(axis, bound: float, colour: str) -> None:
    axis.axhline(bound, color=colour, ls=":", lw=1)
    place = {"xycoords": ("axes fraction", "data"), "xytext": (0, 1.5)}
    look = {"textcoords": "offset points", "size": 6.5, "color": colour}
    axis.annotate(f"bound {bound:g}", (0.01, bound), **place, **look)


# -- one model in a panel --------------------------------------------------------------------------
def _lower(block, here: pd.DataFrame, models: list[str], looks: Looks):
    axes = block.subplots(1, len(models), squeeze=False)[0]
    for axis, model in zip(axes, models):
        _terms(axis, style.select(here, model=model))
        axis.set_title(f"{looks.model(model).title}: parts of Tr H")
    axes[0].set_ylabel("contribution to Tr H")
    return axes


def _terms(axis, here: pd.DataFrame) -> None:
    """Contributions of clean and of corrupted samples to both terms, and the whole trace."""
    alphas = np.sort(here["alpha"].unique())
    for part, colour in style.PARTS.items():
        samples = style.select(here, part=part)
        for term, (_, line) in TERMS.items():
            style.band(
                axis,
                alphas,
                samples,
                term,
                "alpha",
                color=colour,
                ls=line,
                lw=1,
            )
    style.band(
        axis,
        alphas,
        style.select(here, part="all"),
        "trace",
        "alpha",
        **WHOLE,
    )
    axis.axhline(0, color="0.8", lw=0.6, zorder=0)


def _key() -> list:
    """What colours and line styles of the lower panels mean."""
    handles = []
    for part, colour in style.PARTS.items():
        handles.append(plt.Line2D([], [], color=colour, lw=3, label=f"{part} samples"))
    for words, line in TERMS.values():
        handles.append(plt.Line2D([], [], color="0.5", lw=1, ls=line, label=words))
    return [*handles, plt.Line2D([], [], label="whole trace", **WHOLE)]
