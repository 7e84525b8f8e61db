"""Tidy tables from the cells on disk, one row per observation; no run is left out.

A run that failed is flagged in the column `collapsed`, never dropped: its training diverged (`training.diverged`), its
loss or curvature is not finite, or the clean run (alpha = 0) of the same seed stays at chance, that is within `margin`
of always answering the larger class.
"""

from __future__ import annotations

import json
from pathlib import Path, PurePath

import numpy as np
import pandas as pd

from . import membership as audits
from . import store
from .variants import parse

RESILIENCE = ["dataset", "model", "corruption", "alpha", "seed"]
UNLEARNING = ["dataset", "model", "corruption", "alpha", "method", "seed", "step"]
WEIGHTS = ["beta", "lambda_ce", "lambda_kl", "lambda_fo"]
SCAN = ["dataset", "model", "corruption", "alpha", "method", *WEIGHTS, "seed"]
COST = ["dataset", "model", "corruption", "alpha", "method", "seed"]
CONTROLS = ["control", "role", "dataset", "model", "run_dataset", "run_model", "corruption", "method", "alpha", "seed"]
MEMBERSHIP = ["dataset", "model", "corruption", "alpha", "method", "seed", "reference", "measure"]
LANDSCAPE = ["dataset", "model", "corruption", "alpha", "seed", "eval_set"]


