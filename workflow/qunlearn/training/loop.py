"""Epochs of replicas: a loop over minibatches inside a loop over epochs, compiled as one program.

What differs between training and the methods of unlearning is the loss, the starting point and the
streams that a minibatch is drawn from; nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.training.classifier import Classifier
from qunlearn.training.evaluate import Questions, Source, measure, unmeasured
from qunlearn.training.losses import clipped
from qunlearn.training.optimiser import Optimiser
from qunlearn.training.packing import Packing
from qunlearn.training.streams import Batch, Stream


class Shared(NamedTuple):
    """What all replicas of a call have in common.

    `pools`: features by name; `updates` (epochs,): how many minibatches of an epoch are used, all
    or none; `due` (epochs,): whether the epoch's record is, which holds zeros where not. Neither is
    a constant of the program: the same one records the untrained models, and the updates do not
    depend on what is recorded, to the bit. `numbers` (epochs,): of the epochs, from 1 on.
    """

    pools: dict[str, jnp.ndarray]
    updates: jnp.ndarray
    due: jnp.ndarray
    numbers: jnp.ndarray


class Own(NamedTuple):
    """What is a replica's own. `orders[stream]` (epochs, updates, width): the positions in it of
    every minibatch, -1 for padding. All arrays have a leading replica axis outside an update."""

    streams: dict[str, Stream]
    questions: dict[str, Questions]
    data: dict
    orders: dict[str, jnp.ndarray]


class Variables(NamedTuple):
    """All that updates change; parameters, and what the optimiser keeps of each, as `packing` has
    them."""

    params: dict
    state: dict
    optimiser_state: tuple


class Best(NamedTuple):
    """The variables with the lowest loss so far on the samples held out, and that loss."""

    variables: Variables
    loss: jnp.ndarray


class Descent(NamedTuple):
    """How far a replica has come; `best` is None without early stopping."""

    now: Variables
    best: Best | None


class Program(NamedTuple):
    """What is compiled into the program of several replicas, which are `stacked` along the first axis
    of arrays, or of a single one without such an axis, whose matrix products XLA compiles to faster
    code. `packing`: of one replica's parameters; `sources`: pools of evaluation sets; `rows`: most
    that are evaluated at once, None: all; `clip`: of `Schedule`.

    The loops run over all replicas and what is inside over each: a loop inside a vmap is traced
    twice.
    """

    model: Classifier
    loss: Callable
    optimiser: Optimiser
    packing: Packing
    sources: dict[str, Source]
    rows: int | None = None
    clip: float | None = None
    stacked: bool = True

    def run(self, shared: Shared, descent: Descent, own: Own) -> tuple[Descent, dict]:
        """Some epochs: where they lead, and a record (replicas, epochs) by name of every one."""
        if not self.stacked:
            descent, own = jax.tree.map(lambda array: array[0], (descent, own))
        orders = jax.tree.map(self._time_first, own.orders)  # (epochs, replicas, updates, width)
        own = own._replace(orders={})

        def epoch(descent, step):
            minibatches, updates, due, number = step
            now = self._updated(
                shared.pools["train"], descent.now, own, minibatches, updates, number
            )
            record = self._record(shared.pools, now, own.questions, due)
            best = descent.best
            if best is not None:
                better = self._of_each(partial(_better, is_trained=updates > 0))
                best = better(Best(now, record["held_out_loss"]), best)
            return Descent(now, best), record

        steps = (orders, shared.updates, shared.due, shared.numbers)
        descent, records = jax.lax.scan(epoch, descent, steps)
        found = descent, jax.tree.map(self._time_first, records)
        return found if self.stacked else jax.tree.map(lambda array: array[None], found)

    def _of_each(self, function: Callable) -> Callable:
        """A function of one replica as one of all of them."""
        return jax.vmap(function) if self.stacked else function

    def _time_first(self, array):
        """Replica axis and time axis exchanged, where there are both."""
        return jnp.swapaxes(array, 0, 1) if self.stacked else array

    def _updated(self, pool, variables: Variables, own: Own, minibatches: dict, updates, epoch):
        """The variables after the first `updates` minibatches of the epoch of this number."""

        def one(variables, own, chosen):
            own = own._replace(data={**own.data, "epoch": epoch})
            return self._update(pool, variables, own, chosen)

        def update(number, variables):
            axis = 1 if self.stacked else 0

            def pick(order):
                return jax.lax.dynamic_index_in_dim(order, number, axis, keepdims=False)

            chosen = jax.tree.map(pick, minibatches)  # (replicas, width)
            return self._of_each(one)(variables, own, chosen)

        return jax.lax.fori_loop(0, updates, update, variables)

    def _update(self, pool, variables: Variables, own: Own, positions: dict) -> Variables:
        """One step of the optimiser, on one minibatch of every stream."""
        params, state, optimiser_state = variables

        def objective(params):
            batches, new_state = self._forward(pool, (params, state), own.streams, positions)
            loss = self.loss(batches, params, own.data)
            return loss, new_state

        derivative = jax.value_and_grad(objective, has_aux=True)
        (_, state), gradient = derivative(self.packing.unpack(params))
        gradient = self.packing.pack(gradient)
        step, optimiser_state = self.optimiser.update(gradient, optimiser_state, params)
        if "pace" in own.data:
            step = jax.tree.map(lambda size: own.data["pace"] * size, step)
        if "mask" in own.data:
            mask = self.packing.pack(own.data["mask"])
            step = jax.tree.map(lambda size, may_change: may_change * size, step, mask)
        params = jax.tree.map(jnp.add, params, step)
        return Variables(params, state, optimiser_state)

    def _forward(self, pool, variables: tuple, streams: dict[str, Stream], positions: dict):
        """Batches of all streams, from one forward pass over their rows, and the new state."""
        weights, picked = {}, {}
        for name, stream in streams.items():
            chosen = positions[name]
            weights[name] = (chosen >= 0).astype(pool.dtype)
            picked[name] = jax.tree.map(lambda array: array[chosen], stream)  # noqa: B023
        rows = [part.rows for part in picked.values()]
        logits, state = self.model.logits(
            *variables,
            pool,
            rows=jnp.concatenate(rows),
            weight=jnp.concatenate(list(weights.values())),
            train=True,
        )
        if self.clip is not None:
            logits = clipped(logits, self.clip)
        ends = np.cumsum([len(part) for part in rows])
        parts = jnp.split(logits, ends[:-1])
        batches = {}
        for name, part in zip(streams, parts):
            of = picked[name]
            batches[name] = Batch(part, of.labels, of.teacher, weights[name], of.untrained)
        return batches, state

    def _record(self, pools: dict, now: Variables, questions: dict, due) -> dict:
        """Loss and accuracy on every evaluation set where a record is due, else zeros."""

        def one(params, state, questions):
            variables = self.packing.unpack(params), state
            return measure(self.model, self.sources, pools, variables, questions, self.rows)

        def look(params, state):
            return self._of_each(one)(params, state, questions)

        def skip(*_):
            return unmeasured(self.sources, questions)

        return jax.lax.cond(due, look, skip, now.params, now.state)


def _better(found: Best, best: Best, is_trained) -> Best:
    """The one with the lower loss, where there was any training."""
    improved = is_trained & (found.loss < best.loss)
    return jax.tree.map(lambda new, old: jnp.where(improved, new, old), found, best)
