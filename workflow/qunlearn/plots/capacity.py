"""Fig. S "capacity": resilience of MLPs against width, of QNNs against depth, and against the number of parameters."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from . import style

SCALES = {"mlp": "Oranges", "qnn": "Blues"}
TITLES = {"mlp": "MLP, by width", "qnn": "QNN, by depth"}


def label(architecture: dict) -> str:
    """'[64, 16]', 'D = 4', 'D = 4, ring'."""
    if architecture["family"] == "qnn":
        return f"D = {architecture['depth']}" + (", ring" if architecture["entangler"] == "ring" else "")
    return str(architecture["hidden"])


def looks(names: list[str], table: pd.DataFrame, architectures: dict, dataset: str) -> dict[str, dict]:
    """Shades from light to dark with the number of live parameters; a ring is dashed."""
    counts = table.drop_duplicates("model").set_index("model")["live_parameters"]
    order = sorted(names, key=lambda name: (counts[name], name))
    found = {}
    for i, name in enumerate(order):
        architecture = architectures[name][dataset]
        shade = plt.get_cmap(SCALES[architecture["family"]])(0.3 + 0.7 * (i + 1) / len(order))
        found[name] = {"color": shade, "ls": "--" if architecture.get("entangler") == "ring" else "-"}
    return found


def _against_parameters(axis, part: pd.DataFrame, style_of: dict, families: dict) -> None:
    for name, look in style_of.items():
        runs = part[part.model == name]
        mean, sd = runs["val_accuracy"].mean(), np.nan_to_num(runs["val_accuracy"].std(ddof=1))
        live, every = runs[["live_parameters", "parameters"]].iloc[0]
        marker = "s" if families[name] == "mlp" else "D" if look["ls"] == "--" else "o"
        axis.plot([live, every], [mean, mean], color=look["color"], lw=0.6)
        axis.plot(every, mean, marker, ms=3.5, mfc="white", mec=look["color"], mew=0.8)
        axis.errorbar(live, mean, sd, fmt=marker, ms=3.5, color=look["color"], elinewidth=0.7, mec="0.2", mew=0.3)
    axis.set(xscale="log", xlabel="parameters")


def draw(table: pd.DataFrame, datasets: list[str], architectures: dict):
    """One row per dataset: accuracy against alpha for each family, then against the number of parameters.

    `architectures[name][dataset]` is the block of an architecture.
    """
    families = {name: next(iter(blocks.values()))["family"] for name, blocks in architectures.items()}
    kinds = list(dict.fromkeys(families.values()))
    figure, axes = plt.subplots(
        len(datasets), len(kinds) + 1, figsize=(style.WIDTH, 2.5 * len(datasets)), squeeze=False, sharey=True
    )
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    below = [alpha for alpha in table["alpha"].unique() if alpha < 0.5]
    shown = max(below, default=table["alpha"].min())
    for line, dataset in zip(axes, datasets):
        here = table[table.dataset == dataset]
        alphas = np.sort(here["alpha"].unique())
        found = {}
        for axis, kind in zip(line, kinds):
            names = [name for name in families if families[name] == kind]
            for name, look in looks(names, here, architectures, dataset).items():
                found[name] = look
                text = label(architectures[name][dataset])
                style.band(axis, alphas, here[here.model == name], "val_accuracy", "alpha", label=text, **look)
            axis.axhline(0.5, color="0.8", lw=0.6, zorder=0)
            axis.set(xlabel="corrupted fraction α", title=TITLES.get(kind, kind))
            axis.legend(loc="lower left", ncols=2, handlelength=1.4, columnspacing=1, labelspacing=0.25)
            part = here[here.model.isin(names)]
            if collapsed := style.collapsed_runs(part, ["model", "alpha", "seed"]):
                style.note(axis, f"{collapsed} of {len(part)} runs collapsed")
        _against_parameters(line[-1], here[here.alpha == shown], found, families)
        line[-1].set_title(f"at α = {shown:g}")
        for kind, marker in (("mlp", "s"), ("qnn", "o")):
            if kind in kinds:
                line[-1].plot([], [], marker, ms=3.5, color=plt.get_cmap(SCALES[kind])(0.7), label=kind.upper())
        line[-1].plot([], [], "D", ms=3.5, color=plt.get_cmap("Blues")(0.7), label="QNN, ring")
        line[-1].plot([], [], "o", ms=3.5, mfc="white", mec="0.3", mew=0.8, label="with those that\ncannot move it")
        line[-1].legend(loc="lower left")
        line[0].set_ylabel(f"{style.DATASETS.get(dataset, dataset)}\nvalidation accuracy")
        for axis in line:
            style.panel_letter(axis, next(letters))
    axes[0, 0].set(ylim=(-0.03, 1.05))
    return figure
