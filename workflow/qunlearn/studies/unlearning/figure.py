"""Fig. 3: unlearning. Validation accuracy against the unlearning step, the loss around clean and
poisoned minima, and the landscape roughening ratio."""

from __future__ import annotations

from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import PowerNorm

from qunlearn.plots import panels, style
from qunlearn.plots.looks import Looks
from qunlearn.statistics.roughening import geometric_mean

#: Evaluation set of the landscape -> what it is called.
SETS = {"train": "own training data", "validation": "validation data"}
#: Dots so far apart that no method's line is like it.
PUBLISHED = {"ls": (0, (1, 3)), "lw": 0.9}
#: Most panels of ratios side by side.
MOST = 4
#: Colours of the loss around minima.
SURFACE = "viridis"


# -- accuracy against the step -------------------------------------------------------------------
def draw_curves(axis, part: pd.DataFrame, methods: list[str], looks: Looks) -> None:
    """A line with its band for every method; one that takes a single step has marks."""
    for method in methods:
        curve = style.select(part, method=method)
        steps = np.sort(curve["step"].unique())
        look = looks.method(method)
        line = {"color": look.colour, "ls": look.line, "label": look.label}
        if len(steps) == 2:
            line |= {"marker": "o", "ms": 3}
        style.band(axis, steps, curve, "val_accuracy", "step", **line)
    axis.xaxis.get_major_locator().set_params(integer=True)
    style.note_collapsed(axis, part, ["method", "seed"])


def draw_published(axis, part: pd.DataFrame, methods: list[str], looks: Looks) -> None:
    """The authors' mean curves of a panel, dotted in the colours of the methods."""
    for method in methods:
        means = panels.of_others(part, method=method).groupby("step")["val_accuracy"].mean()
        axis.plot(means.index, means, **PUBLISHED, color=looks.method(method).colour)


def draw_level(axis, runs: pd.DataFrame, looks: Looks) -> None:
    """A line across where one method ends, in the mean."""
    last = runs[runs["step"] == runs["step"].max()]
    for method, ends in last.groupby("method"):
        look = looks.method(method)
        line = {"color": look.colour, "ls": look.line, "label": look.label}
        axis.axhline(ends["val_accuracy"].mean(), lw=0.7, zorder=0, **line)


def draw_unlearning(
    figure,
    table: pd.DataFrame,
    levels: pd.DataFrame,
    published: pd.DataFrame,
    replaced: dict[str, list[str]],
    datasets,
    models,
    methods,
    letters,
    looks,
) -> None:
    """A row of panels per dataset, one panel per model, at the smallest fraction unlearned; the
    authors' `published` curves are dotted, where runs of `levels` end is a line across."""
    alpha = table["alpha"].min()
    grid = figure.subplots(len(datasets), len(models), squeeze=False, sharex="col", sharey="row")
    for row, dataset in zip(grid, datasets):
        here = style.select(table, dataset=dataset, alpha=alpha)
        names = {"dataset": dataset, "corruption": here["corruption"].iloc[0]}
        theirs_here = panels.of_others(style.select(published, alpha=alpha), **names)
        for axis, model in zip(row, models):
            runs = style.select(here, model=model)
            draw_curves(axis, runs, methods, looks)
            theirs = panels.of_others(theirs_here, replaced, model=model)
            draw_published(axis, theirs, methods, looks)
            case = {"dataset": dataset, "model": model, "alpha": alpha}
            draw_level(axis, style.select(levels, **case), looks)
            counted = style.seeds_beside(runs, table)
            axis.set_title(f"{looks.model(model).title}, α = {alpha:g}{counted}")
            style.panel_letter(axis, next(letters))
        lowest = pd.concat([here["val_accuracy"], theirs_here["val_accuracy"]]).min()
        style.stretch_accuracy(row[0], max(0, np.floor(lowest * 10) / 10))
        row[0].set_ylabel(f"{looks.dataset(dataset)}\nvalidation accuracy")
    for axis in grid[-1]:
        axis.set_xlabel("unlearning step (epochs)")
    if len(published):
        grid[0][0].plot([], [], **PUBLISHED, color="0.3", label="published")
    legend = grid[0][0].get_legend_handles_labels()
    style.legend_of_means(figure, *legend, style.number_of_seeds(table))