def write_csv(frame: pd.DataFrame, path) -> None:
    """Write with ten significant digits, whole or not at all."""
    with store.replacing(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.10g", lineterminator="\n")


def path_names(path: str, depth: int) -> list[str]:
    """dataset, model and corruption from a result's path, `depth` folders above the file."""
    parts = PurePath(path).parts
    return list(parts[-depth - 3 : -depth])


def chance(datasets: list[str]) -> dict[str, float]:
    """Dataset -> validation accuracy of always answering the larger class."""
    shares = {}
    for path in datasets:
        share = float(np.mean(store.read_dataset(path).y_validation))
        shares[PurePath(path).name.removesuffix(".h5")] = max(share, 1 - share)
    return shares


def flag_collapsed(frame: pd.DataFrame, broken: pd.Series, chances: dict[str, float], margin: float) -> pd.Series:
    """True where a row's run is broken, or the clean run of its seed stayed at chance."""
    run = ["dataset", "model", "corruption", "seed"]
    limit = frame["dataset"].map(chances) + margin
    dead = frame[(frame["alpha"] == 0) & (frame["val_accuracy"] <= limit)]
    dead_runs = set(dead[run].itertuples(index=False, name=None))
    return broken | pd.Series([key in dead_runs for key in frame[run].itertuples(index=False, name=None)], frame.index)


def resilience(cells: list[str], datasets: list[str], alphas, seeds, margin: float) -> pd.DataFrame:
    """Accuracy and loss at the end of training; train accuracy is against the labels trained on."""
    rows = []
    for path in cells:
        content, _ = store.read(path, store.CELLS)
        history = content["history"]
        for i, (alpha, seed) in enumerate(zip(content["alpha"], content["seed"])):
            if alpha in alphas and seed in seeds:
                values = [history[f"{part}_{what}"][i, -1] for what in ("accuracy", "loss") for part in _SETS]
                rows.append([*path_names(path, 2), alpha, seed, *values, content["diverged"][i]])
    columns = [*RESILIENCE, "train_accuracy", "val_accuracy", "train_loss", "val_loss", "collapsed"]
    frame = pd.DataFrame(rows, columns=columns).sort_values(RESILIENCE, ignore_index=True)
    broken = frame["collapsed"] | ~np.isfinite(frame[["train_loss", "val_loss"]]).all(axis=1)
    return frame.assign(collapsed=flag_collapsed(frame, broken, chance(datasets), margin))


_SETS = ("train", "validation")


def capacity(cells: list[str], datasets: list[str], alphas, seeds, margin: float) -> pd.DataFrame:
    """As `resilience`, with the number of `parameters` of each model and how many are `live_parameters`."""
    frame = resilience(cells, datasets, alphas, seeds, margin)
    counts = {}
    for path in cells:
        _, attributes = store.read(path, store.CELLS)
        dataset, model, _ = path_names(path, 2)
        counts[dataset, model] = json.loads(attributes["settings"])["parameters"]
    keys = list(zip(frame["dataset"], frame["model"]))
    return frame.assign(
        parameters=[counts[key]["all"] for key in keys], live_parameters=[counts[key]["live"] for key in keys]
    )


def noise(cells: list[str], datasets: list[str], alphas, seeds, margin: float) -> pd.DataFrame:
    """As `resilience`, with the strength of either noise and the number of shots (empty: exact expectation values)."""
    frame = resilience(cells, datasets, alphas, seeds, margin)
    changes = [parse(name)[1] for name in frame["model"]]
    return frame.assign(
        **{knob: [float(c.get(knob, 0)) for c in changes] for knob in ("depolarizing", "readout_error")},
        shots=[c.get("shots", np.nan) for c in changes],
    )


def unlearning(cells: list[str], seeds) -> pd.DataFrame:
    """Accuracies before step 0 and after every step; forget and retain accuracy are against clean labels."""
    parts = []
    for path in cells:
        content, _ = store.read(path, store.CELLS)
        history = content["history"]
        method = PurePath(path).parts[-2]
        for i, (alpha, seed) in enumerate(zip(content["alpha"], content["seed"])):
            if seed not in seeds:
                continue
            columns = {
                "train_accuracy": history["train_accuracy"][i],
                "val_accuracy": history["validation_accuracy"][i],
                "retain_accuracy": history["retain_accuracy"][i],
                "forget_accuracy": history["forget_accuracy"][i],
                "val_loss": history["validation_loss"][i],
            }
            frame = pd.DataFrame(columns)
            names = dict(zip(UNLEARNING, [*path_names(path, 3), alpha, method, seed]))
            losses = [history[f"{name}_loss"][i] for name in ("train", "validation", "retain")]
            failed = bool(content["diverged"][i]) or not np.all(np.isfinite(losses))
            parts.append(frame.assign(**names, step=np.arange(len(frame)), collapsed=failed))
    order = [*UNLEARNING, *columns, "collapsed"]
    return pd.concat(parts)[order].sort_values(UNLEARNING, ignore_index=True)


def along(cells: list[str], datasets: list[str], alphas, seeds, points: int = 25) -> pd.DataFrame:
    """Accuracy and loss along a training, after numbers of `updates` about evenly spaced on a logarithmic scale."""
    sizes = {Path(path).name.removesuffix(".h5"): len(store.read_dataset(path).y_train) for path in datasets}
    parts = []
    for path in cells:
        content, attributes = store.read(path, store.CELLS)
        schedule, names = json.loads(attributes["settings"])["schedule"], path_names(path, 2)
        per_epoch = -(-sizes[names[0]] // schedule["batch"]) if schedule["batch"] else 1
        records = content["history"]["train_loss"].shape[1] - 1
        chosen = np.unique(np.geomspace(1, records, points).round().astype(int))
        updates = per_epoch * schedule["epochs"] // records * chosen
        for i, (alpha, seed) in enumerate(zip(content["alpha"], content["seed"])):
            if alpha in alphas and seed in seeds:
                history = {
                    f"{short}_{what}": content["history"][f"{part}_{what}"][i, chosen]
                    for part, short in zip(_SETS, ("train", "val"))
                    for what in ("accuracy", "loss")
                }
                frame = pd.DataFrame(history).assign(updates=updates, alpha=alpha, seed=seed)
                broken = bool(content["diverged"][i]) or not np.isfinite(frame[["train_loss", "val_loss"]]).all(
                    axis=None
                )
                parts.append(frame.assign(**dict(zip(RESILIENCE, names)), collapsed=broken))
    return pd.concat(parts, ignore_index=True)


def controls(
    chosen, cells: dict[str, list[str]], datasets: list[str], alphas, alpha: float, seeds, margin: float
) -> pd.DataFrame:
    """Every control beside its base: role 'control' or 'base', `dataset` and `model` those of the base, `run_dataset`
    and `run_model` what ran. `chosen`: `grid.Control`s; `cells`: their files by abscissa. Rows are one per alpha, or
    at `alpha` one per number of `updates` or unlearning `step`."""
    frames = {
        "alpha": resilience(cells["alpha"], datasets, alphas, seeds, margin) if cells["alpha"] else None,
        "updates": along(cells["updates"], datasets, [alpha], seeds) if cells["updates"] else None,
        "step": unlearning(cells["step"], seeds) if cells["step"] else None,
    }
    parts = []
    for control in chosen:
        frame = frames[control.against]
        for role, run in (("control", control.run), ("base", control.base)):
            wanted = {name: value for name, value in run._asdict().items() if value}
            part = frame[np.all([frame[name] == value for name, value in wanted.items()], axis=0)]
            names = {"run_dataset": run.dataset, "run_model": run.model, "method": run.method}
            parts.append(part.assign(control=control.name, role=role, **names,
                                     dataset=control.base.dataset, model=control.base.model))  # fmt: skip
    columns = [*CONTROLS, "updates", "step", "train_accuracy", "val_accuracy", "train_loss", "val_loss", "collapsed"]
    return (
        pd.concat(parts, ignore_index=True)
        .reindex(columns=columns)
        .sort_values([*CONTROLS, "updates", "step"], ignore_index=True)
    )


def _final(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the last step of an unlearning table."""
    run = ["dataset", "model", "corruption", "alpha", "method", "seed"]
    return frame[frame["step"] == frame.groupby(run)["step"].transform("max")]


def _with_retrained(frame: pd.DataFrame, unlearned: pd.DataFrame) -> pd.DataFrame:
    """`frame` with the column retrain_val_accuracy: what retraining ends at, for the same seed and forget set."""
    pair = ["dataset", "model", "corruption", "alpha", "seed"]
    ends = _final(unlearned[unlearned["method"] == "retrain"])[[*pair, "val_accuracy"]]
    return frame.merge(ends.rename(columns={"val_accuracy": "retrain_val_accuracy"}), on=pair, how="left")


def scan(cells: list[str], retrained: list[str], seeds) -> pd.DataFrame:
    """Accuracies after the last step for every combination of a method's weights (empty where it has no such weight);
    forget and retain accuracy are against clean labels. `retrained`: unlearning files of the method 'retrain'."""
    parts = []
    for path in cells:
        content, _ = store.read(path, store.SCAN)
        final = content["final"]
        frame = pd.DataFrame(
            {
                **{name: np.nan for name in WEIGHTS},
                **content["weights"],
                "alpha": content["alpha"],
                "seed": content["seed"],
                "val_accuracy": final["validation_accuracy"],
                "retain_accuracy": final["retain_accuracy"],
                "forget_accuracy": final["forget_accuracy"],
                "val_loss": final["validation_loss"],
                "collapsed": content["diverged"]
                | ~np.isfinite([final["validation_loss"], final["retain_loss"]]).all(0),
            }
        )
        names = dict(zip(SCAN, path_names(path, 3)), method=PurePath(path).parts[-2])
        parts.append(frame[frame["seed"].isin(seeds)].assign(**names))
    frame = _with_retrained(pd.concat(parts), unlearning(retrained, seeds))
    values = ["val_accuracy", "retain_accuracy", "forget_accuracy", "val_loss", "retrain_val_accuracy", "collapsed"]
    return frame[[*SCAN, *values]].sort_values(SCAN, ignore_index=True)


def cost(costs: list[str], cells: list[str], seeds) -> pd.DataFrame:
    """What each unlearning run spent, and the first step at which its validation accuracy is at least the one that
    retraining of the same seed ends at (empty where that is never reached).

    Passes are samples going forward through the network (`experiment.cost`): of the retain set, of the forget set, once
    through the poisoned model, and their sum. Seconds are of updates alone, measured on `device`.
    """
    unlearned = unlearning(cells, seeds)
    measured = []
    for path in costs:
        found = json.loads(Path(path).read_text())
        measured += [
            {**found["case"], "device": found["device"], "method": m, **c} for m, c in found["methods"].items()
        ]
    frame = _with_retrained(unlearned, unlearned).merge(
        pd.DataFrame(measured), on=["dataset", "model", "corruption", "alpha", "method"]
    )
    reached = frame[frame["val_accuracy"] >= frame["retrain_val_accuracy"]].groupby(COST)["step"].min()
    frame = _final(frame).set_index(COST).assign(steps_to_retrain=reached).reset_index()
    for name in ("updates", "retain_passes", "forget_passes", "seconds"):
        frame[name] *= frame["step"]
    per_step = (frame["retain_passes"] + frame["forget_passes"]) / frame["step"]
    frame = frame.rename(columns={"step": "steps"}).assign(
        passes=frame["retain_passes"] + frame["forget_passes"] + frame["teacher_passes"],
        passes_to_retrain=frame["teacher_passes"] + per_step * frame["steps_to_retrain"],
    )
    spent = ["steps", "updates", "retain_passes", "forget_passes", "teacher_passes", "passes", "seconds", "device"]
    ends = ["val_accuracy", "retrain_val_accuracy", "steps_to_retrain", "passes_to_retrain", "collapsed"]
    return frame[[*COST, *spent, *ends]].sort_values(COST, ignore_index=True)


def _of_cell(content: dict, i: int) -> dict:
    """Row `i` of every array of nested dictionaries."""
    return {name: _of_cell(item, i) if isinstance(item, dict) else item[i] for name, item in content.items()}


def membership(cells: list[str], seeds, margin: float) -> pd.DataFrame:
    """Every measure of `qunlearn.membership` of every model ('poisoned': before unlearning), against retrains of the
    same seed, trained by the schedule `reference`: its value; of the retrains' own values the `median` and the range
    (`low`, `high`) in which a further retrain lies with probability 0.95; the `quantile` of the value among them, and
    whether it is `within` that range. `collapsed_retrains` of the `retrains` diverged or stayed at chance; they remain
    among the others."""
    rows = []
    for path in cells:
        content, _ = store.read(path, store.AUDIT)
        for cell in (_of_cell(content, i) for i in range(len(content["seed"]))):
            if cell["seed"] not in seeds:
                continue
            labels, failed = cell["labels"], cell["failed"]
            share = np.mean(labels["validation"])
            for schedule, retrains in cell["retrains"].items():
                accuracy = np.mean((retrains["validation"] > 0) == labels["validation"], axis=1)
                dead = failed["retrains"][schedule] | (accuracy <= max(share, 1 - share) + margin)
                references = audits.reference(retrains, labels)
                for method, logits in cell["models"].items():
                    names = [*path_names(path, 2), cell["alpha"], method, cell["seed"], schedule]
                    for measure, value in audits.measures(logits, retrains, labels).items():
                        among = references[measure]
                        low, high = audits.reference_range(among)
                        found = [
                            value,
                            low,
                            np.median(among),
                            high,
                            audits.quantile(value, among),
                            low <= value <= high,
                        ]
                        lost = failed["models"][method] or not np.isfinite(value)
                        rows.append([*names, measure, *found, len(dead), sum(dead), lost])
    values = ["value", "low", "median", "high", "quantile", "within", "retrains", "collapsed_retrains", "collapsed"]
    return pd.DataFrame(rows, columns=[*MEMBERSHIP, *values]).sort_values(MEMBERSHIP, ignore_index=True)


def landscape(cells: list[str], datasets: list[str], seeds, margin: float) -> pd.DataFrame:
    """Curvature per trained model and evaluation set, with LRR = Tr H / Tr H(alpha = 0) of the same seed (Eq. 1)."""
    rows = []
    names = ["trace", "gauss_newton", "residual", "top_eigenvalue"]
    for path in cells:
        content, _ = store.read(path, ("alpha", "seed", "diverged", *_SETS))
        for i, (alpha, seed) in enumerate(zip(content["alpha"], content["seed"])):
            if seed not in seeds:
                continue
            for part in _SETS:
                curvature = [content[part][name][i] for name in names]
                accuracy, failed = content["validation_accuracy"][i], content["diverged"][i]
                rows.append([*path_names(path, 2), alpha, seed, part, *curvature, accuracy, failed])
    frame = pd.DataFrame(rows, columns=[*LANDSCAPE, *names, "val_accuracy", "collapsed"])
    frame = frame.sort_values(LANDSCAPE, ignore_index=True)
    key = ["dataset", "model", "corruption", "seed", "eval_set"]
    clean = frame[frame["alpha"] == 0].set_index(key)["trace"]
    reference = clean.reindex(pd.MultiIndex.from_frame(frame[key])).to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        frame.insert(len(frame.columns) - 2, "lrr", frame["trace"].to_numpy() / reference)
    broken = frame["collapsed"] | ~np.isfinite(frame[["trace", "lrr"]]).all(axis=1)
    return frame.assign(collapsed=flag_collapsed(frame, broken, chance(datasets), margin))


def gradients(frame: pd.DataFrame, datasets: list[str], margin: float) -> pd.DataFrame:
    """Rows of `experiment.gradients` with LRR = Tr H / Tr H(alpha = 0) of the same seed, and collapsed runs flagged."""
    frame = frame.assign(corruption="label_flipping")
    trained = frame["ensemble"] == "trained"
    key = ["dataset", "model", "seed"]
    clean = frame[trained & (frame["alpha"] == 0)].set_index(key)["trace"]
    reference = clean.reindex(pd.MultiIndex.from_frame(frame[key])).to_numpy()
    frame["lrr"] = np.where(trained, frame["trace"] / reference, np.nan)
    broken = (trained & ~np.isfinite(frame["lrr"])) | frame["collapsed"].fillna(False).astype(bool)
    broken |= ~np.isfinite(frame[["readout", "loss"]]).all(axis=1)
    frame["collapsed"] = broken
    frame.loc[trained, "collapsed"] = flag_collapsed(frame[trained], broken[trained], chance(datasets), margin)
    order = ["dataset", "qubits", "depth", "ensemble", "alpha", "seed"]
    shape = ["cone", "live_parameters", "purity", "two_design"]
    values = ["readout", "loss", "trace", "lrr", "val_accuracy", "collapsed"]
    return frame[[*order, *shape, *values]].sort_values(order, ignore_index=True)


def read_csv(path) -> pd.DataFrame:
    return pd.read_csv(Path(path))
