"""Has it forgotten? What the field measures of an unlearned model against models that never saw the
forget set, *retrained* on the retain set alone.

Everything is measured of J *copies* at once, models of one forget set that differ by their initial
parameters and minibatches: poisoned ones, what unlearning makes of each, and retrained ones, twice:
as references, and as what is compared with them like any other model. Copy j is held against the
references that began elsewhere (all but the j-th), but for distances of parameters, which are to
the reference that began where the copy did. So what is measured of a perfect unlearning has the
distribution of what is measured of the second retrained models, whatever that is.

- relearning: updates with the forget set and its poisoned labels until a model fits them as the
  poisoned model did, less 5 %; over that of retrained models it is the Anamnesis index (Chundawat,
  Tarun, Mandal & Kankanhalli, IEEE TIFS 18, 2345 (2023), arXiv:2201.05629).
- agreement, distance: on each of `SETS` the share of samples that a model and a reference put into
  the same class, and the mean total-variation distance of their Bernoulli outputs, |p - p'|.
- log10_p: the forget quality of TOFU (Maini, Feng, Schwarzschild, Lipton & Kolter, arXiv:2401.06121),
  the p-value of a Kolmogorov-Smirnov test that the losses of the forget set under the model and under
  a reference are of one distribution; its logarithm, the median over references. The truth ratio
  of TOFU is a monotonic function of the loss where there are two classes, so the test is the same.
  Samples are the same for both and no independent draws: retrained models say what to expect.
- epsilon: of the NeurIPS 2023 challenge (Triantafillou et al., arXiv:2406.09073; `epsilons`).
- parameters, observable: Euclidean distance to the reference of the same start, over that of the
  poisoned copy; for a circuit also Frobenius distances of the observables O(theta) that it reads.
- noise: after Pawelczyk et al., arXiv:2406.17216, where the poison is noise on features
  (`noise_scores`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import ks_2samp, mannwhitneyu

from qunlearn.statistics.outputs import total_variation

#: Models between which methods lie, and those that all are held against; names beside those of methods.
POISONED, RETRAINED, REFERENCE = "poisoned", "retrained", "reference"
SETS = ("retain", "forget", "validation")
#: A model has relearned what it fits this much as well as the poisoned model did.
AS_WELL = 0.95
#: Of (epsilon, delta)-unlearning, as in the challenge.
DELTA = 1e-5
#: Retrained and poisoned models are told apart by a measure where a rank test says so at this level.
LEVEL = 0.01


# -- one scale for all -----------------------------------------------------------------------------
def on_scale(value: float, retrained: float, poisoned: float) -> float:
    """0 where a measure is that of retrained models, 1 where it is that of poisoned ones; nan where
    these are equal."""
    if poisoned == retrained:
        return float("nan")
    return (value - retrained) / (poisoned - retrained)


def told(retrained: np.ndarray, poisoned: np.ndarray) -> bool:
    """Whether values of retrained and of poisoned models differ, by a two-sided rank test (Mann &
    Whitney); where not, a measure has no scale."""
    if not (np.isfinite(retrained).all() and np.isfinite(poisoned).all()):
        return False
    return bool(mannwhitneyu(retrained, poisoned).pvalue < LEVEL)


# -- relearning ------------------------------------------------------------------------------------
def updates_until(accuracies: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """(J,) updates after which accuracies (J, updates + 1) first reach the levels (J,); one more than
    there are where they do not."""
    reached = accuracies >= levels[:, None]
    first = np.argmax(reached, axis=1)
    return np.where(reached.any(axis=1), first, accuracies.shape[1])


# -- outputs ---------------------------------------------------------------------------------------
def against_others(
    measure: Callable[[np.ndarray, np.ndarray], float], models: np.ndarray, references: np.ndarray
) -> np.ndarray:
    """(J,) a measure of each of the models (J, N) against all references (J, N) that began
    elsewhere."""
    found = []
    for number, model in enumerate(models):
        others = np.delete(references, number, axis=0)
        found.append(measure(model, others))
    return np.array(found)


def agreement(logits: np.ndarray, others: np.ndarray) -> float:
    """Share of samples that a model with logits (N,) and others (K, N) put into the same class, mean
    over the others."""
    return float(np.mean((logits > 0) == (others > 0)))


def distance(logits: np.ndarray, others: np.ndarray) -> float:
    """Mean total-variation distance between the outputs of a model and of others, from logits (N,)
    and (K, N)."""
    return float(np.mean(total_variation(logits, others)))


def log10_p(losses: np.ndarray, others: np.ndarray) -> float:
    """Logarithm of the p-value that losses (N,) are of the distribution of another model's, median
    over others (K, N)."""
    if not np.isfinite(losses).all():
        return float("nan")
    values = [ks_2samp(losses, other).pvalue for other in others]
    return float(np.median(np.log10(np.maximum(values, np.finfo(float).tiny))))


# -- epsilon ---------------------------------------------------------------------------------------
def largest_epsilon(count: int) -> float:
    """The largest finite epsilon that so many models on either side can show, about ln(count - 1):
    both of an attack's error rates are at least 1 / count."""
    return float(np.log(1 - DELTA - 1 / count) + np.log(count))


