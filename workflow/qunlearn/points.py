"""Landscape analyses of single trained models (`experiment.landscapes`) on disk, and as tidy tables.

Collapsed runs are flagged as in `tables`; a curvature that is not finite flags its run, too.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from . import store, tables

CELL = ["dataset", "model", "corruption", "alpha", "seed"]


def write_points(path, cells, found: list[dict], accuracy, diverged, settings: dict, device: str) -> None:
    """What was found at each cell's trained model, one group per cell."""
    content = {
        "alpha": [cell.alpha for cell in cells],
        "seed": [cell.seed for cell in cells],
        "validation_accuracy": accuracy,
        "diverged": diverged,
        "cells": {f"{i:04d}": result for i, result in enumerate(found)},
    }
    store.write(path, content, {**store.provenance(settings), "device": device})


def _read(paths: list[str], seeds):
    """(cell's names, its validation accuracy, whether it diverged, what was found) of every cell with these seeds."""
    for path in paths:
        content, _ = store.read(path, ("alpha", "seed", "validation_accuracy", "diverged", "cells"))
        for i, (alpha, seed) in enumerate(zip(content["alpha"], content["seed"])):
            if seed in seeds:
                state = content["validation_accuracy"][i], content["diverged"][i]
                yield [*tables.path_names(path, 2), alpha, seed], *state, content["cells"][f"{i:04d}"]


def _finish(rows: list, columns: list[str], by: list[str], finite: list[str], datasets, margin: float) -> pd.DataFrame:
    """A sorted table whose last column flags collapsed runs: the rows carry `collapsed` = diverged."""
    frame = pd.DataFrame(rows, columns=[*columns, "val_accuracy", "collapsed"]).sort_values(by, ignore_index=True)
    broken = frame["collapsed"].astype(bool) | ~np.isfinite(frame[finite].astype(float)).all(axis=1)
    return frame.assign(collapsed=tables.flag_collapsed(frame, broken, tables.chance(datasets), margin))


def spectrum(cells, datasets, seeds, margin: float, zero: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per model, and one row per eigenvalue.

    Eigenvalues up to `zero` times the largest magnitude count as zero, and share one row. `negative`, `positive` count
    the others (a mean over probes where they are estimated), `negative_mass` is the negative ones' share of
    sum |eigenvalue|.
    """
    summary, single = [], []
    for names, accuracy, diverged, found in _read(cells, seeds):
        values = found["eigenvalues"].ravel()
        weights = found["weights"].ravel() / len(found["weights"])
        scale = np.abs(values).max()
        small = np.abs(values) <= zero * scale
        low, high = (values < 0) & ~small, (values > 0) & ~small
        magnitude = np.sum(weights * np.abs(values))
        summary.append(
            [
                *names, weights.sum(), "exact" if found["exact"] else "lanczos", values.min(), values.max(),
                weights @ values, weights[low].sum(), weights[small].sum(), weights[high].sum(),
                -np.sum(weights[low] * values[low]) / magnitude if magnitude > 0 else 0.0,
                found["loss"], found["gradient_norm"], accuracy, diverged,
            ]
        )  # fmt: skip
        pooled = [(0.0, weights[small].sum()), *sorted(zip(values[~small], weights[~small]))]
        single += [[*names, value, weight] for value, weight in pooled]
    columns = [
        *CELL, "parameters", "method", "smallest", "largest", "trace", "negative", "zero", "positive", "negative_mass",
        "loss", "gradient_norm",
    ]  # fmt: skip
    table = _finish(summary, columns, CELL, ["largest", "loss"], datasets, margin)
    eigenvalues = pd.DataFrame(single, columns=[*CELL, "eigenvalue", "count"])
    return table, eigenvalues.sort_values([*CELL, "eigenvalue"], ignore_index=True)


def curvature(cells, datasets, seeds, margin: float) -> pd.DataFrame:
    """One row per model and part of its training set (all, clean, corrupted). The parts' traces add up to the whole's;
    `lrr` is the whole's over that at alpha = 0 of the same seed (Eq. 1)."""
    fields = ["samples", "contradicted", "gauss_newton", "residual", "largest_sample", "largest_mean", "bound"]
    rows = []
    for names, accuracy, diverged, found in _read(cells, seeds):
        for part, values in found.items():
            rows.append([*names, part, *(values[field] for field in fields), accuracy, diverged])
    frame = _finish(rows, [*CELL, "part", *fields], [*CELL, "part"], ["gauss_newton", "residual"], datasets, margin)
    frame.insert(frame.columns.get_loc("residual") + 1, "trace", frame["gauss_newton"] + frame["residual"])
    key = ["dataset", "model", "corruption", "seed"]
    whole = frame["part"] == "all"
    clean = frame[whole & (frame["alpha"] == 0)].set_index(key)["trace"]
    with np.errstate(divide="ignore", invalid="ignore"):
        lrr = frame["trace"].to_numpy() / clean.reindex(pd.MultiIndex.from_frame(frame[key])).to_numpy()
    frame.insert(frame.columns.get_loc("bound") + 1, "lrr", np.where(whole, lrr, np.nan))
    return frame


def slices(cells, datasets, seeds, margin: float) -> pd.DataFrame:
    """One row per model, direction ('top', 'random 1', ...) and displacement t."""
    rows = []
    for names, accuracy, diverged, found in _read(cells, seeds):
        lines = {f"random {k}": (found["t_random"], line) for k, line in enumerate(found["random"], start=1)}
        for name, (steps, line) in {"top": (found["t_top"], found["top"]), **lines}.items():
            rows += [
                [*names, name, t, loss, found["top_eigenvalue"], accuracy, diverged] for t, loss in zip(steps, line)
            ]
    columns = [*CELL, "direction", "t", "loss", "top_eigenvalue"]
    return _finish(rows, columns, [*CELL, "direction", "t"], ["loss"], datasets, margin)