# -- loss around minima --------------------------------------------------------------------------
def draw_surface(axis, part: pd.DataFrame, scale: PowerNorm) -> None:
    """Loss above that of the trained parameters over the plane; vertical axis and colours on this
    scale."""
    rise = part.pivot(index="a", columns="b", values="rise")
    a, b = np.meshgrid(rise.index, rise.columns, indexing="ij")
    lines = {"rstride": 1, "cstride": 1, "lw": 0.1, "ec": (0, 0, 0, 0.25)}
    axis.plot_surface(a, b, rise.to_numpy(), cmap=SURFACE, norm=scale, **lines)
    edge = rise.index.max()
    limits = scale.vmin, scale.vmax
    axis.set(zlim=limits, xticks=[-edge, 0, edge], yticks=[-edge, 0, edge])
    axis.locator_params(axis="z", nbins=3)
    axis.tick_params(pad=-4, labelsize=6)
    axis.set_xlabel("a", labelpad=-11)
    axis.set_ylabel("b", labelpad=-11)
    axis.view_init(elev=24, azim=-58)
    axis.set_box_aspect((1, 1, 0.75), zoom=1.08)
    if part["collapsed"].any():
        place = {"transform": axis.transAxes, "ha": "center", "size": 6.5}
        axis.text2D(0.5, 0.4, "collapsed", color=style.CAVEAT, **place)


def draw_pair(figure, table: pd.DataFrame, scale: PowerNorm) -> None:
    """A clean and a poisoned model's surfaces."""
    axes = figure.subplots(1, 2, subplot_kw={"projection": "3d"})
    for axis, (alpha, part) in zip(axes, table.groupby("alpha")):
        draw_surface(axis, part, scale)
        words = "clean"
        if alpha:
            words = f"α = {alpha:g}"
        largest = part["eigenvalue_a"].iloc[0]
        axis.set_title(f"{words}, λ = {largest:.2g}", size=7, y=1.02, pad=0)


def with_rise(table: pd.DataFrame) -> pd.DataFrame:
    """The surfaces of one dataset with the column `rise`, the loss above that in the centre."""
    surface = ["model", "alpha"]
    centre = style.select(table, a=0, b=0).set_index(surface)["loss"]
    at_centre = centre.reindex(pd.MultiIndex.from_frame(table[surface])).to_numpy()
    return table.assign(rise=table["loss"] - at_centre)


def scale_of(rise: pd.Series) -> PowerNorm:
    """One scale for surfaces that are compared: heights as they are, colours by their roots, so that
    flat ones have some, too."""
    low, high = np.nan_to_num([rise.min(), rise.max()])
    return PowerNorm(0.5, low, max(high, low + 1e-9))


def draw_surfaces(figure, table: pd.DataFrame, datasets, models, letters, looks: Looks) -> None:
    """A row of pairs per dataset, one pair per model, all of a row on one scale."""
    widths = [*[1.0] * len(models), 0.16]
    grid = figure.subfigures(len(datasets), len(widths), squeeze=False, width_ratios=widths)
    for (*pairs, end), dataset in zip(grid, datasets):
        here = with_rise(style.select(table, dataset=dataset))
        scale = scale_of(here["rise"])
        for pair, model in zip(pairs, models):
            draw_pair(pair, style.select(here, model=model), scale)
            title = f"{looks.dataset(dataset)}, {looks.model(model).title}"
            pair.suptitle(title, size=8)
            pair.text(0.01, 0.97, next(letters), weight="bold", size=9, va="top")
        colours = ScalarMappable(scale, SURFACE)
        bar = end.colorbar(colours, cax=end.add_axes((0.1, 0.22, 0.2, 0.5)))
        bar.set_label("loss above the centre", size=6.5)
        bar.ax.tick_params(labelsize=6)
        bar.outline.set_linewidth(0.4)


