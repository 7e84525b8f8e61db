"""Has a model forgotten? Membership inference, and the distance to models that never saw the forget
set.

A *retrain* is a model trained from fresh parameters on the retain set alone. Retrains differ by
their initial parameters and minibatches; a model has forgotten when nothing tells it from them
(Ginart et al., arXiv:1907.05012). Every measure is therefore taken of the model and of each of K
retrains, in the same way: against the other retrains.

Measures read logits at three sets of samples, `SETS`: 'forget', as poisoned; 'fresh', validation
samples poisoned in the same way, which no model was trained on; and 'validation', clean. A score is
the log odds that a model gives to a sample's (poisoned) label, so that the sample's loss is log(1 +
exp(-score)).

- auc_loss, auc_confidence, auc_likelihood_ratio: how well an attacker tells 'forget' from 'fresh'
  by a threshold on a statistic of each sample, as the area under the ROC curve: 0.5 for guessing, 1
  for a model that remembers, below 0.5 for one that was driven away from the poisoned labels more
  than from others like them. The statistics are the score (smaller loss: member); |logit| (more
  confident: member); and the z-score, the attack by likelihood ratio when only models that never
  saw the sample are at hand (Carlini et al., arXiv:2112.03570, offline attack). Forget set and
  validation set may differ in difficulty; the retrains' own values, which need not lie around 0.5,
  allow for that.
- z_score: its mean over the forget set, in standard deviations between retrains; above 0 where the
  model finds the poisoned labels likelier than retrains do.
- distance_forget, distance_validation: mean total-variation distance between the model's and a
  retrain's Bernoulli outputs over the set, averaged over retrains.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from qunlearn.statistics.outputs import scores, total_variation

SETS = ("forget", "fresh", "validation")
MEASURES = (
    "auc_loss",
    "auc_confidence",
    "auc_likelihood_ratio",
    "z_score",
    "distance_forget",
    "distance_validation",
)
#: A new retrain lies in `reference_range` with this probability.
COVERAGE = 0.95
#: Relative distance of numbers in single precision.
RESOLUTION = np.finfo(np.float32).eps


# -- of one model ----------------------------------------------------------------------------------
def auc(members: np.ndarray, others: np.ndarray) -> float:
    """P(member > other) + P(member = other) / 2 of the statistics (N,) and (M,): the area under the
    ROC curve; nan where one is not a number."""
    n, m = len(members), len(others)
    both = np.concatenate([members, others])
    ranks = rankdata(both)[:n]
    least = n * (n + 1) / 2  # sum of ranks where every member lies below all others
    surplus = ranks.sum() - least
    return float(surplus / (n * m))


def z_scores(found: np.ndarray, retrained: np.ndarray) -> np.ndarray:
    """(N,) of how many standard deviations (ddof = 1) of retrains (K, N) a model's scores (N,) lie
    above their mean.

    Deviations below single precision count as its resolution: models fitted in one call have
    retrains that are equal.
    """
    mean = retrained.mean(axis=0)
    deviation = retrained.std(axis=0, ddof=1)
    size = np.maximum(1, np.abs(mean))
    unit = np.maximum(deviation, RESOLUTION * size)
    return (found - mean) / unit


def measures(model: dict, retrains: dict, labels: dict) -> dict[str, float]:
    """All `MEASURES` of a model with logits (N,) by set, against K retrains with logits (K, N);
    labels (N,) by set."""
    found, z = {}, {}
    for name in ("forget", "fresh"):
        found[name] = scores(model[name], labels[name])
        z[name] = z_scores(found[name], scores(retrains[name], labels[name]))
    forget, fresh = found["forget"], found["fresh"]
    values = {
        "auc_loss": auc(forget, fresh),
        "auc_confidence": auc(np.abs(forget), np.abs(fresh)),
        "auc_likelihood_ratio": auc(z["forget"], z["fresh"]),
        "z_score": float(z["forget"].mean()),
    }
    for name in ("forget", "validation"):
        distances = total_variation(model[name], retrains[name])  # (K,)
        values[f"distance_{name}"] = float(distances.mean())
    return values


# -- among retrains --------------------------------------------------------------------------------
def reference(retrains: dict, labels: dict) -> dict[str, np.ndarray]:
    """All `MEASURES` of K retrains, (K,) each: every one against the others."""
    each = []
    for k in range(len(retrains["forget"])):
        one, others = {}, {}
        for name, values in retrains.items():
            one[name] = values[k]
            others[name] = np.delete(values, k, axis=0)
        each.append(measures(one, others, labels))
    found = {}
    for name in MEASURES:
        found[name] = np.array([values[name] for values in each])
    return found


def reference_range(values: np.ndarray) -> tuple[float, float]:
    """The two of K values between which a further draw from their distribution lies with
    probability `COVERAGE`, as narrow as K allows with equal tails; K = 39 is the least that does,
    with its smallest and largest value."""
    count = len(values)
    tail = (1 - COVERAGE) / 2
    outside = int(tail * (count + 1) + 1e-9)
    if outside < 1:
        few = f"{count} retrains are too few for a range of {COVERAGE:g}"
        raise ValueError(f"{few}: at least 39 are needed")
    ordered = np.sort(values)
    low, high = ordered[outside - 1], ordered[-outside]
    return float(low), float(high)


def quantile(value: float, values: np.ndarray) -> float:
    """Share of `values` (K,) below `value`; equal ones count half."""
    if not np.isfinite(value):
        return float("nan")
    below = np.mean(values < value)
    equal = np.mean(values == value)
    return float(below + equal / 2)
