"""How a workload is run: which replicas together, and its epochs in segments.

Replicas run in groups, each a single program for as many of them as fit the cache, or an
accelerator's memory. A call of the
program makes a segment, about a tenth of the epochs, so that progress can be told; one call before
makes no updates, for the first record.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import jax
import numpy as np

from qunlearn.training.streams import (
    across_epochs,
    minibatch_order,
    shuffled_buffer,
    updates_made,
    whole_order,
    widths,
)
from qunlearn.training.workload import Workload

#: Segments that the epochs of a schedule are divided into, where their number allows it.
SEGMENTS = 10
#: Bytes that the minibatches of a segment may take, of all replicas; more replicas or samples make
#: more segments.
ORDER_BYTES = 2**28


class Plan(NamedTuple):
    """A schedule cut into segments of equal length, which compile once.

    `sizes`: samples of each stream, the most of any replica; `counts`: of streams whose replicas have
    different numbers, those (R,); `widths`: how many of them enter one update; `steps`: most
    updates of an epoch; `updates` and `due` (segments, epochs): how many each has, and which are
    recorded; `whole`: every update reads all samples of every stream but the first one;
    `buffered`: minibatches run across epochs (`streams.shuffled_buffer`).
    """

    sizes: dict[str, int]
    widths: dict[str, int]
    steps: int
    updates: np.ndarray
    due: np.ndarray
    counts: dict[str, np.ndarray]
    whole: bool = False
    buffered: bool = False

    @property
    def epochs(self) -> int:
        """Epochs of one segment."""
        return self.due.shape[1]


class Group(NamedTuple):
    """Replicas that run together, numbers of the `members`. `index` (lanes,) fills a short group up
    with copies of its last member, so that one program serves all groups."""

    members: list[int]
    index: np.ndarray

    def take(self, tree):
        """The group's part of arrays with a leading replica axis."""
        return jax.tree.map(lambda array: jax.device_put(np.asarray(array)[self.index]), tree)

    def members_of(self, tree):
        """The members' part of the group's arrays, without copies."""
        count = len(self.members)
        return jax.tree.map(lambda array: np.asarray(array)[:count], tree)

    def filled(self, arrays: list[np.ndarray]) -> np.ndarray:
        """Arrays of the members, stacked, with copies of the last one."""
        missing = len(self.index) - len(arrays)
        copies = [arrays[-1]] * missing
        return np.stack(arrays + copies)


class Segment(NamedTuple):
    """One call of a group's program: `updates`, `due` and `numbers` of `loop.Shared`, `orders` of
    `loop.Own` with a leading replica axis."""

    updates: np.ndarray
    due: np.ndarray
    numbers: np.ndarray
    orders: dict[str, np.ndarray]


def planned(workload: Workload) -> Plan:
    """How the epochs of a workload's schedule are run and recorded."""
    schedule = workload.schedule
    sizes = {name: stream.rows.shape[1] for name, stream in workload.streams.items()}
    buffered = schedule.stream == "shuffled_buffer" and schedule.batch > 0
    if buffered:
        (size,) = sizes.values()
        per_update = [schedule.batch]
        updates = np.diff(updates_made(schedule.epochs, size, schedule.batch))
    else:
        steps, per_update = widths(list(sizes.values()), schedule.batch, schedule.whole_forget)
        updates = np.full(schedule.epochs, steps)
    epochs = np.arange(1, schedule.epochs + 1)
    due = epochs % _recorded_every(workload) == 0
    per_epoch = np.int32().nbytes * int(updates.max()) * sum(per_update) * workload.replicas
    segments = _segments(schedule.epochs, per_epoch)
    return Plan(
        sizes,
        widths=dict(zip(sizes, per_update)),
        steps=int(updates.max()),
        updates=updates.astype(np.int32).reshape(segments, -1),
        due=due.reshape(segments, -1),
        whole=schedule.whole_forget,
        buffered=buffered,
        counts={
            name: stream.counts
            for name, stream in workload.streams.items()
            if stream.counts is not None
        },
    )


