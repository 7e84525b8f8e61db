"""Fig. S "capacity": resilience of each family of models against their size, and against the number
of parameters."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.plots import panels, style
from qunlearn.plots.looks import Looks

RUN = ["model", "alpha", "seed"]
#: Scales of colours of matplotlib, for families of models: their members can be told apart, in grey, too.
SCALES = ["plasma", "viridis", "cividis", "cool", "copper"]
#: The part of a scale that stands out from white paper.
VISIBLE = 0.0, 0.88
MARKS = ["s", "o", "^", "v"]
#: Mark and line of models that are more than a size apart from the first of their family.
VARIANT = {"marker": "D", "ls": "--"}


def draw(
    *,
    capacity: pd.DataFrame,
    datasets: list[str],
    families: dict[str, dict],
    sizes: dict[str, dict[str, dict]],
    looks: Looks,
):
    """One row per dataset: accuracy against alpha for each family, then against the number of
    parameters.

    `families`: label, colour and what is `compared`; `sizes[dataset][model]`: family, label and
    `variant` of a model.
    """
    rows, columns = len(datasets), len(families) + 1
    size = style.WIDTH, 2.5 * rows
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=size,
        squeeze=False,
        sharey=True,
    )
    letters = style.letters()
    for line, dataset in zip(axes, datasets):
        here = style.select(capacity, dataset=dataset)
        drawn = model_looks(here, families, sizes[dataset])
        _row(line, here, families, drawn)
        line[0].set_ylabel(f"{looks.dataset(dataset)}\nvalidation accuracy")
        for axis in line:
            style.panel_letter(axis, next(letters))
    axes[0, 0].set_ylim(-0.03, 1.05)
    return figure


def _row(line, here: pd.DataFrame, families: dict[str, dict], drawn: dict[str, dict]) -> None:
    """The panels of one dataset."""
    for axis, (family, words) in zip(line, families.items()):
        members = {name: look for name, look in drawn.items() if look["family"] == family}
        _against_alpha(axis, here, members)
        title = f"{words['label']}, by {words['compared']}"
        axis.set_title(title.removesuffix(", by "))
    shown = shown_alpha(here["alpha"].unique())
    runs = style.select(here, alpha=shown)
    _against_parameters(line[-1], runs, drawn)
    line[-1].set_title(f"at α = {shown:g}")
    _explain(line[-1], families, drawn)


def shown_alpha(alphas) -> float:
    """The largest fraction below a half, where labels still say something."""
    below = [alpha for alpha in alphas if alpha < 0.5]
    return max(below, default=min(alphas))


# -- looks -----------------------------------------------------------------------------------------
def model_looks(here: pd.DataFrame, families: dict, sizes: dict[str, dict]) -> dict[str, dict]:
    """Of every model its family, label and variant, and how it is drawn: along a scale of colours
    with the number of live parameters, variants dashed."""
    counts = here.drop_duplicates("model").set_index("model")["live_parameters"]
    found = {}
    for place, (family, words) in enumerate(families.items()):
        members = [name for name, size in sizes.items() if size["family"] == family]
        members.sort(key=lambda name: (counts[name], name))
        scale = plt.get_cmap(SCALES[place % len(SCALES)])
        shades = scale(np.linspace(*VISIBLE, len(members)))
        for name, shade in zip(members, shades):
            look = {"marker": MARKS[place % len(MARKS)], "ls": "-"}
            if sizes[name]["variant"]:
                look = VARIANT
            typical = words["colour"] or scale(0.5)
            found[name] = sizes[name] | look | {"colour": shade, "typical": typical}
    return found


# -- panels ----------------------------------------------------------------------------------------
def _against_alpha(axis, here: pd.DataFrame, members: dict[str, dict]) -> None:
    alphas = np.sort(here["alpha"].unique())
    for name, look in members.items():
        runs = style.select(here, model=name)
        line = {"color": look["colour"], "ls": look["ls"], "label": look["label"]}
        style.band(axis, alphas, runs, "val_accuracy", "alpha", **line)
    panels.mark_coin(axis)
    axis.set(xlabel="corrupted fraction α")
    spacing = {"handlelength": 1.4, "columnspacing": 1, "labelspacing": 0.25}
    axis.legend(loc="lower left", ncols=2, **spacing)
    style.note_collapsed(axis, here[here["model"].isin(members)], RUN, at="middle")


def _against_parameters(axis, here: pd.DataFrame, drawn: dict[str, dict]) -> None:
    """Filled against the parameters that can move the output, hollow against all of them."""
    for name, look in drawn.items():
        runs = style.select(here, model=name)
        mean = runs["val_accuracy"].mean()
        deviations = [[style.one_sided_deviation(runs["val_accuracy"], side)] for side in (-1, 1)]
        live, every = runs[["live_parameters", "parameters"]].iloc[0]
        colour, marker = look["colour"], look["marker"]
        hollow = {"mfc": "white", "mec": colour, "mew": 0.8}
        filled = {
            "color": colour,
            "elinewidth": 0.7,
            "mec": "0.2",
            "mew": 0.3,
        }
        axis.plot([live, every], [mean, mean], color=colour, lw=0.6)
        axis.plot(every, mean, marker, ms=3.5, **hollow)
        axis.errorbar(live, mean, deviations, fmt=marker, ms=3.5, **filled)
    axis.set(xscale="log", xlabel="parameters")


def _explain(axis, families: dict[str, dict], drawn: dict[str, dict]) -> None:
    """A legend of families, of variants within them, and of what hollow marks are."""
    kinds = {(look["family"], look["variant"]): look for look in drawn.values()}
    ordered = sorted(kinds.items(), key=lambda kind: kind[0][1] != "")
    for (family, variant), look in ordered:
        words = [families[family]["label"], *([variant] if variant else [])]
        mark = {"marker": look["marker"], "ls": "", "color": look["typical"]}
        axis.plot(
            [],
            [],
            ms=3.5,
            label=", ".join(words),
            **mark,
        )
    hollow = {"mfc": "white", "mec": "0.3", "mew": 0.8}
    axis.plot(
        [],
        [],
        "o",
        ms=3.5,
        label="with those that\ncannot move it",
        **hollow,
    )
    axis.legend(loc="lower left")
