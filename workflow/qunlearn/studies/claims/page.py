"""The table of claims in words, and as a page of Markdown that reads well as raw text."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qunlearn.statistics.decision import CONTROLS
from qunlearn.statistics.verdicts import NO_SIDE, VERDICTS
from qunlearn.studies.claims.claim import Claim
from qunlearn.studies.claims.criteria import Origin
from qunlearn.studies.claims.decide import collapsed
from qunlearn.studies.claims.nulls import TRAINED, asymmetry
from qunlearn.studies.reproduction.compare import identical_runs

#: Of those that are reproduced.
NO_FINDING = "also true of a null"
HOW_DECIDED = """
The quantity and its threshold are set in `criteria.yaml`. The {percent:g} % interval
over independent seeds, all numbers of a seed together, is at either end the widest of Student's t,
its form for skewed runs, and a bootstrap's; docs/claims.md says how often it covers. *Runs*: seeds,
how many of them hold a run flagged as failed, and the share of all seeds that may fail, at most
({percent:g} %). *Reproduced*: the whole interval lies on the claim's side. *Not reproduced*: the
whole interval is on the other side. *At the threshold*: it holds it and lies between half and twice
of it (of a range, whose width is halved and doubled, at either end), so that the value is known as
well as the threshold is meant. *Undecided*: the interval is wider, or the tables lack what is
needed. A star marks a verdict that would be another with half or twice the threshold, or the width
of a range; a dagger one that does not stand together with all others of its table at
{percent:g} % (Holm). Seeds share one dataset, so an interval speaks of other seeds on the same
data. A fall is accuracy at α = 0 minus the mean accuracy at the α named; the largest one is that at
the worst of them, from accuracy at α = 0 or from the criterion's `least`, whichever is higher.
Controls change one choice
of the study; the picture stays where the whole interval lies within the range named, and changes
where it lies outside. *Published* is the same quantity from the authors' runs, judged alike, where
`published.dir` gives them.
"""
LOOKS = """
Verdicts are asked for at {numbers} seeds, as far as there are so many, until one decides, and kept.
Each interval has {each:g} %, so that those of all looks hold the truth together with {percent:g} %.
"""
NULLS = """
Null models are judged by the same measure and criterion in the place of the claim's own model.
*Constant answer*: always the same. *Majority vote*: of each class what most of its labels say, an
ideal that knows which samples are alike.
*Straight line*: accuracy 1 - α. *Leaving it poisoned*: unlearning that does nothing. {trained} is
trained like the others. What a null fulfils as well is no evidence for what the paper sees behind
it, and for a quantum model none for a quantum effect.
"""
SYMMETRY = """
Flipping α of the labels is flipping 1 - α with the classes exchanged, so that acc(α) + acc(1 - α) =
1 on average for every learner that treats classes alike: a transition at 0.5 tests this symmetry,
its width and the plateau test the learner; a straight line from 1 to 0 has its middle at 0.5, too,
and a 10-90 % width of 0.8 (of the sigmoid fitted to it at ten α below 1: 0.87). Largest deviation of
the sum from 1 here: {deviations}.
"""


# -- a row -----------------------------------------------------------------------------------------
def _number(value: float, like: float) -> str:
    """One decimal where `like` is 10 or more, else three."""
    return f"{value:.1f}" if abs(like) >= 10 else f"{value:.3f}"


def side(row: pd.Series) -> str:
    """Where the claim says its quantity lies: '> 0.1', '< 0.05', '0.45 to 0.55'."""
    above, below = row["above"], row["below"]
    if np.isnan(above):
        return f"< {below:g}"
    if np.isnan(below):
        return f"> {above:g}"
    return f"{above:g} to {below:g}"


def value(row: pd.Series) -> str:
    """'0.213 [0.180, 0.240]', or '-' for a quantity that the tables do not give."""
    like = row["value"]
    if np.isnan(like):
        return "-"
    low, high = _number(row["low"], like), _number(row["high"], like)
    return f"{_number(like, like)} [{low}, {high}]"


def compared(row: pd.Series, name: str) -> str:
    """'0.213 reproduced': the same quantity, 'published' or of the trained 'null', and its verdict;
    '-' for none."""
    if np.isnan(row[name]):
        return "-"
    return f"{_number(row[name], row[name])} {row[f'{name}_verdict']}"


def nulls(row: pd.Series) -> str:
    """Null models with their values: the trained one first."""
    found = [f"{row['null_model']} {compared(row, 'null')}"] if row["null_model"] else []
    return "; ".join([*found, *filter(None, [row["nulls"]])]) or "-"


def mark(row: pd.Series) -> str:
    """'also true of: majority vote' for what is reproduced here and of null models, too."""
    is_mark = row["verdict"] == "reproduced" and row["also_true_of"]
    return f"also true of: {row['also_true_of']}" if is_mark else ""


def subject(row: pd.Series, claims: dict[str, Claim]) -> str:
    """The dataset, and the network where it is not the claim's own model."""
    name, dataset, model = row["claim"], row["dataset"], row["model"]
    is_own = name in claims and model == claims[name].model
    return dataset if is_own else f"{dataset}, {model}"