def _recorded_every(workload: Workload) -> int:
    """Epochs between two records: every one where early stopping watches them."""
    wanted = 1 if "held_out" in workload.evals else workload.schedule.record
    return max(d for d in _divisors(workload.schedule.epochs) if d <= wanted)


def _segments(epochs: int, per_epoch: int) -> int:
    """About SEGMENTS, and as many more as it takes for minibatches of so many bytes per epoch."""
    enough = [d for d in _divisors(epochs) if epochs // d * per_epoch <= ORDER_BYTES]
    return min(enough or [epochs], key=lambda d: abs(d - SEGMENTS))


def _divisors(total: int) -> list[int]:
    return [d for d in range(1, total + 1) if total % d == 0]


def grouped(replicas: int, lanes: int) -> list[Group]:
    """All replicas, `lanes` at a time."""
    groups = []
    for first in range(0, replicas, lanes):
        end = min(first + lanes, replicas)
        members = list(range(first, end))
        copies = [end - 1] * (first + lanes - end)
        index = np.array(members + copies)
        groups.append(Group(members, index))
    return groups


def segments(plan: Plan, group: Group, generators: list) -> Iterator[Segment]:
    """The calls of a group's program: one without updates that makes the first record, then the
    epochs, with minibatches from the members' `generators`."""
    lanes = len(group.index)
    blank = {}
    for name, width in plan.widths.items():
        shape = (lanes, plan.epochs, plan.steps, width)
        blank[name] = np.zeros(shape, np.int32)
    none = np.zeros(plan.epochs, np.int32)
    at_once = np.arange(plan.epochs) == 0
    yield Segment(none, at_once, none, blank)
    numbers = np.arange(1, plan.due.size + 1, dtype=np.int32).reshape(plan.due.shape)
    draw = _drawn_whole if plan.buffered else _drawn_by_segment
    drawn = draw(plan, group, generators)
    for updates, due, mine, orders in zip(plan.updates, plan.due, numbers, drawn):
        yield Segment(updates, due, mine, orders)


def _drawn_by_segment(plan: Plan, group: Group, generators: list) -> Iterator[dict]:
    """Minibatches (lanes, epochs, steps, width) of every stream, for one segment after the other."""
    while True:
        orders = {}
        is_first = (
            True  # it is read in order, the others are spread over its updates, or read whole
        )
        for name, size in plan.sizes.items():
            if plan.whole and not is_first:
                drawn = [whole_order(plan.epochs, size, plan.steps) for _ in generators]
            else:
                drawn = _minibatches(plan, name, group, generators, dealt=not is_first)
            orders[name] = group.filled(drawn)
            is_first = False
        yield orders


def _minibatches(plan: Plan, name: str, group: Group, generators: list, dealt: bool) -> list:
    """Minibatches (epochs, steps, width) of a stream, for each member of a group."""
    sizes = [plan.sizes[name]] * len(group.members)
    if name in plan.counts:
        sizes = plan.counts[name][group.members].tolist()
        dealt = True  # one with few samples has some of them in every update, too
    steps, width = plan.steps, plan.widths[name]
    return [
        minibatch_order(rng, plan.epochs, size, steps, width, dealt)
        for rng, size in zip(generators, sizes)
    ]


def _drawn_whole(plan: Plan, group: Group, generators: list) -> Iterator[dict]:
    """The same where the minibatches of the only stream run across epochs: drawn for the whole
    training at once."""
    ((name, size),) = plan.sizes.items()
    width = plan.widths[name]
    made = np.concatenate([[0], np.cumsum(plan.updates)])
    orders = []
    for rng in generators:
        positions = shuffled_buffer(rng, plan.updates.size, size)
        orders.append(across_epochs(positions, made, width))
    for segment in range(len(plan.updates)):
        epochs = slice(segment * plan.epochs, (segment + 1) * plan.epochs)
        yield {name: group.filled([order[epochs] for order in orders])}
