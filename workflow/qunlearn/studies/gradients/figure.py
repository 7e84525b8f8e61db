"""Fig. X "gradients": mean squared gradients against depth and chain length, beside the landscape
roughening ratio."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import panels, style
from qunlearn.plots.looks import Looks

#: Colour and label of ensembles of untrained circuits.
ENSEMBLES = {"random": ("0.35", "uniform angles"), "initial": ("#009E73", "initial angles")}
#: Colours of trained circuits, clean ones first.
TRAINED = ["#0072B2", "#D55E00", "#CC79A7", "#E69F00"]
LIMIT = {
    "color": "0.2",
    "ls": ":",
    "lw": 1,
    "label": "2-design on the light cone",
}
MEANS = {"ms": 2.8, "lw": 1}
RUN = ["depth", "alpha", "seed"]
READOUT, LOSS = "mean (∂⟨Z⟩/∂θ)²", "mean (∂L/∂θ)²"


def draw(
    *, gradients: pd.DataFrame, datasets: list[str], chains: dict[str, list[str]], looks: Looks
):
    """A row of panels per dataset, against depth; below, one against length per dataset of chains
    (`chains`: its names at all lengths)."""
    rows = len(datasets) + len(chains)
    size = style.WIDTH, 2.1 * rows + 0.4
    figure, axes = plt.subplots(rows, 3, figsize=size, squeeze=False)
    for line, dataset in zip(axes, datasets):
        _against_depth(line, style.select(gradients, dataset=dataset))
        line[0].set_title(looks.dataset(dataset))
    for line, names in zip(axes[len(datasets) :], chains.values()):
        _against_length(line, gradients[gradients["dataset"].isin(names)])
    letters = style.letters()
    for axis in axes.flat:
        style.panel_letter(axis, next(letters))
    handles, labels = axes[0][0].get_legend_handles_labels()
    spacing = {"columnspacing": 1.2, "handlelength": 1.5}
    figure.legend(
        handles,
        labels,
        loc="outside upper center",
        ncols=len(labels),
        **spacing,
    )
    return figure


# -- rows ------------------------------------------------------------------------------------------
def _against_depth(line, here: pd.DataFrame) -> None:
    """Gradients of the readout and of the loss, and the landscape roughening ratio."""
    _squares(line[0], here, "readout", "depth")
    _limit(line[0], here, "depth")
    _squares(line[1], here, "loss", "depth")
    _roughening(line[2], here)
    depths = np.sort(here["depth"].unique())
    for axis, words in zip(line, (READOUT, LOSS, "Tr H(α) / Tr H(0)")):
        axis.set(xlabel="depth", ylabel=words, xticks=depths)
    line[1].set_title("gradient of the loss")
    line[2].set_title("landscape roughening ratio")
    line[2].set_xlim(line[0].get_xlim())


def _against_length(line, chains: pd.DataFrame) -> None:
    """Untrained circuits against the number of qubits: at the depth that all lengths share, and at
    depth = length."""
    untrained = chains[chains["ensemble"] != "trained"]
    deep = untrained[untrained["depth"] == untrained["qubits"]]
    depth = shared_depth(chains)
    parts = [("depth = length", deep)]
    if depth is not None:
        parts.insert(0, (f"depth {depth}", style.select(untrained, depth=depth)))
    for axis, (words, part) in zip(line, parts):
        _squares(axis, part, "readout", "qubits")
        _limit(axis, part, "qubits")
        axis.set(title=words, ylabel=READOUT)
    for name, (colour, _) in ENSEMBLES.items():
        mean = style.select(deep, ensemble=name).groupby("qubits")["loss"].mean()
        line[2].plot(mean.index, mean, "o-", color=colour, **MEANS)
    line[2].set(title="depth = length", ylabel=LOSS, yscale="log")
    for axis in line:
        axis.set(xlabel="chain length L", xticks=np.sort(chains["qubits"].unique()))


def shared_depth(chains: pd.DataFrame) -> int | None:
    """The smallest depth that circuits of all lengths were measured at; None for none."""
    lengths = chains.groupby("depth")["qubits"].nunique()
    shared = lengths[lengths == chains["qubits"].nunique()].index
    return None if shared.empty else shared[0]


# -- panels ----------------------------------------------------------------------------------------
def _series(here: pd.DataFrame) -> dict[str, tuple[str, pd.DataFrame]]:
    """Label -> (colour, rows): ensembles of untrained circuits, then trained models at each alpha."""
    found = {}
    for ensemble, (colour, label) in ENSEMBLES.items():
        part = style.select(here, ensemble=ensemble)
        if len(part):
            found[label] = colour, part
    trained = style.select(here, ensemble="trained")
    for colour, (alpha, part) in zip(TRAINED, trained.groupby("alpha")):
        label = f"trained, α = {alpha:g}"
        found[label] = colour, part
    return found


def _squares(axis, here: pd.DataFrame, column: str, by: str) -> None:
    """Means over circuits, with their standard error; a dot per trained model."""
    for label, (colour, part) in _series(here).items():
        groups = part.groupby(by)[column]
        mean = groups.mean()
        error = np.minimum(groups.sem().fillna(0), 0.9 * mean)
        look = {"color": colour, "elinewidth": 0.7, "label": label}
        axis.errorbar(mean.index, mean, error, fmt="o-", **look, **MEANS)
        if part["ensemble"].iloc[0] == "trained":
            axis.plot(part[by], part[column], ".", ms=2, color=colour, alpha=0.5)
    axis.set_yscale("log")


def _limit(axis, here: pd.DataFrame, by: str) -> None:
    """What a circuit that is a 2-design on its light cone would have."""
    limit = here.drop_duplicates(by).sort_values(by)
    axis.plot(limit[by], limit["two_design"], **LIMIT)


def _roughening(axis, here: pd.DataFrame) -> None:
    """Geometric mean of the LRR over seeds, dots the single models."""
    trained = style.select(here, ensemble="trained")
    poisoned = trained[trained["alpha"] > 0]
    lost = 0
    for colour, (_, part) in zip(TRAINED[1:], poisoned.groupby("alpha")):
        look = {"color": colour, "marker": "o"} | MEANS
        dots = {"marker": ".", "ms": 2, "alpha": 0.5}
        lost += panels.roughening(axis, part, "depth", look, dots)
    axis.axhline(1, color="0.2", ls="--", lw=0.8)
    panels.note_lost(axis, style.collapsed_runs(here, RUN), lost)
