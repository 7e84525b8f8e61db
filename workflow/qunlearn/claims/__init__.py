"""Is each claim of the paper true here: one number per claim, its confidence interval over seeds, and a verdict.

A claim is decided by one quantity, the side of a threshold (or the range between two) that it says the quantity lies
on, and a confidence interval: reproduced if the whole interval lies on that side, not reproduced if the whole interval
lies on the other, undecided else. Thresholds come from the configuration; sections are those of Chen & Zhang, Nat.
Commun. 17, 3716 (2026). Verdicts are not corrected for their number: of 50 intervals, some may miss the truth. Runs
flagged `collapsed` are included.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from . import measures
from .statistics import firm, interval, verdict

RUN = ["dataset", "model", "corruption", "alpha", "method", "seed"]


@dataclass(frozen=True)
class Claim:
    """A sentence of the paper, where it stands, and what decides it. `quantity` may name keys of the criterion."""

    sentence: str
    section: str
    table: str
    model: str
    measure: Callable[..., measures.Measure]
    quantity: str
    datasets: tuple[str, ...] = ("digits", "mnist", "xxz")


RESILIENCE = "Superior resilience, Fig. 2c, d"
UNLEARNING = "Quantum machine unlearning, Fig. 3a, b"
LANDSCAPE = "Mechanism of resilience, Fig. 3d"
SIZES = "Superior resilience; Supplementary Section III"
MODELS = "Superior resilience; Supplementary Sections II and IV"

CONTROLS = "Controls: does the picture stay?"

FALL = "fall of validation accuracy, α = {alphas}"
WIDTH = "10-90 % width of the fitted sigmoid"
REPAIR = "best method at the end - poisoned model"
DIP = "depth below start and end, mean over methods"

CLAIMS = {
    "mlp_degrades_at_once": Claim(
        "The MLP's validation accuracy falls from the first flipped labels on.",
        RESILIENCE, "resilience", "mlp", measures.fall, FALL,
    ),
    "mlp_degrades_steadily": Claim(
        "The MLP's validation accuracy falls continuously, without a transition.",
        RESILIENCE, "resilience", "mlp", measures.transition_width, WIDTH,
    ),
    "qnn_plateau": Claim(
        "The QNN has a plateau of high validation accuracy below α = 0.5.",
        RESILIENCE, "resilience", "qnn", measures.fall, FALL,
    ),
    "qnn_transition_at_half": Claim(
        "The QNN's plateau ends in a transition at α = 0.5.",
        RESILIENCE, "resilience", "qnn", measures.critical_alpha, "critical α of the fitted sigmoid",
    ),
    "qnn_transition_is_sharp": Claim(
        "The QNN's transition is sharp.",
        RESILIENCE, "resilience", "qnn", measures.transition_width, WIDTH,
    ),
    "qnn_beats_mlp": Claim(
        "The QNN generalises better than the MLP from flipped labels.",
        RESILIENCE, "resilience", "qnn", measures.advantage, "validation accuracy, QNN - MLP, α = {alphas}",
    ),
    "qnn_ignores_outliers": Claim(
        "The QNN's training accuracy falls, as it ignores wrong labels.",
        RESILIENCE, "resilience", "qnn", measures.train_fall, "fall of training accuracy, α = {alphas}",
    ),
    "mlp_memorises": Claim(
        "The MLP's training accuracy stays high, as it memorises wrong labels.",
        RESILIENCE, "resilience", "mlp", measures.train_fall, "fall of training accuracy, α = {alphas}",
    ),
    "mlp_stands_randomisation": Claim(
        "The MLP stands random features at moderate α.",
        RESILIENCE, "resilience", "mlp", measures.randomised_fall, FALL,
    ),
    "qnn_stands_randomisation": Claim(
        "The QNN stands random features at moderate α.",
        RESILIENCE, "resilience", "qnn", measures.randomised_fall, FALL,
    ),
    "qnn_stands_scarce_data": Claim(
        "The QNN stands random features even when clean data are scarce.",
        RESILIENCE, "resilience", "qnn", measures.randomised_fall, FALL,
    ),
    "qnn_beats_mlp_on_scarce_data": Claim(
        "With scarce clean data the QNN beats the MLP, on small datasets.",
        RESILIENCE, "resilience", "qnn", measures.randomised_advantage, "validation accuracy, QNN - MLP, α = {alphas}",
        ("digits", "xxz"),
    ),
    "mlp_needs_repair": Claim(
        "Poisoning leaves an MLP in need of repair.",
        UNLEARNING, "unlearning", "mlp", measures.repair, REPAIR,
    ),
    "qnn_needs_repair": Claim(
        "Poisoning leaves a QNN in need of repair.",
        UNLEARNING, "unlearning", "qnn", measures.repair, REPAIR,
    ),
    "mlp_stays_below_retrain": Claim(
        "Approximate unlearning of the MLP stays below retraining.",
        UNLEARNING, "unlearning", "mlp", measures.gap, "retrain - best approximate method, at the end",
    ),
    "qnn_sooner_than_retrain": Claim(
        "Approximate unlearning of the QNN is there sooner than retraining.",
        UNLEARNING, "unlearning", "qnn", measures.steps_saved, "steps saved to retrain's accuracy - {tolerance}",
    ),
    "qnn_dips": Claim(
        "The QNN's accuracy dips transiently while it unlearns.",
        UNLEARNING, "unlearning", "qnn", measures.dip, DIP,
    ),
    "mlp_does_not_dip": Claim(
        "The MLP's accuracy does not dip while it unlearns.",
        UNLEARNING, "unlearning", "mlp", measures.dip, DIP,
    ),
    "mlp_roughens": Claim(
        "Poisoning sharpens the MLP's loss by orders of magnitude.",
        LANDSCAPE, "landscape", "mlp", measures.roughening, "LRR on its training data",
    ),
    "mlp_roughens_validation": Claim(
        "Poisoning sharpens the MLP's loss on clean data, too.",
        LANDSCAPE, "landscape", "mlp", measures.roughening_validation, "LRR on validation data",
    ),
    "qnn_stays_smooth": Claim(
        "Poisoning leaves the QNN's loss as flat as it was, or flatter.",
        LANDSCAPE, "landscape", "qnn", measures.roughening, "LRR on its training data",
    ),
    "qnn_stays_smooth_validation": Claim(
        "Poisoning leaves the QNN's loss on clean data as flat, too.",
        LANDSCAPE, "landscape", "qnn", measures.roughening_validation, "LRR on validation data",
    ),
    "mlp_degrades_at_any_width": Claim(
        "MLPs of every width degrade at once.",
        SIZES, "capacity", "mlp", measures.smallest_fall_of_mlps, "smallest fall of any MLP, α = {alphas}",
    ),
    "qnn_plateau_at_any_depth": Claim(
        "QNNs of every depth have the plateau.",
        SIZES, "capacity", "qnn", measures.largest_fall_of_qnns, "largest fall of any QNN, α = {alphas}",
    ),
    "advantage_at_any_size": Claim(
        "The QNN's advantage persists over depth and width.",
        SIZES, "capacity", "qnn", measures.advantage_over_mlps,
        "validation accuracy, worst QNN - best MLP, α = {alphas}",
    ),
    "linear_models_degrade": Claim(
        "Linear classifiers degrade at once.",
        MODELS, "models", "linear", measures.smallest_fall_of_linear_models,
        "smallest fall of any linear model, α = {alphas}",
        ("digits", "mnist"),  # no linear model learns states of random phase
    ),
    "unique_to_quantum": Claim(
        "The resilience is unique to quantum models.",
        MODELS, "models", "qnn", measures.advantage_over_all, "validation accuracy, QNN - best classical, α = {alphas}",
    ),
}  # fmt: skip


def decide(
    tables: dict[str, pd.DataFrame],
    settings: dict,
    architectures: dict,
    replaced: dict[str, dict[str, list[str]]],
    published: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row per claim, dataset and network that stands for the claim's model at its stage.

    `settings` is the section `claims` of the configuration, `replaced` holds the key `architectures` of the sections
    `unlearning` and `landscape`, `published` the authors' runs as a table like 'resilience' with a column `run`.
    """
    rows = []
    if published is not None:
        published = published.rename(columns={"run": "seed"})
    for name, criterion in settings["criteria"].items():
        claim = CLAIMS[name]
        bounds = {side: criterion[side] for side in ("above", "below") if side in criterion}
        table = tables[claim.table]
        table = table.assign(kind=[measures.kind(architectures[model]) for model in table["model"]])
        words = {key: ", ".join(f"{v:g}" for v in np.atleast_1d(value)) for key, value in criterion.items()}
        for dataset in sorted(set(table["dataset"]) & set(claim.datasets)):
            frame = table[table["dataset"] == dataset]
            for model in replaced.get(claim.table, {}).get(claim.model, [claim.model]):
                row = {"claim": name, "sentence": claim.sentence, "section": claim.section, "dataset": dataset,
                       "model": model, "quantity": claim.quantity.format(**words), "seeds": frame["seed"].nunique(),
                       "value": math.nan, "low": math.nan, "high": math.nan, "above": math.nan, "below": math.nan,
                       "published": math.nan, "remark": "", **bounds}  # fmt: skip
                try:
                    samples, statistic = claim.measure(frame, model, criterion)
                    row["value"] = statistic(samples)
                    row["low"], row["high"] = interval(
                        samples, statistic, settings["confidence"], settings["resamples"]
                    )
                    if math.isnan(row["low"]):
                        row["remark"] = "one seed only" if len(samples) < 2 else "no value in some resamples"
                except measures.Missing as missing:
                    row["remark"] = str(missing)
                if published is not None and claim.table == "resilience":
                    row["published"] = _published(published, claim, dataset, criterion)
                found = (row["low"], row["high"])
                rows.append(row | {"verdict": verdict(*found, **bounds), "firm": firm(*found, bounds)})
    return pd.DataFrame(rows)