def starred(row: pd.Series) -> bool:
    """True for a side taken that half or twice the threshold would change."""
    return row["verdict"] not in NO_SIDE and not row["firm"]


def _verdict(row: pd.Series) -> str:
    remarks = [row["remark"]] if row["remark"] else []
    if row["verdict"] == "undecided" and np.isfinite(row["seeds_needed"]):
        remarks.append(f"about {row['seeds_needed']:.0f} seeds would decide it")
    reason = f" ({'; '.join(remarks)})" if remarks else ""
    star = " *" if starred(row) else ""
    dagger = " †" if alone(row) else ""
    also = f"; {mark(row)}" if mark(row) else ""
    return f"{row['verdict']}{reason}{star}{dagger}{also}"


def alone(row: pd.Series) -> bool:
    """True for a verdict that does not stand together with all others."""
    return row["verdict"] != "undecided" and not row["stands"]


def runs(row: pd.Series) -> str:
    """'20, 1 failed (< 22 %)': seeds, those that failed, and the share that may."""
    if np.isnan(row["failed_at_most"]):
        return f"{row['seeds']}"
    return f"{row['seeds']}, {row['failed']} failed (< {100 * row['failed_at_most']:.0f} %)"


# -- explanations ----------------------------------------------------------------------------------
def explanation(
    tables: dict[str, pd.DataFrame], confidence: float, left_out: list[str], origin: Origin
) -> list[str]:
    """How a verdict is made, where criteria come from, what was flagged, runs that are identical,
    and methods that are not the paper's: paragraphs with *emphasis* and `code`."""
    counts = collapsed(tables)
    flagged = ", ".join(f"{name} {lost} of {runs}" for name, (lost, runs) in counts.items())
    identical = []
    for name, table in tables.items():
        identical += [f"{name}: {group}" for group in identical_runs(table)]
    same = "; ".join(identical) or "none"
    paragraphs = [
        " ".join(HOW_DECIDED.split()).format(percent=100 * confidence),
        *null_models(tables),
        *criteria_used(origin),
        f"Collapsed runs, all included above: {flagged}.",
        f"Runs of different seeds that are identical in everything measured: {same}.",
    ]
    if left_out:
        paragraphs.append(
            "The best approximate method is the best of the paper's; left out, for they are "
            f"others: {', '.join(left_out)}."
        )
    return paragraphs


def null_models(tables: dict[str, pd.DataFrame]) -> list[str]:
    """What null models are, and what all learners have in common: paragraphs."""
    trained = tables.get(TRAINED, pd.DataFrame({"dataset": [], "model": []}))
    names = sorted(set(zip(trained["dataset"], trained["model"])))
    words = ", ".join(f"`{model}` ({dataset})" for dataset, model in names) or "None"
    paragraphs = [" ".join(NULLS.split()).format(trained=words)]
    deviations = []
    for name in ("resilience", TRAINED):
        for (dataset, model), largest in asymmetry(tables.get(name)).items():
            deviations.append(f"{dataset} {model} {largest:.3f}")
    if deviations:
        paragraphs.append(" ".join(SYMMETRY.split()).format(deviations=", ".join(deviations)))
    return paragraphs


