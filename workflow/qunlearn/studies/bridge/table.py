"""The table 'bridge': every headline number at both ends of the bridge and one step from either."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from qunlearn.results.cells import check_seeds
from qunlearn.results.csv import path_names
from qunlearn.results.hdf5 import read
from qunlearn.results.trained import trained_table, unlearned_table
from qunlearn.statistics.intervals import interval
from qunlearn.statistics.roughening import lrr
from qunlearn.studies.bridge.numbers import Statistic, Tables, samples_of, statistics
from qunlearn.studies.bridge.settings import Step

#: What a poisoned model shares with its clean twin.
TWINS = ["dataset", "model", "corruption", "seed"]
NAN = (np.nan, np.nan)


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
    for line in largest_steps(table):
        progress(1, line)
    return {"bridge": table}


def ratios(paths: Sequence[str], seeds: list[int], eval_set: str) -> pd.DataFrame:
    """Roughening ratios at alpha > 0, one row per model."""
    frames = []
    for path in paths:
        content, _ = read(path, ("alpha", "seed", "diverged", eval_set))
        check_seeds(path, content, seeds)
        frame = pd.DataFrame({name: content[name] for name in ("alpha", "seed")})
        names = dict(zip(TWINS, path_names(path, 2)))
        frame = frame.assign(**names, trace=content[eval_set]["trace"])
        frame["collapsed"] = np.asarray(content["diverged"], dtype=bool)
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


def largest_steps(table: pd.DataFrame) -> list[str]:
    """Of every number the largest change whose whole interval lies on one side of none, in words;
    '-' where there is none."""
    lines = []
    steps = table[table["switch"] != ""]
    for (dataset, model, number), part in steps.groupby(["dataset", "model", "number"], sort=False):
        ends = table[(table["switch"] == "") & (table["dataset"] == dataset)]
        ends = ends[(ends["model"] == model) & (ends["number"] == number)].set_index("from")[
            "value"
        ]
        words = (
            f"{dataset} {model} {number}: text {ends['text']:.3g}, authors {ends['authors']:.3g}"
        )
        sure = part[(part["change_low"] > 0) | (part["change_high"] < 0)]
        if sure.empty:
            lines.append(f"{words}; no step is told from none")
            continue
        row = sure.loc[sure["change"].abs().idxmax()]
        unit = " decades" if row["ratio"] else ""
        sign = "+" if row["from"] == "text" else "without"
        change = f"{row['change']:+.3g} [{row['change_low']:+.3g}, {row['change_high']:+.3g}]{unit}"
        lines.append(f"{words}; largest step: {row['from']} {sign} {row['switch']}, {change}")
    return lines
