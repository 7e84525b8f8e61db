"""One look for every figure: sizes of a journal page, one colour for one thing, vector text.

Colours are Okabe and Ito's, distinguishable under the common colour-vision deficiencies.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from .. import store

#: Text width of a two-column journal page, inches.
WIDTH = 7.2
SETS = {"train": "#E69F00", "validation": "#0072B2"}
PARTS = {"clean": "#009E73", "corrupted": "#CC79A7"}  # samples, and models trained on such data
METHODS = {
    "retrain": "#000000",
    "finetune": "#009E73",
    "scrub": "#CC79A7",
    "gradient_ascent": "#D55E00",
}
MODELS = {"mlp": "#D55E00", "mlp_16_4": "#E69F00", "qnn": "#0072B2"}
SPARE = ["#56B4E9", "#009E73", "#CC79A7", "#999999", "#F0E442", "#000000"]
CLASSES = ("#0072B2", "#D55E00")  # label 0, label 1
NOISE = "#8C8C8C"
DATASETS = {"digits": "Digits (8×8)", "mnist": "MNIST", "xxz": "XXZ ground states"}
WORDS = {
    "label_flipping": "label flipping",
    "feature_randomization": "feature randomisation",
    "retrain": "retrain",
    "finetune": "finetune",
    "scrub": "scrub",
    "gradient_ascent": "gradient ascent",
}

plt.rcParams.update(
    {
        "font.size": 7.5,
        "axes.titlesize": 8,
        "axes.labelsize": 7.5,
        "xtick.labelsize": 7,
        "ytick.labelsize": 7,
        "legend.fontsize": 7,
        "legend.frameon": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "lines.linewidth": 1.2,
        "pdf.fonttype": 42,
        "svg.hashsalt": "qunlearn",
        "figure.dpi": 100,
        "savefig.dpi": 300,
        "figure.constrained_layout.use": True,
    }
)


def model_colour(name: str, names: list[str]) -> str:
    """The model's own colour, or a spare one by its place in `names`."""
    return MODELS.get(name) or SPARE[names.index(name) % len(SPARE)]


def model_label(name: str, architecture: dict | None = None) -> str:
    """'MLP [64, 16]', 'QNN', 'SVM, rbf': what an architecture is; the name itself where nothing better is known."""
    match architecture:
        case {"family": "mlp", "hidden": []}:
            return "logistic, by Adam"
        case {"family": "mlp", "hidden": hidden}:
            return f"MLP [{', '.join(map(str, hidden))}]"
        case {"family": "logistic_regression", "C": strength}:
            return f"logistic, C = {strength:g}"
        case {"family": "svm", "kernel": kernel}:
            return f"SVM, {kernel}"
        case {"family": "nearest_neighbours", "k": k}:
            return f"{k} nearest neighbours"
        case {"family": "random_features"}:
            return "random Fourier features"
        case {"family": "resnet"}:
            return "ResNet"
    return name.upper() if name in ("mlp", "qnn", "cnn") else name


def panel_letter(axis, letter: str) -> None:
    axis.annotate(
        letter, (0, 1), xycoords="axes fraction", xytext=(-24, 6), textcoords="offset points", weight="bold", size=9
    )


def note(axis, text: str) -> None:
    """A small remark inside the panel, where a reader must not miss a caveat."""
    axis.text(0.98, 0.02, text, transform=axis.transAxes, ha="right", va="bottom", size=6.5, color="#B00020")


def band(axis, x, frame, column: str, by: str, **kwargs) -> None:
    """Mean over seeds with a band of one standard deviation (ddof = 1; none for a single seed)."""
    groups = frame.groupby(by)[column]
    mean, sd = groups.mean().reindex(x), groups.std(ddof=1).reindex(x).fillna(0)
    (line,) = axis.plot(x, mean, **kwargs)
    axis.fill_between(x, mean - sd, mean + sd, color=line.get_color(), alpha=0.2, lw=0)


def save(figure, pdf: str, png: str) -> None:
    """Write both files whole; no dates inside, so that equal figures are equal files."""
    for path in (pdf, png):
        with store.replacing(path) as temporary:
            figure.savefig(temporary, metadata={"CreationDate": None} if str(path).endswith("pdf") else None)
    plt.close(figure)


def collapsed_runs(frame, by: list[str]) -> int:
    """Number of distinct runs flagged in a part of a table."""
    return len(frame[frame["collapsed"]][by].drop_duplicates()) if np.any(frame["collapsed"]) else 0