# -- the landscape roughening ratio --------------------------------------------------------------
def draw_bars(axis, table: pd.DataFrame, models: list[str], looks: Looks) -> None:
    """Groups of bars, one per poisoned fraction, with a bar for every model."""
    alphas = np.sort(table.loc[table["alpha"] > 0, "alpha"].unique())
    width = 0.8 / len(models)
    first = -(len(models) - 1) / 2
    lost = 0
    for (group, alpha), (place, model) in product(enumerate(alphas), enumerate(models)):
        ratios = style.select(table, model=model, alpha=alpha)["lrr"]
        colour = looks.model(model, models).colour
        x = group + (first + place) * width
        lost += draw_bar(axis, x, 0.9 * width, ratios, colour)
    axis.set_yscale("log")
    axis.axhline(1, color="0.2", ls="--", lw=0.8)
    words = [f"{alpha:g}" for alpha in alphas]
    axis.set(xticks=range(len(alphas)), xticklabels=words, xlabel="corrupted fraction α")
    collapsed = style.collapsed_runs(table, ["model", "alpha", "seed"])
    panels.note_lost(axis, collapsed, lost)


def draw_bar(axis, x: float, width: float, ratios: pd.Series, colour: str) -> int:
    """A bar from 1 to the geometric mean over seeds, dots the single runs; returns how many ratios
    have no place on a logarithmic axis."""
    drawn = ratios[np.isfinite(ratios) & (ratios > 0)]
    if len(drawn):
        height = geometric_mean(drawn) - 1
        axis.bar(x, height, width, bottom=1, color=colour, alpha=0.75, lw=0)
        axis.plot([x] * len(drawn), drawn, "o", ms=2, mfc="white", mec="0.15", mew=0.5)
    return len(ratios) - len(drawn)


def draw_ratios(figure, table: pd.DataFrame, datasets, models, letters, looks: Looks) -> None:
    """A panel per dataset and evaluation set."""
    pairs = list(product(datasets, SETS))
    grid = style.panel_grid(figure, len(pairs), MOST, sharey=True)
    for axis, (dataset, part) in zip(grid.flat, pairs):
        here = style.select(table, dataset=dataset, eval_set=part)
        draw_bars(axis, here, models, looks)
        axis.set_title(f"{looks.dataset(dataset)}\n{SETS[part]}", linespacing=1.1)
        style.panel_letter(axis, next(letters))
    for line in grid:
        line[0].set_ylabel("Tr H(α) / Tr H(0)")
    handles = []
    for model in models:
        look = looks.model(model, models)
        bar = plt.Rectangle((0, 0), 1, 1, color=look.colour, alpha=0.75, lw=0, label=look.title)
        handles.append(bar)
    where = {"loc": "outside upper center", "ncols": min(len(handles), 6)}
    figure.legend(handles=handles, handlelength=1, **where)


def draw(
    *,
    unlearning: pd.DataFrame,
    convergence: pd.DataFrame,
    landscape: pd.DataFrame,
    surface: pd.DataFrame,
    datasets: list[str],
    models: list[str],
    surface_models: list[str],
    landscape_models: list[str],
    methods: list[str],
    replaced: dict[str, list[str]],
    target: str,
    looks: Looks,
    published: pd.DataFrame | None = None,
):
    """A row of unlearning panels per dataset, one panel per model, with the authors' `published`
    curves if given (`replaced`: model -> architectures that stand for it); a row of loss surfaces
    per dataset; below, the LRR per dataset and evaluation set."""
    if published is None:
        published = unlearning[:0]
    rows = len(datasets)
    rows_of_ratios = style.rows_of_panels(rows * len(SETS), MOST)
    heights = [1.75 * rows + 0.25, 1.75 * rows, 1.9 * rows_of_ratios + 0.25]
    figure = plt.figure(figsize=(style.WIDTH, sum(heights)))
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=heights)
    letters = style.letters()
    names = datasets, models, methods, letters, looks
    levels = style.select(convergence, method=target)
    draw_unlearning(top, unlearning, levels, published, replaced, *names)
    draw_surfaces(middle, surface, datasets, surface_models, letters, looks)
    draw_ratios(bottom, landscape, datasets, landscape_models, letters, looks)
    return figure
