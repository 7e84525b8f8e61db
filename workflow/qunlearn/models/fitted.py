"""Models that are fitted in one call, by scikit-learn or a solver of its manner: no epochs, no schedule.

The fitted estimator is turned into arrays, so that the logit is computed, stored and evaluated like any other model's.
The history holds two points: before, with all parameters zero, and after the fit.
"""

from __future__ import annotations

import warnings

import jax
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..errors import UserError
from ..training import Trained, evaluate
from . import base


class Model(base.Model):
    """Base class: a complex input enters as [Re x, Im x], columns that are zero in every row are left out.

    A subclass defines `estimator()`, an unfitted scikit-learn classifier, and `arrays(fitted, rows, labels)`, the
    (params, state) that its `logits` read.
    """

    def __init__(self, inputs: list[np.ndarray]):
        wide = [base.real_features(x) for x in inputs]
        self.columns = base.columns_in_use(wide)
        #: Features (M, d) of all rows that may be trained on, in the order of the pool 'train'.
        self.known = np.concatenate(wide[:-1])[:, self.columns]

    def encode(self, x):
        return base.real_features(x)[:, self.columns]

    def optimise(self, loss, start, pools, streams, evals, schedule, generators, progress, weights=None):
        if len(streams) > 1:
            raise UserError(
                f"{type(self).__module__.rsplit('.', 1)[1]} is fitted in one call and cannot ascend on the forget set: "
                "use retrain or finetune, or leave it out under unlearning.architectures."
            )
        (stream,) = streams.values()
        done = []
        for i, (rows, labels) in enumerate(zip(stream.rows, stream.labels)):
            with warnings.catch_warnings():
                warnings.simplefilter("error", ConvergenceWarning)
                fitted = self.estimator().fit(pools["train"][rows], labels)
            done.append(self.arrays(fitted, rows, labels))
            progress((i + 1) / len(stream.rows), f"fit {i + 1} of {len(stream.rows)}")
        params, state = jax.tree.map(lambda *leaves: np.stack(leaves), *done)
        zero = jax.tree.map(np.zeros_like, params)
        before, after = (evaluate(self, p, state, pools, evals) for p in (zero, params))
        return Trained(params, state, {name: np.stack([before[name], after[name]], 1) for name in after})

    def diverged(self, losses):
        """A fit that converged has not; its decision value need not be a good log-odds."""
        return ~np.isfinite(losses).all(axis=1)
