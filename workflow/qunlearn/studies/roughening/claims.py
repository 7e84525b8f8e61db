"""What the paper says the landscape roughening ratio is, and what it is for models that the paper
does not look at."""

from __future__ import annotations

from functools import partial

import numpy as np

from qunlearn.lazy import pd
from qunlearn.statistics.quantities import CORRELATION, Positive, Within
from qunlearn.statistics.roughening import geometric_mean
from qunlearn.statistics.runs import Missing, cells
from qunlearn.studies.claims.claim import Claim, Null
from qunlearn.studies.claims.measures import FLIPPING, Measure

#: Fewest models whose order says anything.
FEWEST = 3
#: Ratio of two training times whose LRRs are compared.
TIMES = 10


# -- across models ---------------------------------------------------------------------------------
def order(frame, model, criterion) -> Measure:
    """Rank correlation (Spearman's) over models of their LRR and their fall."""
    return _ranked(frame, [_names(frame)])


def order_within_kinds(frame, model, criterion) -> Measure:
    """The same among quantum models alone and among classical ones alone, the mean of both."""
    groups = [_names(frame[frame["quantum"] == quantum]) for quantum in (True, False)]
    return _ranked(frame, groups)


def _names(frame) -> list[str]:
    """Models trained by their own schedules, sorted."""
    names = sorted(frame[frame["epochs"].isna()]["model"].unique())
    if len(names) < FEWEST:
        raise Missing(f"fewer than {FEWEST} models to order")
    return names


def _ranked(frame, groups: list[list[str]]) -> Measure:
    poisoned = frame[frame["alpha"] > 0]
    names = [name for group in groups for name in group]
    select, axes = {"corruption": FLIPPING}, {"model": names}
    ratios = cells(poisoned, "lrr_own", select, axes)  # (seeds, models)
    falls = cells(poisoned, "fall", select, axes)
    ends = np.cumsum([len(group) for group in groups])[:-1]

    def statistic(runs):  # (seeds, models, 2)
        means = _mean_of_logarithms(runs[:, :, 0]), runs[:, :, 1].mean(0)
        parts = zip(*(np.split(values, ends) for values in means))
        return np.mean([rank_correlation(*part) for part in parts])

    return np.stack([ratios, falls], axis=-1), Within(statistic, CORRELATION)


def _mean_of_logarithms(ratios: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(ratios).mean(0)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's, of two arrays (models,); NaN where one of them is constant or holds no number."""
    if np.isnan(a).any() or np.isnan(b).any():
        return float("nan")
    return float(pd.Series(a).corr(pd.Series(b), method="spearman"))


# -- along the training ----------------------------------------------------------------------------
def _along(frame, kind: str, column: str, epochs: list[float]) -> np.ndarray:
    """Values (seeds, architectures, epochs) of poisoned models of a kind."""
    rows = frame[(frame["kind"] == kind) & frame["epochs"].isin(epochs) & (frame["alpha"] > 0)]
    names = sorted(rows["architecture"].unique())
    if not names:
        raise Missing(f"no model of the kind {kind} along the training")
    axes = {"architecture": names, "epochs": epochs}
    return cells(rows, column, {"corruption": FLIPPING}, axes)


def _times(frame) -> np.ndarray:
    """Numbers of epochs, sorted."""
    times = np.sort(frame["epochs"].dropna().unique())
    if not len(times):
        raise Missing("no model along the training")
    return times


def at_the_end(frame, model, criterion) -> Measure:
    """Geometric mean of the LRR over runs of the longest training."""
    return _along(frame, model, "lrr_own", [_times(frame)[-1]]), Positive(_mean_of_ratios)


def at_matched_loss(frame, model, criterion) -> Measure:
    """Geometric mean over seeds of the LRR at matched training loss, of the poisoned run that came
    to the lowest loss, among all training times, for which there is a clean model."""
    times = _times(frame)
    ratios = _along(frame, model, "lrr_matched", times)
    losses = _along(frame, model, "loss_own", times)
    lowest = np.argmin(np.where(np.isfinite(ratios), losses, np.inf), axis=2)
    samples = np.take_along_axis(ratios, lowest[:, :, None], axis=2)[:, :, 0]
    return samples, Positive(_mean_of_ratios)


def _mean_of_ratios(runs: np.ndarray) -> float:
    """Not a number where a run has no ratio."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return geometric_mean(runs)


def growth(frame, model, criterion) -> Measure:
    """LRR of the longest training over that of one about TIMES times shorter, geometric means."""
    times = _times(frame)
    shorter = times[np.argmin(np.abs(np.log(times * TIMES / times[-1])))]
    if shorter == times[-1]:
        raise Missing("one training time only")
    samples = _along(frame, model, "lrr_own", [times[-1], shorter])

    def grown(runs):
        return _mean_of_ratios(runs[:, :, 0]) / _mean_of_ratios(runs[:, :, 1])

    return samples, Positive(grown)


# -- null models -----------------------------------------------------------------------------------
RATIOS = ["lrr_own", "lrr_matched"]


def unmoved(rows: pd.DataFrame) -> pd.DataFrame:
    """A landscape that poisoning leaves as it is: every ratio there is, is 1."""
    return rows.assign(**{name: rows[name].where(rows[name].isna(), 1.0) for name in RATIOS})


def by_chance(rows: pd.DataFrame) -> pd.DataFrame:
    """Ratios that are dealt out anew, so that they say nothing of the model they belong to."""
    rng = np.random.default_rng(0)
    return rows.assign(lrr_own=rng.permutation(rows["lrr_own"]))


UNMOVED = (Null("unmoved landscape", unmoved),)
BY_CHANCE = (Null("ratios dealt out by chance", by_chance),)

of_ratio = partial(Claim, section="Mechanism of resilience, Fig. 3d", table="roughening")

CLAIMS = {
    "lrr_orders_models": of_ratio(
        sentence="The LRR is the origin of resilience: models with a larger one fall deeper.",
        model="all",
        measure=order,
        quantity="rank correlation of LRR and fall over models",
        keys=("above",),
        nulls=BY_CHANCE,
    ),
    "lrr_orders_models_of_a_kind": of_ratio(
        sentence="The same among quantum models, and among classical ones.",
        model="all",
        measure=order_within_kinds,
        quantity="rank correlation of LRR and fall, mean of both kinds",
        keys=("above",),
        nulls=BY_CHANCE,
    ),
    "mlp_roughens_at_matched_loss": of_ratio(
        sentence="Poisoning sharpens the MLP's loss beyond that of a clean MLP with the same training loss.",
        model="mlp",
        measure=at_matched_loss,
        quantity="LRR at matched training loss, the lowest with a match",
        keys=("above",),
        nulls=UNMOVED,
    ),
    "mlp_lrr_settles": of_ratio(
        sentence="The MLP's LRR tells its minimum, not how far the clean model has converged.",
        model="mlp",
        measure=growth,
        quantity=f"LRR of the longest training / {TIMES} times shorter",
        keys=("below",),
        nulls=UNMOVED,
    ),
    "convex_model_stays_smooth": of_ratio(
        sentence="A model whose loss has one minimum, logistic regression, has no LRR above a QNN's.",
        model="linear",
        measure=at_the_end,
        quantity="LRR on its training data, longest training",
        keys=("below",),
        nulls=UNMOVED,
        unless="arbitrary phase",  # no linear model learns states of random phase
    ),
}
