"""Fig. X "gradients": mean squared gradients against depth and chain length, beside the landscape roughening ratio."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from . import style

ENSEMBLES = {"random": ("0.35", "uniform angles"), "initial": ("#009E73", "initial angles")}
TRAINED = ["#0072B2", "#D55E00", "#CC79A7", "#E69F00"]
LIMIT = {"color": "0.2", "ls": ":", "lw": 1}


def _series(table: pd.DataFrame) -> dict[str, tuple[str, pd.DataFrame]]:
    """Label -> (colour, rows): ensembles of untrained circuits, then trained models at each alpha."""
    found = {label: (colour, table[table["ensemble"] == name]) for name, (colour, label) in ENSEMBLES.items()}
    trained = table[table["ensemble"] == "trained"]
    for colour, (alpha, part) in zip(TRAINED, trained.groupby("alpha")):
        found[f"trained, α = {alpha:g}"] = colour, part
    return found


def _squares(axis, table: pd.DataFrame, column: str, by: str) -> None:
    """Means over circuits, with their standard error; a dot per trained model."""
    for label, (colour, part) in _series(table).items():
        if part.empty:
            continue
        groups = part.groupby(by)[column]
        mean, error = groups.mean(), groups.sem().fillna(0)
        axis.errorbar(mean.index, mean, np.minimum(error, 0.9 * mean), fmt="o-", ms=2.8, lw=1, color=colour,
                      elinewidth=0.7, label=label)  # fmt: skip
        if part["ensemble"].iloc[0] == "trained":
            axis.plot(part[by], part[column], ".", ms=2, color=colour, alpha=0.5)
    axis.set_yscale("log")


def _limit(axis, table: pd.DataFrame, by: str) -> None:
    limit = table.drop_duplicates(by).sort_values(by)
    axis.plot(limit[by], limit["two_design"], **LIMIT, label="2-design on the light cone")


def _roughening(axis, table: pd.DataFrame) -> None:
    """Geometric mean of the LRR over seeds, dots the single models."""
    trained = table[(table["ensemble"] == "trained") & (table["alpha"] > 0)]
    lost = 0
    for colour, (_, part) in zip(TRAINED[1:], trained.groupby("alpha")):
        kept = part[np.isfinite(part["lrr"]) & (part["lrr"] > 0)]
        lost += len(part) - len(kept)
        mean = np.exp(np.log(kept["lrr"]).groupby(kept["depth"]).mean())
        axis.plot(mean.index, mean, "o-", ms=2.8, lw=1, color=colour)
        axis.plot(kept["depth"], kept["lrr"], ".", ms=2, color=colour, alpha=0.5)
    axis.axhline(1, color="0.2", ls="--", lw=0.8)
    flagged = style.collapsed_runs(table, ["depth", "alpha", "seed"])
    if lost or flagged:
        style.note(axis, f"{flagged} runs collapsed, {lost} ratios not drawn")


def _lengths(axes, table: pd.DataFrame) -> None:
    """Against the number of qubits: at the depth that all lengths share, and at depth = length."""
    shared = table.groupby("depth")["qubits"].nunique()
    shared = shared[shared == table["qubits"].nunique()].index
    parts = [(f"depth {depth}", table[table["depth"] == depth]) for depth in shared[:1]]
    parts.append(("depth = length", table[table["depth"] == table["qubits"]]))
    for axis, (words, part) in zip(axes, parts):
        _squares(axis, part[part["ensemble"] != "trained"], "readout", "qubits")
        _limit(axis, part, "qubits")
        axis.set(
            title=words, xlabel="chain length L", ylabel="mean (∂⟨Z⟩/∂θ)²", xticks=np.sort(part["qubits"].unique())
        )
    for name, (colour, _) in ENSEMBLES.items():
        part = parts[-1][1][parts[-1][1]["ensemble"] == name]
        axes[2].plot(
            *part.groupby("qubits")["loss"].mean().reset_index().to_numpy().T, "o-", ms=2.8, lw=1, color=colour
        )
    axes[2].set(title="depth = length", xlabel="chain length L", ylabel="mean (∂L/∂θ)²", yscale="log")
    axes[2].set_xticks(np.sort(part["qubits"].unique()))


def draw(table: pd.DataFrame, datasets: list[str], chains: list[str]):
    """A row of panels per dataset, against depth; below, against the length of the XXZ chain (`chains`)."""
    lengths = table[table["dataset"].isin(chains)] if "xxz" in datasets else table[:0]
    rows = len(datasets) + (len(lengths) > 0)
    figure, axes = plt.subplots(rows, 3, figsize=(style.WIDTH, 2.1 * rows + 0.4), squeeze=False)
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    for line, dataset in zip(axes, datasets):
        here = table[table["dataset"] == dataset]
        _squares(line[0], here, "readout", "depth")
        _limit(line[0], here, "depth")
        _squares(line[1], here, "loss", "depth")
        _roughening(line[2], here)
        name = style.DATASETS.get(dataset, dataset)
        for axis, words in zip(line, ("mean (∂⟨Z⟩/∂θ)²", "mean (∂L/∂θ)²", "Tr H(α) / Tr H(0)")):
            axis.set(xlabel="depth", ylabel=words, xticks=np.sort(here["depth"].unique()))
        line[0].set_title(name)
        line[1].set_title("gradient of the loss")
        line[2].set_title("landscape roughening ratio")
        line[2].set_xlim(line[0].get_xlim())
    if len(lengths):
        _lengths(axes[-1], lengths)
    for axis in axes.flat:
        style.panel_letter(axis, next(letters))
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), columnspacing=1.2, handlelength=1.5)
    return figure
