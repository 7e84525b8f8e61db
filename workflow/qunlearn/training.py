"""One optimisation loop for training and for every unlearning method.

A *job* optimises R independent replicas (cells) of one model at once: the loop over minibatches and epochs is a
`lax.scan`, the replicas are a `vmap`. What differs between training, retraining, finetuning, scrubbing and gradient
ascent is the loss, the starting point and the *streams* of samples that a minibatch is drawn from; nothing else.

All replicas share one pool of features. A stream holds, per replica, the rows of the pool that belong to it and their
labels; the first stream sets the number of updates per epoch, the others are spread evenly over them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

#: Parameters, gradients and optimiser state of the replicas that run together should fit in this many bytes of cache.
CACHE_BYTES = 3 * 2**19
#: Replicas per program on a CPU; enough to amortise the small operations of a quantum model.
LANES = 10


class Stream(NamedTuple):
    """Samples that minibatches are drawn from: `rows`, `labels`, `teacher` are (R, N); teacher holds the poisoned
    model's logits, zeros where no loss asks for them."""

    rows: np.ndarray
    labels: np.ndarray
    teacher: np.ndarray


class Batch(NamedTuple):
    """What a loss sees of a stream: all (B,); weight is 1 for samples and 0 for padding."""

    logits: jnp.ndarray
    labels: jnp.ndarray
    teacher: jnp.ndarray
    weight: jnp.ndarray


class EvalSet(NamedTuple):
    """Samples that loss and accuracy are recorded on: `pool` names the feature pool, `rows` is (R, N) or None for the
    whole pool, `labels` is (R, N)."""

    pool: str
    rows: np.ndarray | None
    labels: np.ndarray


class Schedule(NamedTuple):
    """`epochs` passes over the first stream in minibatches of `batch` samples (0: full batch), Adam at
    `learning_rate` with decoupled `weight_decay` (AdamW). Of the loss: `label_smoothing` and, if not None, the `gce` of
    `training_loss`. `early_stopping`: fraction of the training samples held out (0: none). `keep_adam`: the file of
    trained models also holds Adam's memory, and unlearning goes on with it. `record`: epochs between two points of the
    history; where it does not divide `epochs`, the largest divisor below."""

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    gce: float | None = None
    early_stopping: float = 0.0
    keep_adam: bool = False
    record: int = 1


class Trained(NamedTuple):
    """Replica-stacked variables, and `history[name]` (R, records + 1) of '<set>_loss' and '<set>_accuracy', the first
    point before any update; `memory`: Adam's, (count, m, v) of `adam`, None where no Adam ran."""

    params: dict
    state: dict
    history: dict[str, np.ndarray]
    memory: tuple | None = None


def diverged(losses: np.ndarray) -> np.ndarray:
    """(R,) of True where a history (R, records + 1) of the loss that was minimised, in nats, ends in a failed training:
    not finite, or a tenth above both where it began and ln 2, which a coin reaches."""
    first, last = losses[:, 0], losses[:, -1]
    return ~(np.isfinite(losses).all(axis=1) & (last <= 1.1 * np.fmax(first, np.log(2))))


def adam(
    learning_rate: float, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8, weight_decay: float = 0.0
) -> optax.GradientTransformation:
    """optax.adam with its bias corrections gathered into two scalars: one division per parameter instead of three,
    which halves the cost of an update of a wide first layer. Kingma & Ba, arXiv:1412.6980, Algorithm 1; with
    `weight_decay` optax.adamw, all parameters decayed: Loshchilov & Hutter, arXiv:1711.05101, Algorithm 2."""

    def init(params):
        zeros = jax.tree.map(jnp.zeros_like, params)
        return jnp.zeros(()), zeros, zeros

    def update(gradient, memory, params=None):
        count, m, v = memory
        count = count + 1
        m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, m, gradient)
        v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, v, gradient)
        rate, scale = learning_rate / (1 - b1**count), 1 / (1 - b2**count)
        step = jax.tree.map(lambda m, v: -rate * m / (jnp.sqrt(scale * v) + eps), m, v)
        if weight_decay:
            step = jax.tree.map(lambda s, p: s - learning_rate * weight_decay * p, step, params)
        return step, (count, m, v)

    return optax.GradientTransformation(init, update)


def real_dtype():
    """The precision that the process was configured for."""
    return jnp.float64 if jax.config.jax_enable_x64 else jnp.float32


def weighted_mean(values, weight):
    return jnp.sum(values * weight) / jnp.maximum(jnp.sum(weight), 1)