def _published(published: pd.DataFrame, claim: Claim, dataset: str, criterion: dict) -> float:
    """The same quantity from the authors' runs; not a number where they have none."""
    try:
        samples, statistic = claim.measure(published[published["dataset"] == dataset], claim.model, criterion)
    except measures.Missing:
        return math.nan
    return statistic(samples)


def control_effects(table: pd.DataFrame, controls, settings: dict, confidence: float, resamples: int) -> pd.DataFrame:
    """One row per control, dataset and model, in the form of `decide`: the control's number minus its base's, paired by
    seed, and whether the picture stays. `settings` is the section `controls` of the configuration."""
    alpha, within = settings["alpha"], settings["within"]
    words = {"reproduced": "picture stays", "not reproduced": "picture changes"}
    rows = []
    for control in controls:
        select = {"control": control.name, "dataset": control.base.dataset, "model": control.base.model}
        frame = table[np.all([table[name] == value for name, value in select.items()], axis=0)]
        frame = frame[frame["alpha"] == alpha]
        axes = {"role": ["control", "base"]}
        if control.against == "step":
            quantity, statistic = "depth of the dip while unlearning", measures.dips
            axes["step"] = np.sort(frame["step"].unique())
        else:
            quantity, statistic = "validation accuracy", lambda runs: runs.mean(0)
            if control.against == "updates":
                frame = frame[frame["updates"] == frame.groupby("role")["updates"].transform("max")]
        samples = measures.cells(frame, "val_accuracy", {}, axes)
        new, old = statistic(samples)
        low, high = interval(samples, lambda runs, f=statistic: f(runs)[0] - f(runs)[1], confidence, resamples)
        bounds = {"above": -within, "below": within}
        found = verdict(low, high, **bounds)
        rows.append({"claim": control.name, "sentence": f"Control: {control.name}.", "section": CONTROLS,
                     "dataset": control.base.dataset, "model": control.base.model,
                     "quantity": f"{quantity}, control - base, α = {alpha:g}", "seeds": len(samples),
                     "value": float(new - old), "low": low, "high": high, **bounds, "published": math.nan,
                     "remark": f"{old:.3f} -> {new:.3f}", "verdict": words.get(found, found),
                     "firm": firm(low, high, bounds)})  # fmt: skip
    return pd.DataFrame(rows)


def collapsed(tables: dict[str, pd.DataFrame]) -> dict[str, tuple[int, int]]:
    """Table -> (runs flagged as collapsed, all runs)."""
    counts = {}
    for name, table in tables.items():
        run = [key for key in RUN if key in table]
        counts[name] = (len(table.loc[table["collapsed"], run].drop_duplicates()), len(table[run].drop_duplicates()))
    return counts
