"""Fig. X "scrub": trajectories of three forms of scrub, beside gradient ascent."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qunlearn.parts.methods.scrub import Scrub as OneLoss
from qunlearn.plots import style
from qunlearn.plots.looks import Looks
from qunlearn.studies.scrub import FORMS, ONE_SIDED

ACCURACIES = {
    "forget_accuracy": "forget set",
    "retain_accuracy": "retain set",
    "val_accuracy": "validation data",
}
#: Words for the two forms of one loss, and the colour of the one whose name carries a change.
WORDS = {
    OneLoss.name(): "scrub, KL of both outcomes (Fig. 3)",
    ONE_SIDED: "scrub, KL of class 1 alone (authors' code)",
}
OF_AUTHORS = "#E69F00"
RUN = ["method", "seed"]


def draw(
    *, scrub: pd.DataFrame, datasets: list[str], models: list[str], rewound: str, looks: Looks
):
    """A row of panels per dataset and model, one per accuracy, at the smallest fraction unlearned;
    `rewound`: the method that rewinds."""
    alpha = scrub["alpha"].min()
    rows = [(dataset, model) for dataset in datasets for model in models]
    size = style.WIDTH, 1.5 * len(rows) + 0.6
    figure, grid = plt.subplots(len(rows), 3, figsize=size, squeeze=False, sharex=True)
    letters = style.letters()
    for line, (dataset, model) in zip(grid, rows):
        part = style.select(scrub, dataset=dataset, model=model, alpha=alpha)
        for axis, (accuracy, words) in zip(line, ACCURACIES.items()):
            _curves(axis, part, accuracy, looks)
            _rewound(axis, part, accuracy, looks.method(rewound).colour)
            axis.set_ylim(min(0.95, part[accuracy].min()) - 0.03, 1.03)
            if (dataset, model) == rows[0]:
                axis.set_title(words)
        counted = style.seeds_beside(part, scrub)
        words = looks.dataset(dataset), looks.model(model).title, f"accuracy{counted}"
        line[0].set_ylabel("\n".join(words))
        style.panel_letter(line[0], next(letters))
        style.note_collapsed(line[-1], part, RUN)
    for axis in grid[-1]:
        axis.set_xlabel("unlearning step (epochs)")
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    figure.supxlabel(f"α = {alpha:g}, n = {style.number_of_seeds(scrub)}", size=7.5)
    return figure


def _curves(axis, part: pd.DataFrame, accuracy: str, looks: Looks) -> None:
    for form in FORMS:
        curve = style.select(part, method=form)
        steps = np.sort(curve["step"].unique())
        style.band(axis, steps, curve, accuracy, "step", lw=1, **look_of(form, looks))


def look_of(form: str, looks: Looks) -> dict:
    """Colour, line and words of a form."""
    look = looks.method(form)
    words = WORDS.get(form, look.label)
    if form == ONE_SIDED:
        return {"color": OF_AUTHORS, "ls": "-", "label": words}
    return {"color": look.colour, "ls": look.line, "label": words}


def _rewound(axis, part: pd.DataFrame, accuracy: str, colour: str) -> None:
    """A ring at the median step and the mean accuracy over seeds."""
    chosen = part[part["rewound"]]
    ring = {"ms": 5, "mfc": "none", "mec": colour, "mew": 1.2, "ls": ""}
    axis.plot(chosen["step"].median(), chosen[accuracy].mean(), "o", label="rewound", **ring)