def epsilons(unlearned: np.ndarray, retrained: np.ndarray) -> np.ndarray:
    """(N,) epsilon of every sample, from its scores under J unlearned and J retrained models, (J, N)
    each: the log odds of its label.

    An attacker tells by a sample's score from which kind a model is, by one threshold or by an
    interval, with rates of false positives and false negatives a and b. Unlearning that is (epsilon,
    delta) bounds these: epsilon is at least ln((1 - delta - a) / b) and ln((1 - delta - b) / a), and the
    largest value over all attacks is what is given. As in the challenge's own evaluation the model
    with the larger median, or for intervals with the narrower distribution, is the one that is looked
    for; attacks with only one of the rates 0 are left out, for want of models; and where both are 0
    epsilon is infinite, here `largest_epsilon`. The maximum makes it biased upwards with few models:
    retrained models have no 0 either.
    """
    most = largest_epsilon(len(unlearned))
    found = []
    for one, other in zip(unlearned.T, retrained.T):
        if not np.isfinite([one, other]).all():
            found.append(np.nan)
            continue
        values = _thresholds(one, other) + _intervals(one, other)
        found.append(min(max(values, default=0.0), most))
    return np.array(found)


def _thresholds(one: np.ndarray, other: np.ndarray) -> list[float]:
    """Epsilons of 'at least t' for every observed score t."""
    low, high = sorted((one, other), key=np.median)
    tried = np.concatenate([one, other])
    return _epsilons_of(_share_from(low, tried), 1 - _share_from(high, tried))


def _intervals(one: np.ndarray, other: np.ndarray) -> list[float]:
    """Epsilons of 'between l and r' for all pairs of observed scores."""
    narrow, wide = sorted((one, other), key=np.ptp)
    tried = np.sort(np.concatenate([one, other]))
    left, right = np.triu_indices(len(tried))

    def inside(values: np.ndarray) -> np.ndarray:
        above = np.mean(values[None, :] > tried[:, None], axis=1)
        return _share_from(values, tried)[left] - above[right]

    return _epsilons_of(inside(wide), 1 - inside(narrow))


def _share_from(values: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Share of values that are at least each threshold."""
    return np.mean(values[None, :] >= thresholds[:, None], axis=1)


def _epsilons_of(false_positives: np.ndarray, false_negatives: np.ndarray) -> list[float]:
    """Epsilons of attacks with these rates, but for those that say nothing."""
    a, b = np.round(false_positives, 12), np.round(false_negatives, 12)
    if np.any((a == 0) & (b == 0)):
        return [np.inf]
    shown = (a > 0) & (b > 0)
    a, b = a[shown], b[shown]
    bounds = np.concatenate([(1 - DELTA - a) / b, (1 - DELTA - b) / a])
    return np.log(bounds[bounds > 1]).tolist()


# -- parameters ------------------------------------------------------------------------------------
def relative_distance(
    found: np.ndarray, references: np.ndarray, poisoned: np.ndarray
) -> np.ndarray:
    """(J,) distances of vectors (J, P) from the references', over those of the poisoned models';
    nan where these have none."""
    own = np.linalg.norm(found - references, axis=1)
    theirs = np.linalg.norm(poisoned - references, axis=1)
    return np.divide(own, theirs, out=np.full_like(own, np.nan), where=theirs > 0)
