"""One look for every figure: sizes of a journal page, one colour for one thing, vector text.

Nothing of a user's own settings of matplotlib enters a figure. Colours are Okabe and Ito's, distinguishable under the
common colour-vision deficiencies.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from string import ascii_lowercase

import numpy as np

from qunlearn.runtime.errors import UserError
from qunlearn.runtime.files import replacing

# Read while matplotlib is imported, where a value or an encoding that is wrong would end the job.
os.environ["MPLBACKEND"] = "Agg"
os.environ["MATPLOTLIBRC"] = os.devnull
try:
    import matplotlib
    import matplotlib.pyplot as plt
except ValueError as error:
    raise UserError(
        f"matplotlib cannot read settings of your own ({error}): mend or remove `matplotlibrc` in this folder and "
        "`stylelib` in matplotlib's."
    ) from None

#: Text width of a two-column journal page, inches.
WIDTH = 7.2
SETS = {"train": "#E69F00", "validation": "#0072B2"}
PARTS = {"clean": "#009E73", "corrupted": "#CC79A7"}  # samples, and models trained on such data
SPARE = ["#56B4E9", "#009E73", "#CC79A7", "#999999", "#F0E442", "#000000"]
CLASSES = ("#0072B2", "#D55E00")  # label 0, label 1
NOISE = "#8C8C8C"  # samples with features of their own
CAVEAT = "#B00020"
#: What lines and their bands are (`band`), for legends.
MEANS = "mean and s.d."
#: Most entries of a legend in one row.
IN_A_ROW = 5
#: Ticks of an axis of accuracies that is stretched towards 1, and the error that it still resolves there.
ACCURACIES = (0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1)
RESOLVED = 0.01

LOOK = {
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


def set_look() -> None:
    """matplotlib's own defaults with this look on top, and the means to write files."""
    matplotlib.use("Agg")
    defaults = {key: value for key, value in matplotlib.rcParamsDefault.items() if key != "backend"}
    with matplotlib._api.suppress_matplotlib_deprecation_warning():
        plt.rcParams.update(defaults)
    plt.rcParams.update(LOOK)


set_look()


def letters() -> Iterator[str]:
    """Letters of panels in order: a to z, then aa, ab, ..."""
    for first in ("", *ascii_lowercase):
        for second in ascii_lowercase:
            yield first + second


def panel_letter(axis, letter: str) -> None:
    """A bold letter above the panel's upper left corner."""
    axis.annotate(
        letter,
        (0, 1),
        xycoords="axes fraction",
        xytext=(-24, 6),
        textcoords="offset points",
        weight="bold",
        size=9,
    )


def headline(figure, letter: str, text: str) -> None:
    """A letter and a title at the upper left of a figure, or of a part of one."""
    figure.suptitle(f"{letter}   {text}", x=0.01, ha="left", weight="bold", size=8.5)


