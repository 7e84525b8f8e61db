"""The table of claims in words, and as a page of Markdown that reads well as raw text."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..reproduction import identical_runs
from . import CLAIMS, CONTROLS, collapsed

VERDICTS = ("reproduced", "not reproduced", "undecided")


def _number(value: float, like: float) -> str:
    """One decimal where `like` is 10 or more, else three."""
    return f"{value:.1f}" if abs(like) >= 10 else f"{value:.3f}"


def side(row: pd.Series) -> str:
    """Where the claim says its quantity lies: '> 0.1', '< 0.05', '0.45 to 0.55'."""
    if np.isfinite(row["above"]) and np.isfinite(row["below"]):
        return f"{row['above']:g} to {row['below']:g}"
    return f"> {row['above']:g}" if np.isfinite(row["above"]) else f"< {row['below']:g}"


def value(row: pd.Series) -> str:
    """'0.213 [0.180, 0.240]', or '-' for a quantity that the tables do not give."""
    found, low, high = (_number(row[name], row["value"]) for name in ("value", "low", "high"))
    return "-" if np.isnan(row["value"]) else f"{found} [{low}, {high}]"


def published(row: pd.Series) -> str:
    return "-" if np.isnan(row["published"]) else _number(row["published"], row["value"])


def subject(row: pd.Series) -> str:
    """The dataset, and the network where it is not the claim's own model."""
    own = row["claim"] in CLAIMS and row["model"] == CLAIMS[row["claim"]].model
    return row["dataset"] if own else f"{row['dataset']}, {row['model']}"


def starred(row: pd.Series) -> bool:
    """True for a verdict that a threshold a quarter off would change."""
    return row["verdict"] != "undecided" and not row["firm"]


def explanation(tables: dict[str, pd.DataFrame], confidence: float) -> list[str]:
    """How a verdict is made, what was flagged, and runs that are identical: paragraphs with *emphasis* and `code`."""
    flagged = ", ".join(f"{name} {lost} of {runs}" for name, (lost, runs) in collapsed(tables).items())
    double = [f"{name}: {group}" for name, table in tables.items() for group in identical_runs(table)]
    return [
        "The quantity and its threshold are set in `config.yaml` under `claims`. The interval is a "
        f"{100 * confidence:g} % bootstrap interval over independent seeds, all numbers of a seed drawn together, with "
        "tails widened to Student's t for the small number of seeds; fits and extremes are computed anew on every "
        "resample. *Reproduced*: the whole interval lies on the claim's side. *Not reproduced*: the whole interval is "
        "on the other side. *Undecided*: it holds the threshold, or the tables lack what is needed. A star marks a "
        "verdict that would be another with the threshold, or the width of a range, a quarter smaller or larger. Seeds "
        "share one dataset, so an interval speaks of other seeds on the same data. A fall is accuracy at α = 0 minus "
        "the mean accuracy at the α named. Controls change one choice of the study; the picture stays where the whole "
        "interval lies within the range named, and changes where it lies outside. *Published* is the same quantity "
        "from the authors' runs, where `published.dir` gives them.",
        f"Collapsed runs, all included above: {flagged}.",
        "Runs of different seeds that are identical in everything measured: " + ("; ".join(double) or "none") + ".",
    ]


def _aligned(rows: list[list[str]]) -> list[str]:
    """Rows of cells as lines of a Markdown table, padded so that it reads as a table in the raw text too."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def markdown(rows: pd.DataFrame, tables: dict[str, pd.DataFrame], confidence: float) -> str:
    """The page: counts of verdicts, a table per section of the paper, how verdicts are made, what was flagged."""
    of_paper = rows[rows["section"] != CONTROLS]
    counts = pd.crosstab(of_paper["dataset"], of_paper["verdict"])
    lines = ["# Is each claim of the paper true here?", ""]
    lines += _aligned(
        [["dataset", *VERDICTS], *([d, *(str(counts.loc[d].get(v, 0)) for v in VERDICTS)] for d in counts.index)]
    )
    head = ["claim", "decided by", "if", "data", f"value [{100 * confidence:g} % interval]", "published", "verdict"]
    for section, part in rows.groupby("section", sort=False):
        body, last = [], None
        for _, row in part.iterrows():
            claim = [row["sentence"], row["quantity"], side(row)] if row["claim"] != last else ["", "", ""]
            reason = f" ({row['remark']})" if row["remark"] else ""
            star = " *" if starred(row) else ""
            body.append([*claim, subject(row), value(row), published(row), row["verdict"] + reason + star])
            last = row["claim"]
        lines += ["", f"## {section}", "", *_aligned([head, *body])]
    lines += ["", "## How a verdict is made"]
    for paragraph in explanation(tables, confidence):
        lines += ["", paragraph]
    return "\n".join([*lines, ""])
