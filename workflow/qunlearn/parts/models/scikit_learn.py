"""Any classifier of scikit-learn, or in its manner, by the path that it is imported by.

The logit is the estimator's `decision_function`, or else the log-odds of its `predict_proba`. An
estimator is no set of arrays, so what is stored of a fit is what determines it, the training
samples and their labels; where logits are asked for, the fit is repeated, once in a process.
"""

from __future__ import annotations

import inspect
import warnings
from collections import OrderedDict
from functools import partial
from importlib import import_module
from typing import Annotated

import numpy as np
from pydantic import Field

from qunlearn.lazy import jax, jnp
from qunlearn.parts.models import FittedModel
from qunlearn.parts.models.of_features import FeatureModel
from qunlearn.parts.part import option
from qunlearn.runtime.errors import UserError
from qunlearn.training.fitted import LARGEST, Fitted

#: Fitted estimators that a process keeps.
KEPT = 256

ImportPath = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")]


class ScikitLearn(FeatureModel, FittedModel):
    """Any classifier in scikit-learn's manner, by its import path."""

    label = "scikit-learn"
    panel = "others"

    estimator: ImportPath = option(says="import path, as sklearn.ensemble.RandomForestClassifier")
    arguments: dict = option({}, says="its arguments; random_state is 0 where it is not given")

    def title(self):
        return self.estimator.rpartition(".")[2] + self.on_what()

    def build(self, rows):
        return EstimatorClassifier(self, rows)

    def unfitted(self):
        """The estimator. Raises UserError where the import path or the arguments are wrong."""
        place = f"{self.name()}.estimator"
        module, _, name = self.estimator.rpartition(".")
        try:
            kind = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise UserError(f"{place}: {self.estimator} cannot be imported ({error}).") from None
        answers = ("decision_function", "predict_proba")
        if not inspect.isclass(kind) or not hasattr(kind, "fit"):
            raise UserError(f"{place}: {self.estimator} is no class with a method fit.")
        if not any(hasattr(kind, answer) for answer in answers):
            raise UserError(f"{place}: {self.estimator} has neither {' nor '.join(answers)}.")
        arguments = dict(self.arguments)
        if "random_state" in inspect.signature(kind).parameters:
            arguments.setdefault("random_state", 0)
        try:
            return kind(**arguments)
        except (TypeError, ValueError) as error:
            raise UserError(f"{self.name()}.arguments: {error}.") from None


class EstimatorClassifier(Fitted):
    """Parameters are the labels of the training samples, -1 or 1 (all 0: nothing is fitted, the
    logit is 0); the state is which samples these are."""

    def __init__(self, declaration: ScikitLearn, rows: list[np.ndarray]):
        super().__init__(rows, declaration.seen)
        self.declaration = declaration
        self.kept: OrderedDict = OrderedDict()
        declaration.unfitted()

    def init(self, key):
        return {"labels": jnp.zeros(0)}, {"rows": jnp.zeros(0, int)}

    def fit(self, pool, rows, labels):
        rows, labels = np.asarray(rows), np.asarray(labels)
        if len(np.unique(labels)) > 1:
            self._fitted(rows, labels > 0)
        return {"labels": 2.0 * labels - 1}, {"rows": rows}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        x = pool if rows is None else pool[rows]
        logits = jax.pure_callback(
            partial(self._answer, dtype=x.dtype),
            jax.ShapeDtypeStruct(x.shape[:1], x.dtype),
            state["rows"],
            params["labels"],
            x,
            vmap_method="sequential",
        )
        return logits, state

    def _answer(self, rows, signs, x, dtype) -> np.ndarray:
        """(B,) logits of features x (B, columns)."""
        signs = np.asarray(signs, float)
        first = signs[0]
        if np.all(signs == first):  # nothing is fitted, or one class alone: no estimator is asked
            logits = np.full(len(x), first * LARGEST)
        else:
            estimator = self._fitted(np.asarray(rows), signs > 0)
            logits = log_odds(estimator, np.asarray(x, float))
        return logits.astype(dtype)

    def _fitted(self, rows: np.ndarray, labels: np.ndarray):
        """The estimator, fitted to these samples before or now."""
        key = np.int64(rows).tobytes(), labels.tobytes()
        if key not in self.kept:
            self.kept[key] = self._fit_anew(rows, labels)
        if len(self.kept) > KEPT:
            self.kept.popitem(last=False)
        return self.kept[key]

    def _fit_anew(self, rows: np.ndarray, labels: np.ndarray):
        """Raises UserError where the estimator cannot be fitted or gives up early."""
        from sklearn.exceptions import ConvergenceWarning

        estimator = self.declaration.unfitted()
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            try:
                return estimator.fit(self.known[rows], labels.astype(int))
            except (ConvergenceWarning, TypeError, ValueError) as error:
                raise UserError(
                    f"{self.declaration.estimator} cannot be fitted to {len(rows)} samples "
                    f"({error}); change {self.declaration.name()}.arguments."
                ) from None


def log_odds(estimator, x: np.ndarray) -> np.ndarray:
    """(B,) logits of class 1 by a fitted estimator."""
    if hasattr(estimator, "decision_function"):
        return np.asarray(estimator.decision_function(x), float)
    probabilities = np.asarray(estimator.predict_proba(x), float)
    ones = probabilities[:, 1]
    with np.errstate(divide="ignore"):
        logits = np.log(ones) - np.log(1 - ones)
    return np.clip(logits, -LARGEST, LARGEST)