def rows_of_panels(count: int, most: int) -> int:
    """Rows that so many panels need with at most so many side by side; at least one."""
    return max(1, -(-count // most))


def panel_grid(figure, count: int, most: int, **shared) -> np.ndarray:
    """(rows, columns) of axes for so many panels, `most` side by side; those beyond are hidden."""
    shape = rows_of_panels(count, most), max(1, min(count, most))
    grid = figure.subplots(*shape, squeeze=False, **shared)
    for axis in grid.flat[count:]:
        axis.set_visible(False)
    return grid


def scatter(axis, places, colours, corrupted, size: float) -> None:
    """Samples as dots at their places (N, 2) in their colours (N,); corrupted ones larger, with a
    black rim, above the others."""
    places, colours = np.asarray(places), np.asarray(colours)
    corrupted = np.asarray(corrupted, dtype=bool)
    plain = {"s": size, "lw": 0}
    rimmed = {"s": 2 * size, "lw": 0.6, "ec": "k"}
    for chosen, look in ((~corrupted, plain), (corrupted, rimmed)):
        x, y = places[chosen].T
        axis.scatter(x, y, c=colours[chosen], **look)


#: Where a remark stands in a panel: fractions of its width and height, and how it is aligned there.
PLACES = {
    "bottom": (0.98, 0.02, "right", "bottom"),
    "bottom left": (0.03, 0.02, "left", "bottom"),
    "middle": (0.98, 0.42, "right", "center"),
    "top": (0.98, 0.98, "right", "top"),
}


def note(axis, text: str, at: str = "bottom") -> None:
    """A small remark inside the panel, `at` one of PLACES, where a reader must not miss a caveat."""
    x, y, horizontal, vertical = PLACES[at]
    look = {"ha": horizontal, "va": vertical, "size": 6.5, "color": CAVEAT}
    axis.text(x, y, text, transform=axis.transAxes, **look)


def select(table, **values):
    """Rows of a table that have all these values, by column."""
    for column, value in values.items():
        table = table[table[column] == value]
    return table


def collapsed_runs(frame, by: list[str]) -> int:
    """Number of distinct runs flagged in a part of a table; the columns `by` tell runs apart."""
    if not np.any(frame["collapsed"]):
        return 0
    return len(frame[frame["collapsed"]][by].drop_duplicates())


def note_collapsed(axis, frame, by: list[str], at: str = "bottom") -> None:
    """How many of the runs drawn in a panel collapsed, if any did; `by` as for `collapsed_runs`, `at`
    as for `note`."""
    if lost := collapsed_runs(frame, by):
        words = f"{lost} of {len(frame[by].drop_duplicates())} runs collapsed"
        note(axis, words.replace(" runs", "\nruns") if "left" in at else words, at)


def band(axis, x, frame, column: str, by: str, **look) -> None:
    """Mean over seeds at each `x`, values of the column `by`, with a band of the standard deviations
    to either side of it (none for a single seed): it never leaves the range of the runs, as one of
    a common standard deviation may."""
    groups = frame.groupby(by)[column]
    mean = groups.mean().reindex(x)
    below = groups.agg(one_sided_deviation, side=-1).reindex(x)
    above = groups.agg(one_sided_deviation, side=1).reindex(x)
    (line,) = axis.plot(x, mean, **look)
    colour = line.get_color()
    axis.fill_between(x, mean - below, mean + above, color=colour, alpha=0.2, lw=0)


def one_sided_deviation(values, side: int) -> float:
    """Root mean square distance from the mean of those values that lie below it (`side` -1) or
    above it (1); 0 where none do."""
    distances = side * (values - values.mean())
    beyond = distances[distances > 0]
    return float(np.sqrt(np.mean(beyond**2))) if len(beyond) else 0.0


def stretch_accuracy(axis, lowest: float) -> None:
    """An axis of accuracies from `lowest` to 1 on which equal lengths are about equal factors of the
    error 1 - accuracy, so that curves close to 1 can be told apart."""

    def forward(accuracy):
        return -np.log10(np.maximum(1 + RESOLVED - np.asarray(accuracy, float), 1e-6))

    def inverse(height):
        return 1 + RESOLVED - 10.0 ** -np.asarray(height, float)

    axis.set_yscale("function", functions=(forward, inverse))
    ticks = [tick for tick in ACCURACIES if lowest <= tick]
    axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_ylim(lowest, 1 + RESOLVED / 4)


def number_of_seeds(frame) -> str:
    """'20', or '5 to 20' where models or datasets differ; '5 restarts of one model' where runs share a `start_seed`,
    so that they are not independent."""
    names = [name for name in ("dataset", "model") if name in frame]
    counts = frame.groupby(names)["seed"].nunique()
    fewest, most = counts.min(), counts.max()
    words = f"{most}" if fewest == most else f"{fewest} to {most}"
    return f"{words} restarts of one model" if "start_seed" in frame else words


def seeds_beside(frame, whole) -> str:
    """', n = 5' for a panel of runs where not all of the whole figure have as many, else nothing."""
    if len(frame) == 0 or "to" not in number_of_seeds(whole):
        return ""
    return f", n = {number_of_seeds(frame)}"


def legend_of_means(figure, handles: list, labels: list[str], seeds: str, **look) -> None:
    """A legend above a figure's panels, which begins with what lines and bands are: in one row, of
    more than so many entries (`IN_A_ROW`) in two."""
    words = f"{MEANS}, n = {seeds}:"
    handles = [plt.Line2D([], [], lw=0), *handles]
    labels = [words, *labels]
    rows = 1 if len(labels) <= IN_A_ROW else 2
    columns = -(-len(labels) // rows)
    figure.legend(handles, labels, loc="outside upper center", ncols=columns, **look)


def save(figure, pdf: str, png: str) -> None:
    """Write both files whole; no dates inside, so that equal figures are equal files."""
    for path in (pdf, png):
        dates = {"CreationDate": None} if str(path).endswith("pdf") else None
        with replacing(path) as temporary:
            figure.savefig(temporary, metadata=dates)
    plt.close(figure)
