"""Inputs that are copies of each other, trained as one.

Where two columns of the features are equal or opposite in every sample, so are the derivatives of a
loss in their weights; and Adam, which treats every number by itself, makes the same of both,
wherever each began. So one weight of every group of copies is updated: the mean of theirs, with
their signs, whose input is as many times as large and whose derivative is that of a single copy. At
the end each weight has moved as the mean did. Nothing is approximated.

Ground states of a chain are full of copies: translations, reflection and spin flip leave 70 of the
1848 amplitudes in use (real and imaginary parts, 12 sites).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qunlearn.lazy import jax
from qunlearn.training.classifier import Classifier
from qunlearn.training.memory import device
from qunlearn.training.schedule import Schedule
from qunlearn.training.workload import Trained, Workload

#: Most groups of copies, of all inputs, that are worth a program of their own.
WORTH = 0.5
#: About how many samples of a pool tell whether it is worth looking for copies.
GLANCE = 8


class Tied(NamedTuple):
    """Of C inputs in K groups: `group` (C,) of each and its `sign` (C,); of every group the first
    input, `first` (K,), and how many there are, `count` (K,)."""

    group: np.ndarray
    sign: np.ndarray
    first: np.ndarray
    count: np.ndarray

    def one_of_each(self, features: np.ndarray) -> np.ndarray:
        """(N, K) inputs of all groups, times their copies, of features (N, C)."""
        return features[:, self.first] * (self.sign[self.first] * self.count)

    def mean(self, weights: np.ndarray) -> np.ndarray:
        """(R, K, H) means of the groups' weights (R, C, H) with their signs, in double precision."""
        signed = weights * self.sign[:, None]
        by_group = np.argsort(self.group, kind="stable")
        starts = np.cumsum(self.count) - self.count
        sums = np.add.reduceat(signed[:, by_group], starts, axis=1)
        return sums / self.count[:, None]

    def spread(self, values: np.ndarray) -> np.ndarray:
        """(R, C, H): those of the groups, (R, K, H), with each copy's sign."""
        return self.sign[:, None] * values[:, self.group]


def tied(features: np.ndarray) -> Tied:
    """The copies among the columns of features (N, C)."""
    columns = features.T
    leading = np.argmax(columns != 0, axis=1)[:, None]  # of each its first number that is not zero
    negative = np.take_along_axis(columns, leading, axis=1) < 0
    sign = np.where(negative, -1.0, 1.0)  # (C, 1)
    numbers = {}
    canonical = columns * sign + 0.0  # no zero has a sign
    group = np.array([numbers.setdefault(row.tobytes(), len(numbers)) for row in canonical])
    _, first, count = np.unique(group, return_index=True, return_counts=True)
    return Tied(group, sign[:, 0], first, count)


def tied_inputs(model: Classifier, workload: Workload) -> Tied | None:
    """The copies among a model's inputs, in all samples of the pools, where its training may treat
    them as one (the loss depends on outputs alone, all copies are updated alike, Adam begins anew)
    and is WORTH it; else None. An accelerator compiles one more program for longer than it saves."""
    if model.input_weights is None or workload.reads_parameters or device().platform != "cpu":
        return None
    if "mask" in workload.data or len(workload.start) > 2:
        return None
    pools = list(workload.pools.values())
    most = WORTH * max(pool.shape[1] for pool in pools)
    glance = _together([pool[:: max(1, len(pool) // GLANCE)] for pool in pools])
    seen = {column.tobytes() for column in np.abs(glance).T}
    if len(seen) > most:  # columns that differ there differ, and no more has to be looked at
        return None
    found = tied(_together(pools))
    return found if len(found.first) <= most else None


def _together(pools: list[np.ndarray]) -> np.ndarray:
    """(N, C) rows of all pools, one after the other."""
    width = max(pool.shape[1] for pool in pools)
    return np.concatenate([padded(pool, width) for pool in pools])


def padded(features: np.ndarray, width: int) -> np.ndarray:
    """Features (N, C) with zeros in all columns up to the `width`."""
    return np.pad(features, ((0, 0), (0, width - features.shape[1])))


class OneOfEach(Classifier):
    """A model that has one input in place of each group of copies."""

    def __init__(self, model: Classifier, found: Tied):
        self.model = model
        self.input_weights = model.input_weights
        self.together = model.together
        self.row_by_row = model.row_by_row
        self.count = found.count

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        name = self.input_weights
        weights = _differentiated_as_one(params[name], self.count[:, None])
        return self.model.logits({**params, name: weights}, state, pool, rows, weight, train)


def _differentiated_as_one(weights, count: np.ndarray):
    """Weights (K, H) whose derivative is that of one of their `count` (K, 1) copies."""

    @jax.custom_vjp
    def same(weights):
        return weights

    def forward(weights):
        return weights, None

    def backward(_, cotangent):
        return (cotangent / count.astype(cotangent.dtype),)

    same.defvjp(forward, backward)
    return same(weights)


def narrow(name: str, found: Tied, workload: Workload) -> Workload:
    """The workload of `OneOfEach`; `name` of the weights."""
    params, state = workload.start
    weights = np.asarray(params[name])
    mean = found.mean(weights).astype(weights.dtype)
    return workload._replace(
        start=({**params, name: mean}, state),
        pools={
            pool: found.one_of_each(padded(features, len(found.group)))
            for pool, features in workload.pools.items()
        },
    )


def widen(name: str, found: Tied, workload: Workload, done: Trained) -> Trained:
    """What the whole model would have become."""
    start = np.asarray(workload.start[0][name])  # (R, C, H)
    updates, m, v = done.optimiser_state
    kept = _kept(workload.schedule, workload.data, updates)
    kept = kept[:, None, None]
    began = kept * found.mean(start)  # (R, K, H), where the means would be without derivatives
    moved = found.spread(done.params[name] - began)
    weights = kept * start + moved
    params = {**done.params, name: weights.astype(start.dtype)}
    slopes = found.spread(m[name])
    m = {**m, name: slopes.astype(start.dtype)}
    v = {**v, name: v[name][:, found.group]}
    return done._replace(params=params, optimiser_state=(updates, m, v))


def _kept(schedule: Schedule, data: dict, updates: np.ndarray) -> np.ndarray:
    """(R,) of a weight after so many updates that only decay it."""
    rate = schedule.learning_rate * np.asarray(data.get("pace", 1.0), float)
    return (1 - rate * schedule.weight_decay) ** np.asarray(updates, float)
