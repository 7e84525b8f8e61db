"""Fig. S "spectrum": how many Hessian eigenvalues lie beyond a value, at clean and at poisoned
models."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import style
from qunlearn.plots.looks import Looks

#: Lines of the corrupted fractions, the clean models' first.
LINES = ["-", "-", "-.", "--", ":"]
#: Magnitudes of a panel without eigenvalues.
NOTHING = (1e-3, 1.0)


def draw(*, spectrum: pd.DataFrame, eigenvalues: pd.DataFrame, models: list[str], looks: Looks):
    """One row of panels per dataset and corruption, one panel per model; one line per seed."""
    pairs = spectrum[["dataset", "corruption"]].drop_duplicates()
    size = style.WIDTH, 2.1 * len(pairs) + 0.35
    figure, axes = plt.subplots(
        len(pairs),
        len(models),
        figsize=size,
        squeeze=False,
        sharey="row",
    )
    letters = style.letters()
    for line, pair in zip(axes, pairs.to_dict("records")):
        for axis, model in zip(line, models):
            here = style.select(spectrum, model=model, **pair)
            _panel(axis, here, style.select(eigenvalues, model=model, **pair))
            axis.set_title(title(looks.model(model).title, here), linespacing=1.1)
            style.panel_letter(axis, next(letters))
        _scale_counts(line[0], style.select(spectrum, **pair))
        dataset = looks.dataset(pair["dataset"])
        line[0].set_ylabel(f"{dataset}\nnumber beyond the value")
    for axis in axes[-1]:
        axis.set_xlabel("eigenvalue of the Hessian")
    corruptions = [looks.corruption(name) for name in pairs["corruption"].unique()]
    seeds = style.number_of_seeds(spectrum)
    words = f"{', '.join(corruptions)}, one line per model, n = {seeds} seeds"
    figure.suptitle(words, size=7.5)
    return figure


def title(label: str, here: pd.DataFrame) -> str:
    """What a panel's model is, how large, and how its eigenvalues were found."""
    methods = sorted(here["method"].unique())
    words = " and ".join(methods).replace("lanczos", "Lanczos")
    return f"{label}\n{here['parameters'].mean():,.0f} parameters, {words}"


def _panel(axis, here: pd.DataFrame, eigenvalues: pd.DataFrame) -> None:
    """A line on either side of zero for each seed, and mean numbers in words."""
    drawn = eigenvalues[eigenvalues["eigenvalue"] != 0]
    for place, alpha in enumerate(np.sort(here["alpha"].unique())):
        colour = style.PARTS["corrupted" if alpha else "clean"]
        ls = LINES[place % len(LINES)]
        for _, run in style.select(drawn, alpha=alpha).groupby("seed"):
            _tails(axis, run, color=colour, lw=0.8, alpha=0.8, ls=ls)
        negative, positive = style.select(here, alpha=alpha)[["negative", "positive"]].mean()
        words = f"α = {alpha:g}: {negative:.0f} < 0, {positive:.0f} > 0"
        corner = {"transform": axis.transAxes, "va": "top"}
        axis.text(
            0.03,
            0.97 - 0.09 * place,
            words,
            color=colour,
            size=6.5,
            **corner,
        )
    _scale_values(axis, drawn["eigenvalue"].abs())
    axis.axvline(0, color="0.8", lw=0.6, zorder=0)
    style.note_collapsed(axis, here, ["alpha", "seed"])


def _tails(axis, run: pd.DataFrame, **look) -> None:
    """Steps of the number of eigenvalues at or beyond each value, away from zero."""
    signs = np.sign(run["eigenvalue"])
    for sign in (-1, 1):
        side = run[signs == sign]
        magnitudes = side["eigenvalue"].abs()
        ordered = side.iloc[np.argsort(-magnitudes.to_numpy())]
        axis.step(ordered["eigenvalue"], ordered["count"].cumsum(), where="post", **look)


def _scale_values(axis, magnitudes: pd.Series) -> None:
    """Logarithmic on both sides of zero down to the smallest magnitude, with a handful of ticks."""
    ends = (magnitudes.min(), magnitudes.max()) if len(magnitudes) else NOTHING
    low, high = np.log10(ends)
    threshold = np.floor(low)
    step = 2 if high - low < 6 else 3
    powers = np.arange(np.floor(high), threshold + 1, -step)
    ticks = 10.0**powers
    smallest = 10.0**threshold
    axis.set_xscale("symlog", linthresh=smallest, linscale=0.3)
    axis.set_xticks([*-ticks, 0, *ticks])
    axis.minorticks_off()


def _scale_counts(axis, here: pd.DataFrame) -> None:
    """Logarithmic, with room for words above the lines."""
    top = max(1.0, here[["negative", "positive"]].max().max())
    axis.set_yscale("log")
    axis.set_ylim(0.5, top * (2 * top) ** 0.35)
