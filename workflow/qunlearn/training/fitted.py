"""Models that are fitted in one call, by scikit-learn or a solver of its manner: no epochs, no
schedule.

What was fitted is turned into arrays, so that the logit is computed, stored and evaluated like any
other model's. Learning curves have two points: before, with all parameters zero, and after the fit.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from qunlearn.lazy import jax
from qunlearn.runtime.errors import UserError
from qunlearn.training.classifier import Classifier
from qunlearn.training.features import columns_in_use, only, real_features

if TYPE_CHECKING:
    from qunlearn.training.streams import EvalSet
    from qunlearn.training.workload import Trained, Workload


#: |logit| of what is certain for a fit: the log-odds of a vote of all, or of labels that are all alike.
LARGEST = 14.0


class Fitted(Classifier):
    """Base class: columns of `features(x)` that are zero in every row are left out.

    A subclass defines `fit`, or `estimator` and `arrays`; and `landscape` = True where parameters
    minimise a loss of logits.
    """

    landscape = False
    #: The estimator can be fitted to labels that are all alike; else `constant` stands for it.
    fits_one_class = False

    def __init__(
        self, rows: list[np.ndarray], features: Callable[[np.ndarray], np.ndarray] = real_features
    ):
        self.features = features
        seen = [features(x) for x in rows]
        self.columns = self.columns_of(seen)
        #: Features (M, d) of all samples that may be trained on, in the order of the pool 'train'.
        self.known = np.concatenate([only(self.columns, x) for x in seen[:-1]])

    def columns_of(self, features: list[np.ndarray]) -> np.ndarray:
        """Indices of the columns that are looked at."""
        return columns_in_use(features)

    def encode(self, x):
        return only(self.columns, self.features(x))

    def estimator(self):
        """An unfitted classifier in scikit-learn's manner."""
        raise NotImplementedError

    def training_features(self, pool: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(N, d) features of training samples that the estimator is fitted to."""
        return pool[rows]

    def fitted(self, x: np.ndarray, labels: np.ndarray):
        """The estimator, fitted to samples' features x (N, d)."""
        return self.estimator().fit(x, labels)

    def arrays(self, fitted, rows: np.ndarray, labels: np.ndarray) -> tuple[dict, dict]:
        """The (params, state) that `logits` reads, of a fitted estimator."""
        raise NotImplementedError

    def constant(self, rows: np.ndarray, labels: np.ndarray, logit: float) -> tuple[dict, dict]:
        """The (params, state) that answer every sample with one `logit`: what is learnt where all labels are alike."""
        raise UserError(
            f"all {len(rows)} training samples have one label, to which {type(self).__name__} cannot be fitted; lower "
            "alpha, or define its `constant`"
        )

    def fit(self, pool: np.ndarray, rows: np.ndarray, labels: np.ndarray) -> tuple[dict, dict]:
        """(params, state) for the training samples `rows` (N,) of a pool with `labels` (N,).

        Raises sklearn's ConvergenceWarning where the estimator gives up early.
        """
        from sklearn.exceptions import ConvergenceWarning

        if not self.fits_one_class and np.all(labels == labels[0]):
            return self.constant(rows, labels, LARGEST if labels[0] > 0 else -LARGEST)
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            fitted = self.fitted(self.training_features(pool, rows), labels)
        return self.arrays(fitted, rows, labels)

    def optimise(self, workload: Workload, progress=lambda *_: None) -> Trained:
        """Fit every replica to its one stream; loss, start and schedule are not read."""
        from qunlearn.training.evaluate import evaluate
        from qunlearn.training.workload import Trained

        pools, evals = workload.pools, workload.evals
        (stream,) = workload.streams.values()
        total = len(stream.rows)
        found = []
        for rows, labels in zip(stream.rows, stream.labels):
            found.append(self.fit(pools["train"], rows, labels))
            done = len(found)
            progress(done / total, f"fit {done} of {total}")
        params, state = jax.tree.map(lambda *leaves: np.stack(leaves), *found)
        zero = jax.tree.map(np.zeros_like, params)
        both = jax.tree.map(lambda a, b: np.concatenate([a, b]), (zero, state), (params, state))
        twice = {name: _twice(one) for name, one in evals.items()}
        curves = {}
        for name, values in evaluate(self, both, pools, twice).items():
            curves[name] = np.stack(np.split(values, 2), axis=1)  # (R, 2)
        return Trained(params, state, curves)

    def diverged(self, losses):
        """A fit that converged has not; its decision value need not be a good log-odds."""
        return ~np.isfinite(losses).all(axis=1)


def _twice(one: EvalSet) -> EvalSet:
    """An evaluation set for twice as many replicas."""
    rows = None if one.rows is None else np.concatenate([one.rows, one.rows])
    return one._replace(rows=rows, labels=np.concatenate([one.labels, one.labels]))