@jax.custom_jvp
def log_sigmoid(z):
    """jax.nn.log_sigmoid with its derivative in closed form: one exponential instead of six operations of the kind."""
    return jax.nn.log_sigmoid(z)


log_sigmoid.defjvp(lambda z, dz: (log_sigmoid(*z), jax.nn.sigmoid(-z[0]) * dz[0]))


def cross_entropy(logits, labels):
    """Binary cross-entropy from logits, per sample."""
    return -labels * log_sigmoid(logits) - (1 - labels) * log_sigmoid(-logits)


def generalised_cross_entropy(logits, labels, q: float):
    """(1 - p_y^q) / q per sample, p_y the probability of the label: the cross-entropy as q -> 0, the mean absolute
    error at q = 1, bounded by 1/q between. Zhang & Sabuncu, NeurIPS 2018, arXiv:1805.07836, Eq. 6."""
    right = labels * jnp.exp(q * log_sigmoid(logits)) + (1 - labels) * jnp.exp(q * log_sigmoid(-logits))
    return (1 - right) / q


def training_loss(batches: dict[str, Batch], label_smoothing: float = 0.0, gce: float | None = None):
    """Mean binary cross-entropy of the stream 'train', or with `gce` the generalised one with this q; labels y are
    smoothed to (1 - e) y + e/2 (Szegedy et al., arXiv:1512.00567)."""
    b = batches["train"]
    labels = (1 - label_smoothing) * b.labels + label_smoothing / 2 if label_smoothing else b.labels
    losses = cross_entropy(b.logits, labels) if gce is None else generalised_cross_entropy(b.logits, labels, gce)
    return weighted_mean(losses, b.weight)


