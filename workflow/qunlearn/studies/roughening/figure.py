"""Fig. X "roughening": the LRR against training time, traces against training loss, and the LRR against
resilience across models."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import panels, style
from qunlearn.plots.looks import Looks
from qunlearn.statistics.roughening import geometric_mean

RUN = ["model", "alpha", "seed"]
TITLES = ("LRR against training time", "trace against training loss", "LRR against resilience")
#: Ratios against training time: their words, lines and marks.
RATIOS = {
    "lrr_own": ("own labels (Eq. 1)", "-", "o"),
    "lrr_clean": ("same, clean labels", "--", "s"),
    "lrr_matched": ("clean model at the same training loss", ":", "^"),
}
MODELS = {"clean": (True, "-"), "poisoned": (False, "--")}
KINDS = {True: ("QNN", "#0072B2", "o"), False: ("classical", "#D55E00", "s")}


def draw(
    *,
    roughening: pd.DataFrame,
    datasets: list[str],
    along: list[str],
    across: list[str],
    quantum: list[str],
    sizes: dict[str, str],
    looks: Looks,
):
    """A row of three panels per dataset."""
    size = style.WIDTH, 2.5 * len(datasets) + 0.7
    figure, axes = plt.subplots(len(datasets), 3, figsize=size, squeeze=False)
    letters = style.letters()
    for line, dataset in zip(axes, datasets):
        here = style.select(roughening, dataset=dataset)
        trained = here[here["epochs"].notna()]
        _against_time(line[0], trained, along, looks)
        _against_loss(line[1], trained, along, looks)
        compared = here[here["model"].isin(across)]
        _against_fall(line[2], compared, quantum, sizes)
        line[0].set_ylabel(f"{looks.dataset(dataset)}\nLRR")
        for axis, title, runs in zip(line, TITLES, (trained, trained, compared)):
            axis.set_title(f"{title}, n = {style.number_of_seeds(runs)}")
            style.panel_letter(axis, next(letters))
    _legend(figure, along, looks)
    return figure


def _against_time(axis, trained: pd.DataFrame, along: list[str], looks: Looks) -> None:
    """Geometric means over seeds of every ratio against the epochs, dots the runs of Eq. 1."""
    poisoned = trained[trained["alpha"] > 0]
    for name in along:
        colour = looks.model(name, along).colour
        runs = style.select(poisoned, architecture=name)
        for column, (_, line, mark) in RATIOS.items():
            ratios = _positive(runs, column)
            mean = ratios.groupby("epochs")[column].apply(geometric_mean)
            axis.plot(mean.index, mean, color=colour, ls=line, marker=mark, ms=2.5, lw=1)
    axis.axhline(1, color="0.2", lw=0.6, zorder=0)
    axis.set(xscale="log", yscale="log", xlabel="epochs")
    low, high = axis.get_ylim()
    axis.set_ylim(low / 10, high)  # room for the note
    ratios = poisoned[["lrr_own", "lrr_clean"]]
    lost = int((~(ratios > 0)).sum().sum())
    panels.note_lost(axis, style.collapsed_runs(trained, RUN), lost)


def _against_loss(axis, trained: pd.DataFrame, along: list[str], looks: Looks) -> None:
    """Means over seeds at every training time of the trace and of the loss that a model has on what
    it learned from: lines from left to right are from long to short training."""
    for name in along:
        colour = looks.model(name, along).colour
        for is_clean, line in MODELS.values():
            runs = style.select(trained, architecture=name)
            runs = runs[(runs["alpha"] == 0) == is_clean]
            runs = _positive(_positive(runs, "loss_own"), "trace_own")
            mean = runs.groupby("epochs")[["loss_own", "trace_own"]].agg(geometric_mean)
            look = {"marker": "o", "ms": 2.5, "mfc": colour if is_clean else "w", "lw": 1}
            axis.plot(mean["loss_own"], mean["trace_own"], color=colour, ls=line, **look)
    axis.set(xscale="log", yscale="log", xlabel="training loss (nats)", ylabel="Tr H")


def _against_fall(axis, here: pd.DataFrame, quantum: list[str], sizes: dict[str, str]) -> None:
    """A dot per model: geometric mean of the LRR and mean fall of validation accuracy over seeds."""
    poisoned = here[here["alpha"] > 0]
    points = []
    for name, runs in poisoned.groupby("model"):
        if (runs["lrr_own"] > 0).all():
            ratio = geometric_mean(runs["lrr_own"])
            points.append((name, ratio, runs["fall"].mean(), runs["fall"].std(ddof=1)))
    table = pd.DataFrame(points, columns=["model", "lrr", "fall", "spread"]).set_index("model")
    is_quantum = table.index.isin(quantum)
    for kind, (words, colour, mark) in KINDS.items():
        part = table[is_quantum == kind]
        bars = {"ls": "", "marker": mark, "ms": 3.5, "color": colour, "elinewidth": 0.6}
        spread = part["spread"].fillna(0)
        rank = _rank_correlation(part)
        label = f"{words}: ρ = {rank:.2f}" if np.isfinite(rank) else words
        axis.errorbar(part["lrr"], part["fall"], spread, label=label, **bars)
    for name, row in table.iterrows():
        where = {"xytext": (3, 3), "textcoords": "offset points", "size": 5, "color": "0.3"}
        axis.annotate(sizes[name], (row["lrr"], row["fall"]), **where)
    axis.axvline(1, color="0.2", lw=0.6, zorder=0)
    axis.set(xscale="log", xlabel="LRR", ylabel="fall of validation accuracy")
    rank = _rank_correlation(table)
    title = f"all: ρ = {rank:.2f}" if np.isfinite(rank) else None
    axis.legend(title=title, title_fontsize=6.5, fontsize=6.5, loc="lower right", handletextpad=0.3)
    axis.margins(x=0.15, y=0.12)
    lost = poisoned["model"].nunique() - len(table)
    if lost:
        style.note(axis, f"{lost} models without a positive LRR not drawn")


def _positive(runs: pd.DataFrame, column: str) -> pd.DataFrame:
    """Runs with a positive, finite number in a column."""
    values = runs[column]
    return runs[np.isfinite(values) & (values > 0)]


def _rank_correlation(table: pd.DataFrame) -> float:
    return table["lrr"].corr(table["fall"], method="spearman") if len(table) > 2 else np.nan


def _legend(figure, along: list[str], looks: Looks) -> None:
    """Models, the ratios of the first column, the models of the second."""
    handles = []
    for name in along:
        look = looks.model(name, along)
        handles.append(plt.Line2D([], [], color=look.colour, lw=2.5, label=look.title))
    for words, line, mark in RATIOS.values():
        handles.append(plt.Line2D([], [], color="0.4", ls=line, marker=mark, ms=2.5, label=words))
    for words, (is_clean, line) in MODELS.items():
        look = {"color": "0.4", "ls": line, "marker": "o", "ms": 2.5}
        look["mfc"] = "0.4" if is_clean else "w"
        handles.append(plt.Line2D([], [], label=f"Tr H, {words} models", **look))
    figure.legend(handles=handles, loc="outside upper center", ncols=4)