def criteria_used(origin: Origin) -> list[str]:
    """Which criteria decided, and how they have changed: paragraphs."""
    last = origin.changes[-1]
    words = f"Criteria: `criteria.yaml`, SHA-256 `{origin.sha256}`"
    if origin.is_listed():
        words += f", last changed on {last['date']}."
    else:
        words += f", changed after {last['date']} without an entry in its list of changes."
    changed = "; ".join(origin.deviations) or "none"
    history = " ".join(f"{change['date']}: {change['reason']}" for change in origin.changes)
    return [
        words,
        f"Criteria changed from the file, or not in it, by the configuration: {changed}.",
        f"Changes of the file: {history}",
    ]


# -- the page --------------------------------------------------------------------------------------
def markdown(
    rows: pd.DataFrame,
    tables: dict[str, pd.DataFrame],
    claims: dict[str, Claim],
    settings,
    origin: Origin,
) -> str:
    """The page: counts of verdicts, a table per section of the paper, how verdicts are made, what
    was flagged, and where the thresholds come from. `settings`: `decide.Settings`."""
    each = 1 - (1 - settings.confidence) / max(1, len(settings.looks))
    lines = ["# Is each claim of the paper true here?", ""]
    lines += _counts(rows)
    for section, part in rows.groupby("section", sort=False):
        lines += ["", f"## {section}", ""]
        lines += _section(part, claims, each)
    lines += ["", "## How a verdict is made"]
    if settings.looks:
        numbers = ", ".join(map(str, settings.looks))
        words = LOOKS.format(numbers=numbers, each=100 * each, percent=100 * settings.confidence)
        lines += ["", " ".join(words.split())]
    for paragraph in explanation(tables, settings.confidence, settings.left_out, origin):
        lines += ["", paragraph]
    lines += ["", "## Where the thresholds come from", ""]
    lines += _sources(rows, origin)
    return "\n".join([*lines, ""])


def verdict_counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Number of rows of every verdict on the paper's claims, a line per dataset, and of how many
    null models fulfil, too."""
    of_paper = rows[rows["section"] != CONTROLS]
    counts = pd.crosstab(of_paper["dataset"], of_paper["verdict"])
    counts = counts.reindex(columns=list(VERDICTS), fill_value=0)
    marked = of_paper.apply(mark, axis=1).ne("").groupby(of_paper["dataset"]).sum()
    return counts.assign(**{NO_FINDING: marked})


def _counts(rows: pd.DataFrame) -> list[str]:
    table = [["dataset", *VERDICTS, NO_FINDING]]
    for dataset, counts in verdict_counts(rows).iterrows():
        table.append([dataset, *map(str, counts)])
    return _aligned(table)


def _sources(rows: pd.DataFrame, origin: Origin) -> list[str]:
    """Of every claim the paper's words, and how the threshold follows from them."""
    table = [["criterion", "if", "in the paper's words", "because"]]
    for name, words in origin.words.items():
        mine = rows[rows["claim"] == name]
        if mine.empty:
            continue
        quotes = "; ".join(f'"{quote}"' for quote in words.get("source", [])) or "-"
        table.append([f"`{name}`", side(mine.iloc[0]), quotes, words.get("why", "-")])
    return _aligned(table)


def _section(rows: pd.DataFrame, claims: dict[str, Claim], confidence: float) -> list[str]:
    """The table of a section; a claim's words stand in its first row."""
    interval = f"value [{100 * confidence:g} % interval]"
    head = ["claim", "decided by", "if", "data", "runs", interval, "nulls", "published", "verdict"]
    table = [head]
    last = None
    for _, row in rows.iterrows():
        words = [row["sentence"], row["quantity"], side(row)]
        if row["claim"] == last:
            words = ["", "", ""]
        besides = [nulls(row), compared(row, "published")]
        found = [subject(row, claims), runs(row), value(row), *besides, _verdict(row)]
        table.append(words + found)
        last = row["claim"]
    return _aligned(table)


def _aligned(rows: list[list[str]]) -> list[str]:
    """Rows of cells as lines of a Markdown table, padded so that it reads as a table in the raw
    text too."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    rules = ["-" * (width + 2) for width in widths]
    head, *body = [_line(row, widths) for row in rows]
    return [
        head,
        f"|{'|'.join(rules)}|",
        *body,
    ]


def _line(row: list[str], widths: list[int]) -> str:
    cells = map(str.ljust, row, widths)
    return f"| {' | '.join(cells)} |"