def widths(sizes: list[int], batch: int) -> tuple[int, list[int]]:
    """Updates per epoch, and how many samples of each stream enter one update."""
    first = sizes[0]
    batch = first if batch == 0 else min(batch, first)
    steps = -(-first // batch)
    return steps, [batch, *(-(-size // steps) for size in sizes[1:])]


def minibatch_order(rng: np.random.Generator, epochs: int, size: int, steps: int, width: int, dealt: bool):
    """(epochs, steps, width) positions in a stream of `size` samples, each once per epoch; -1 is padding.

    Consecutive minibatches, the last one short; or `dealt` one by one, so that no update goes without samples.
    """
    order = np.tile(np.arange(size, dtype=np.int32), (epochs, 1))
    if steps > 1:
        order = rng.permuted(order, axis=1)
    padded = np.full((epochs, steps * width), -1, dtype=np.int32)
    padded[:, :size] = order
    if dealt:
        return padded.reshape(epochs, width, steps).transpose(0, 2, 1)
    return padded.reshape(epochs, steps, width)


def _forward(model, params, state, pool, streams, positions, train):
    """Batches of all streams from one forward pass over their concatenated rows, and the new state."""
    weight = {name: (p >= 0).astype(pool.dtype) for name, p in positions.items()}
    picked = {name: jax.tree.map(lambda a: a[positions[name]], streams[name]) for name in streams}  # noqa: B023
    rows = jnp.concatenate([picked[name].rows for name in streams])
    weights = jnp.concatenate([weight[name] for name in streams])
    logits, state = model.logits(params, state, pool, rows, weight=weights, train=train)
    ends = np.cumsum([len(weight[name]) for name in streams])[:-1]
    batches = {
        name: Batch(part, picked[name].labels, picked[name].teacher, weight[name])
        for name, part in zip(streams, jnp.split(logits, ends))
    }
    return batches, state


def _measure(model, sources, params, state, pools, evals):
    """Loss and accuracy on every evaluation set, from one forward pass per pool."""
    logits = {}
    for pool in dict.fromkeys(sources.values()):
        names = [name for name in evals if sources[name] == pool]
        rows = [evals[name][0] for name in names]
        ends = np.cumsum([len(part) for part in rows[:-1]], dtype=int)
        together, _ = model.logits(params, state, pools[pool], jnp.concatenate(rows) if len(rows) > 1 else rows[0])
        logits |= zip(names, jnp.split(together, ends))
    record = {}
    for name, (_, labels) in evals.items():
        record[f"{name}_loss"] = jnp.mean(cross_entropy(logits[name], labels))
        record[f"{name}_accuracy"] = jnp.mean((logits[name] > 0) == (labels > 0.5))
    return record


def _eval_arrays(evals: dict[str, EvalSet]) -> tuple[dict, dict]:
    """Which pool each evaluation set reads, and its arrays."""
    sources = {name: e.pool for name, e in evals.items()}
    return sources, {name: (e.rows, np.asarray(e.labels, real_dtype())) for name, e in evals.items()}


def evaluate(model, params, state, pools, evals: dict[str, EvalSet]) -> dict[str, np.ndarray]:
    """Loss and accuracy (R,) of R replicas on every evaluation set, under the names that a history uses."""
    sources, arrays = _eval_arrays(evals)
    pools = {name: jnp.asarray(array, real_dtype()) for name, array in pools.items()}
    measure = jax.jit(jax.vmap(partial(_measure, model, sources), in_axes=(0, 0, None, 0)))
    return jax.tree.map(np.asarray, measure(params, state, pools, arrays))


def segment(model, loss, optimiser, sources, pools, plan, carry, streams, evals, weights, orders):
    """One replica: some epochs, each a loop over its minibatches; returns the carry and a record per epoch.

    `plan` is (updates, due), both (epochs,): how many minibatches of an epoch are used, all or none, and whether its
    record is due, which holds zeros where not. Neither is a constant of the program: the same one records the untrained
    models, and the updates do not depend on what is recorded, to the bit.

    The carry is (params, state, memory) now and, for early stopping, the same at the best epoch so far and its loss on
    the samples held out, else nothing.
    """

    def update(number, carry, positions):
        params, state, memory = carry
        positions = jax.tree.map(lambda a: a[number], positions)

        def objective(params):
            batches, new = _forward(model, params, state, pools["train"], streams, positions, train=True)
            return loss(batches, **weights), new

        (_, state), gradient = jax.value_and_grad(objective, has_aux=True)(params)
        step, memory = optimiser.update(gradient, memory, params)
        return optax.apply_updates(params, step), state, memory

    def measure(params, state):
        return _measure(model, sources, params, state, pools, evals)

    def skip(params, state):
        return jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), jax.eval_shape(measure, params, state))

    def epoch(carry, step):
        now, best = carry
        positions, (updates, due) = step
        now = jax.lax.fori_loop(0, updates, partial(update, positions=positions), now)
        record = jax.lax.cond(due, measure, skip, *now[:2])
        if best:
            better = (updates > 0) & (record["held_out_loss"] < best[1])
            best = jax.tree.map(lambda a, b: jnp.where(better, a, b), (now, record["held_out_loss"]), best)
        return (now, best), record

    return jax.lax.scan(epoch, carry, (orders, plan))


def replicas_together(params_bytes: int, replicas: int, limits: tuple[int, int] | None = None) -> int:
    """How many replicas one program holds: all on an accelerator; on a CPU a number that does not depend on how many
    there are, so that a cell runs through the same program, to the last bit, however cells were grouped. A model whose
    arithmetic is the same in any company sets `limits`, least and most: programs are then as few and equal as can be.
    """
    if jax.default_backend() != "cpu":
        return replicas
    if limits:
        least, most = limits
        return max(least, -(-replicas // -(-replicas // most)))
    return max(1, min(LANES, CACHE_BYTES // (4 * params_bytes)))


def over_replicas(function, in_axes: tuple, lanes: int):
    """`function` over the replica axis: a vmap, or for a single lane the bare function, whose matrix products XLA
    compiles to faster code without a batch dimension of one."""
    if lanes > 1:
        return jax.vmap(function, in_axes)

    def bare(*arguments):
        one = [a if axis is None else jax.tree.map(lambda x: x[0], a) for a, axis in zip(arguments, in_axes)]
        return jax.tree.map(lambda x: x[None], function(*one))

    return bare


def stopped(history: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The history (R, epochs + 1) with every epoch after the one of lowest 'held_out_loss' replaced by that one."""
    losses = np.asarray(history["held_out_loss"])[:, 1:]
    best = 1 + np.argmin(np.where(np.isnan(losses), np.inf, losses), axis=1, keepdims=True)
    epoch = np.minimum(np.arange(losses.shape[1] + 1), best)
    return {name: np.take_along_axis(np.asarray(values), epoch, axis=1) for name, values in history.items()}


def _parts(total: int, wanted: int) -> int:
    """The divisor of `total` nearest to `wanted`: equal segments compile once."""
    divisors = [d for d in range(1, total + 1) if total % d == 0]
    return min(divisors, key=lambda d: abs(d - wanted))


def minimise(
    model,
    loss: Callable[..., jnp.ndarray],
    start: tuple[dict, dict],
    pools: dict[str, np.ndarray],
    streams: dict[str, Stream],
    evals: dict[str, EvalSet],
    schedule: Schedule,
    generators: list[np.random.Generator],
    progress: Callable[[float, str], None] = lambda fraction, text: None,
    weights: dict[str, np.ndarray] | None = None,
) -> Trained:
    """Minimise `loss` for R replicas from `start` (params, state), each with a leading replica axis.

    `loss` is called with the batches by stream and with each replica's own `weights`, (R,) by name, as keywords.
    `start` may hold Adam's memory as a third part: the optimiser then goes on with it instead of starting anew. An
    evaluation set 'held_out' asks for early stopping: what is returned is of the epoch with the lowest loss on it, and
    the history, with a point for every epoch, stands still from there on.

    `generators` holds one random generator per replica, for the order of its minibatches. `pools['train']` feeds the
    streams; evaluation sets name the pool they read. `progress` is told the fraction done and a one-line summary.
    """
    real = real_dtype()
    pools = {name: jnp.asarray(array, real) for name, array in pools.items()}
    sources, eval_arrays = _eval_arrays(evals)
    streams = {
        name: Stream(np.asarray(s.rows), np.asarray(s.labels, real), np.asarray(s.teacher, real))
        for name, s in streams.items()
    }
    weights = {name: np.asarray(values, real) for name, values in (weights or {}).items()}
    replicas = len(generators)
    optimiser = adam(schedule.learning_rate, weight_decay=schedule.weight_decay)
    sizes = [s.rows.shape[1] for s in streams.values()]
    steps, width = widths(sizes, schedule.batch)
    record = 1 if "held_out" in evals else schedule.record
    record = max(d for d in range(1, record + 1) if schedule.epochs % d == 0)
    due = np.arange(1, schedule.epochs + 1) % record == 0
    segments = _parts(schedule.epochs, 10)
    epochs = schedule.epochs // segments
    untrained = (np.zeros(epochs, np.int32), np.arange(epochs) == 0)  # no updates, a record at once

    bytes_each = sum(leaf.size * leaf.itemsize for leaf in jax.tree.leaves(start[0])) // replicas
    together = replicas_together(bytes_each, replicas, model.together)
    one = partial(segment, model, loss, optimiser, sources)
    run = jax.jit(over_replicas(one, (None, None, 0, 0, 0, 0, 0), together), donate_argnums=(2,))
    initial_memory = jax.jit(jax.vmap(optimiser.init))
    began, done, finished = time.monotonic(), 0, []
    groups = [list(range(i, min(i + together, replicas))) for i in range(0, replicas, together)]
    for group in groups:
        # a short group is filled up with copies of its last replica: one program serves all groups
        index = np.array(group + [group[-1]] * (together - len(group)))
        part = jax.tree.map(lambda a: jnp.asarray(a[index]), start)  # noqa: B023
        mine = jax.tree.map(lambda a: jnp.asarray(a[index]), (streams, eval_arrays, weights))  # noqa: B023
        now = part if len(part) == 3 else (*part, initial_memory(part[0]))
        best = (jax.tree.map(jnp.copy, now), jnp.full(together, jnp.inf, real)) if "held_out" in evals else ()
        carry = (now, best)
        rngs = [generators[i] for i in group]
        orders = {name: np.zeros((together, epochs, steps, w), np.int32) for name, w in zip(streams, width)}
        carry, found = run(pools, untrained, carry, *mine, orders)
        records = [{name: np.asarray(values)[:, :1] for name, values in found.items()}]
        for due_here in np.split(due, segments):
            for i, (name, size, w) in enumerate(zip(streams, sizes, width)):
                each = [minibatch_order(rng, epochs, size, steps, w, dealt=i > 0) for rng in rngs]
                orders[name] = np.stack(each + [each[-1]] * (together - len(group)))
            carry, found = run(pools, (np.full(epochs, steps, np.int32), due_here), carry, *mine, orders)
            if due_here.any():
                records.append({name: np.asarray(values)[:, due_here] for name, values in found.items()})
            done += 1
            fraction = done / (segments * len(groups))
            name, values = next(iter(records[-1].items()))
            left = (time.monotonic() - began) * (1 - fraction) / fraction
            progress(fraction, f"{name} {values[: len(group), -1].mean():.4f}, {left:.0f} s left")
        history = jax.tree.map(lambda *parts: np.concatenate(parts, axis=1), *records)
        keep = slice(len(group))
        now, best = carry
        found = (*(best[0] if best else now), stopped(history) if best else history)
        finished.append(jax.tree.map(lambda a: np.asarray(a)[keep], found))  # noqa: B023
    params, state, memory, history = jax.tree.map(lambda *parts: np.concatenate(parts), *finished)
    return Trained(params, state, history, memory)
