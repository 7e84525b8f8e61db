"""Where minibatches come from, and what models are evaluated on.

All replicas share one pool of features. A stream holds, per replica, the rows of the pool that
belong to it and their labels; the first stream sets the number of updates per epoch, the others are
spread evenly over them, or read whole by each.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from qunlearn.runtime.errors import UserError
from qunlearn.training.losses import bernoulli_kl, cross_entropy, one_sided_kl, weighted_mean

#: Divergences of a model's outputs from its teacher's, by name.
DIVERGENCES = {"two_sided": bernoulli_kl, "one_sided": one_sided_kl}


class Stream(NamedTuple):
    """Samples that minibatches are drawn from: `rows`, `labels`, `teacher`, `untrained` are (R, N).

    `teacher` holds the poisoned model's logits, `untrained` those of one with new parameters, None
    where no loss asks for them. `counts` (R,): how many samples each replica has, where these
    differ; what lies behind them is never drawn.
    """

    rows: np.ndarray
    labels: np.ndarray
    teacher: np.ndarray | None = None
    untrained: np.ndarray | None = None
    counts: np.ndarray | None = None


class Batch(NamedTuple):
    """A minibatch of a stream, as a loss sees it: all (B,); weight is 1 for samples and 0 for
    padding."""

    logits: jnp.ndarray
    labels: jnp.ndarray
    teacher: jnp.ndarray | None
    weight: jnp.ndarray
    untrained: jnp.ndarray | None = None

    def cross_entropy(self):
        """Mean binary cross-entropy of its samples, nats."""
        return weighted_mean(cross_entropy(self.logits, self.labels), self.weight)

    def divergence(self, kind: str = "two_sided", teacher: str = "poisoned"):
        """Mean KL(teacher || model) of its samples' outputs, nats; `kind`: one of `DIVERGENCES`;
        `teacher`: the 'poisoned' model, or an 'untrained' one.

        Raises UserError where no such teacher was asked for.
        """
        outputs, asked = {
            "poisoned": (self.teacher, "teacher"),
            "untrained": (self.untrained, "untrained_teacher"),
        }[teacher]
        if outputs is None:
            raise UserError(
                f"a loss calls divergence(), but its method does not ask for the {teacher} model's "
                f"outputs: set `{asked} = True` in its class."
            )
        values = DIVERGENCES[kind](outputs, self.logits)
        return weighted_mean(values, self.weight)


class EvalSet(NamedTuple):
    """Samples that loss and accuracy are recorded on.

    `pool` names the feature pool, `rows` is (R, N) or None for the whole pool, `labels` is (R, N).
    `each`: every sample's logit is recorded, too.
    """

    pool: str
    rows: np.ndarray | None
    labels: np.ndarray
    each: bool = False


#: Samples of the buffer that `shuffled_buffer` draws from.
BUFFER = 128


def widths(sizes: list[int], batch: int, whole: bool = False) -> tuple[int, list[int]]:
    """Updates per epoch, and how many samples of each stream enter one update; `whole`: all samples
    of every stream but the first one."""
    first, *others = sizes
    batch = min(batch, first) if batch else first
    steps = math.ceil(first / batch)
    if whole:
        return steps, [batch, *others]
    spread = [math.ceil(size / steps) for size in others]
    return steps, [batch, *spread]


def whole_order(epochs: int, size: int, steps: int) -> np.ndarray:
    """(epochs, steps, size) positions in a stream: all samples in every update."""
    once = np.arange(size, dtype=np.int32)
    return np.tile(once, (epochs, steps, 1))


def minibatch_order(
    rng: np.random.Generator, epochs: int, size: int, steps: int, width: int, dealt: bool
) -> np.ndarray:
    """(epochs, steps, width) positions in a stream of `size` samples, each once per epoch; -1 is
    padding.

    Consecutive minibatches, the last one short; or `dealt` one by one, so that no update goes
    without samples.
    """
    once = np.arange(size, dtype=np.int32)
    order = np.tile(once, (epochs, 1))
    if steps > 1:
        order = rng.permuted(order, axis=1)
    padded = np.full((epochs, steps * width), -1, dtype=np.int32)
    padded[:, :size] = order
    if not dealt:
        return padded.reshape(epochs, steps, width)
    hands = padded.reshape(epochs, width, steps)
    return hands.swapaxes(1, 2)


def shuffled_buffer(rng: np.random.Generator, epochs: int, size: int) -> np.ndarray:
    """(epochs * size,) positions in a stream of `size` samples that is read `epochs` times, one
    after the other, through a buffer of BUFFER samples: each that leaves it is drawn at random, and
    the next one read takes its place. As tf.data's repeat and then shuffle do.

    A sample leaves some BUFFER samples after it was read: a set sorted by class, and larger than
    the buffer, gives minibatches that are not balanced.
    """
    read = np.tile(np.arange(size, dtype=np.int32), epochs)
    buffer = read[:BUFFER].tolist()
    later = read[BUFFER:].tolist()
    places = rng.integers(len(buffer), size=len(later)).tolist()
    left = []
    for place, following in zip(places, later):
        left.append(buffer[place])
        buffer[place] = following
    return np.concatenate([np.array(left, np.int32), rng.permutation(np.array(buffer, np.int32))])


def updates_made(epochs: int, size: int, batch: int) -> np.ndarray:
    """(epochs + 1,) updates with `batch` samples each that are due after so many epochs of `size` samples, where
    minibatches run across epochs; the last one takes what is left."""
    read = size * np.arange(epochs + 1)
    return -(-read // batch)


def across_epochs(positions: np.ndarray, made: np.ndarray, batch: int) -> np.ndarray:
    """(epochs, steps, batch) of the positions of a whole training, `batch` for each update; -1 is padding. `made`: of
    `updates_made`."""
    begun, ended = made[:-1, None], made[1:, None]  # both (epochs, 1)
    steps = np.diff(made).max()
    update = begun + np.arange(steps)  # (epochs, steps)
    first = batch * update
    place = first[:, :, None] + np.arange(batch)  # (epochs, steps, batch)
    is_padding = (update >= ended)[:, :, None] | (place >= len(positions))
    place[is_padding] = 0
    found = positions[place]
    found[is_padding] = -1
    return found
