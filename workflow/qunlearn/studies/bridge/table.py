"""The tables 'bridge', every headline number at both ends of the bridge and one step from either, and
'bridge_steps', the largest steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from qunlearn.results.cells import check_seeds, failed
from qunlearn.results.csv import path_names
from qunlearn.results.hdf5 import read
from qunlearn.results.trained import trained_table, unlearned_table
from qunlearn.statistics.intervals import interval
from qunlearn.statistics.roughening import lrr
from qunlearn.studies.bridge.numbers import Statistic, Tables, samples_of, statistics
from qunlearn.studies.bridge.settings import AUTHORS, TEXT, Step

#: What a poisoned model shares with its clean twin.
TWINS = ["dataset", "model", "corruption", "seed"]
NAN = (np.nan, np.nan)
#: What tells numbers apart, and what is said of a step.
NUMBER = ["dataset", "model", "number", "ratio"]
CHANGE = ["change", "change_low", "change_high"]


def tabulate(
    *,
    data: list[str],
    steps: list[Step],
    alphas: list[float],
    plateau: float,
    eval_set: str,
    seeds: list[int],
    margin: float,
    confidence: float,
    resamples: int,
    sweeps: Sequence[str] = (),
    unlearned: Sequence[str] = (),
    curvatures: Sequence[str] = (),
    progress: Callable = lambda *_: None,
) -> dict[str, pd.DataFrame]:
    """One row per step and end, from the files of trained models, of unlearned ones and of
    curvature.

    `value` with its interval is the number there, `change` what the switch makes of it: the number
    minus that of the end it is a step from, paired by seed; of ratios the difference of log10.
    """
    tables = Tables(
        trained_table(sweeps, data, alphas, seeds, margin) if sweeps else None,
        unlearned_table(unlearned, seeds) if unlearned else None,
        ratios(curvatures, seeds, eval_set) if curvatures else None,
    )
    measures = statistics(np.array(alphas), plateau)
    options = confidence, resamples
    rows = []
    for done, step in enumerate(steps):
        rows.append(row_of(step, tables, measures[step.number.name], options))
        progress(done / len(steps), step.switch or f"{step.context}: {step.dataset}")
    table = pd.DataFrame(rows)
    largest = largest_steps(table)
    for _, row in largest.iterrows():
        progress(1, in_words(row))
    return {"bridge": table, "bridge_steps": largest}


def ratios(paths: Sequence[str], seeds: list[int], eval_set: str) -> pd.DataFrame:
    """Roughening ratios at alpha > 0, one row per model."""
    frames = []
    for path in paths:
        content, _ = read(path, ("alpha", "seed", "diverged", eval_set))
        check_seeds(path, content, seeds)
        frame = pd.DataFrame({name: content[name] for name in ("alpha", "seed")})
        names = dict(zip(TWINS, path_names(path, 2)))
        frame = frame.assign(**names, trace=content[eval_set]["trace"])
        frame["collapsed"] = failed(content)
        frames.append(frame[frame["seed"].isin(seeds)])
    table = pd.concat(frames, ignore_index=True)
    table["lrr"] = lrr(table, TWINS)
    return table[table["alpha"] > 0]


def row_of(step: Step, tables: Tables, statistic: Statistic, options: tuple) -> dict:
    """A step or an end; `options` are the last arguments of `interval`."""
    samples = samples_of(tables, step.number, step.run)
    value, bounds = statistic(samples), interval(samples, statistic, *options)
    change, change_bounds = np.nan, NAN
    if step.base:
        pairs = np.stack([samples, samples_of(tables, step.number, step.base)], axis=1)

        def difference(pairs: np.ndarray) -> float:
            return statistic(pairs[:, 0]) - statistic(pairs[:, 1])

        change, change_bounds = difference(pairs), interval(pairs, difference, *options)
    shown = [10**number if step.number.ratio else number for number in (value, *bounds)]
    run = step.run
    return {
        "dataset": step.dataset,
        "model": step.model,
        "number": step.number.name,
        "ratio": step.number.ratio,
        "from": step.context,
        "switch": step.switch,
        **dict(zip(("value", "low", "high"), shown)),
        "change": change,
        **dict(zip(("change_low", "change_high"), change_bounds)),
        "seeds": len(samples),
        "collapsed": collapsed(tables, step),
        "run_dataset": run.dataset,
        "run_model": run.model,
        "run_corruption": run.corruption,
        "run_methods": " ".join(run.methods),
    }


def collapsed(tables: Tables, step: Step) -> int:
    """Runs flagged among those that a number is taken from; they are included."""
    frame = getattr(tables, step.number.stage)
    run = step.run
    chosen = frame["collapsed"]
    for name, value in zip(("dataset", "model", "corruption"), run):
        chosen = chosen & (frame[name] == value)
    if run.methods:
        chosen = chosen & frame["method"].isin(run.methods)
    names = [name for name in ("method", "alpha", "seed") if name in frame]
    return len(frame.loc[chosen, names].drop_duplicates())


def largest_steps(table: pd.DataFrame) -> pd.DataFrame:
    """Of every number and either end of the bridge the largest change whose whole interval lies on
    one side of none; without a switch where no step is told from none."""
    rows = []
    for names, part in table.groupby(NUMBER, sort=False):
        ends = part[part["switch"] == ""].set_index("from")["value"]
        for context in ends.index:
            found = dict(zip(NUMBER, names)) | {"from": context}
            found |= {"text": ends[TEXT], "authors": ends[AUTHORS], "switch": ""}
            steps = part[(part["from"] == context) & (part["switch"] != "")]
            sure = steps[(steps["change_low"] > 0) | (steps["change_high"] < 0)]
            if len(sure):
                largest = sure.loc[sure["change"].abs().idxmax()]
                found |= largest[["switch", *CHANGE]].to_dict()
            rows.append(found)
    return pd.DataFrame(rows, columns=[*NUMBER, "text", "authors", "from", "switch", *CHANGE])


def in_words(row: pd.Series) -> str:
    """'digits qnn dip: text 0.01, authors 0.09; largest step from text: ring of bonds, +0.05 [+0.02,
    +0.08]'."""
    number = " ".join(map(str, row[NUMBER[:3]]))
    ends = f"{number}: text {row['text']:.3g}, authors {row['authors']:.3g}"
    if not row["switch"]:
        return f"{ends}; no step from {row['from']} is told from none"
    change = "{change:+.3g} [{change_low:+.3g}, {change_high:+.3g}]".format(**row[CHANGE])
    unit = " decades" if row["ratio"] else ""
    return f"{ends}; largest step from {row['from']}: {row['switch']}, {change}{unit}"
