"""One optimisation loop for training and for every unlearning method: R independent replicas of
one model at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np

from qunlearn.training.evaluate import questions_of, sources_of
from qunlearn.training.loop import Best, Descent, Own, Program, Shared, Variables
from qunlearn.training.losses import in_precision, real_dtype
from qunlearn.training.memory import budget, device, needed, require
from qunlearn.training.optimiser import adam
from qunlearn.training.packing import Packing
from qunlearn.training.plan import Group, Plan, Segment, grouped, planned, segments
from qunlearn.training.replicas import fewer, replicas_together
from qunlearn.training.streams import Stream
from qunlearn.training.tied import OneOfEach, narrow, tied_inputs, widen
from qunlearn.training.workload import Trained, Workload

#: Rows of an evaluation that are never divided.
FEWEST_ROWS = 64


class Finished(NamedTuple):
    """Replicas at the end, and their learning curves (R, records + 1)."""

    variables: Variables
    curves: dict[str, np.ndarray]


def minimise(model, workload: Workload, progress: Callable = lambda *_: None) -> Trained:
    """Minimise the loss of a workload for all of its replicas.

    `progress` is told the fraction done and a one-line summary.
    """
    return prepared(model, workload)(progress)


def prepared(model, workload: Workload) -> Callable[..., Trained]:
    """`minimise` as a function of `progress` alone, whose program is compiled once however often
    it is called."""
    found = tied_inputs(model, workload)
    if found is None:
        return _prepared(model, workload)
    name = model.input_weights
    run = _prepared(OneOfEach(model, found), narrow(name, found, workload))
    return lambda *progress: widen(name, found, workload, run(*progress))


def _prepared(model, workload: Workload) -> Callable[..., Trained]:
    plan = planned(workload)
    runner = _fitting(model, workload, plan)
    groups = runner.groups

    def run(progress: Callable = lambda *_: None) -> Trained:
        report = _Report(progress, len(groups) * len(plan.due))
        finished = [runner.run(group, report) for group in groups]
        variables, curves = jax.tree.map(_joined, *finished)
        return Trained(variables.params, variables.state, curves, variables.optimiser_state)

    return run


def one_epoch(model, workload: Workload, order: dict[str, np.ndarray]) -> tuple[Callable, tuple]:
    """The program of one epoch of all replicas, without evaluation, and its arguments: what a
    benchmark times. `order[stream]` (R, updates, width) are the minibatches."""
    program = _program(model, workload._replace(evals={}))
    replicas, updates, _ = next(iter(order.values())).shape
    shared = Shared(
        workload.pools,
        updates=np.full(1, updates, np.int32),
        due=np.ones(1, bool),
        numbers=np.ones(1, np.int32),
    )
    own = Own(
        workload.streams,
        questions={},
        data=workload.data,
        orders={name: positions[:, None] for name, positions in order.items()},
    )
    descent = _begin(program, workload.start, early_stopping=False)
    return program._replace(stacked=replicas > 1).run, (shared, descent, own)


class _Runner:
    """A workload's program, compiled once, and the groups of `lanes` replicas that it runs; `rows`:
    most that are evaluated at once, None: all."""

    def __init__(self, model, workload: Workload, plan: Plan, lanes: int, rows: int | None = None):
        self.workload, self.plan = workload, plan
        self.groups = grouped(workload.replicas, lanes)
        self.program = _program(model, workload)._replace(rows=rows, stacked=lanes > 1)
        self.call = jax.jit(self.program.run, donate_argnums=1)
        self.pools = jax.device_put(in_precision(workload.pools))
        self.own = _own(workload)

    def size(self) -> int:
        """Bytes that the program needs beside its arguments."""
        group = self.groups[0]
        descent, own = self._begun(group)
        first = next(segments(self.plan, group, []))
        arguments = self._shared(first), descent, own._replace(orders=first.orders)
        return needed(self.call.lower(*arguments).compile())

    def run(self, group: Group, report: _Report) -> Finished:
        """All epochs of a group."""
        generators = [self.workload.generators[member] for member in group.members]
        descent, own = self._begun(group)
        records = []
        for segment in segments(self.plan, group, generators):
            mine = own._replace(orders=segment.orders)
            descent, found = self.call(self._shared(segment), descent, mine)
            if segment.due.any():
                record = {
                    name: np.asarray(values)[:, segment.due] for name, values in found.items()
                }
                records.append(group.members_of(record))
            if segment.updates.any():
                report(records[-1])
        found = _finish(group.members_of(descent), records)
        return found._replace(variables=_unpacked(self.program.packing, found.variables))

    def _begun(self, group: Group) -> tuple[Descent, Own]:
        """Where a group starts, and what is its own."""
        start = group.take(self.workload.start)
        own = group.take(self.own)
        return _begin(self.program, start, "held_out" in self.workload.evals), own

    def _shared(self, segment: Segment) -> Shared:
        return Shared(self.pools, segment.updates, segment.due, segment.numbers)


def _fitting(model, workload: Workload, plan: Plan) -> _Runner:
    """The runner of a workload that memory has room for. On an accelerator it holds as many
    replicas as fit, and where not even one does, evaluates fewer rows at once.

    Raises MemoryError on a CPU, where either would change the last digits.
    """
    platform = device().platform
    lanes = _lanes(model, workload, platform)
    runner = _Runner(model, workload, plan, lanes)
    if platform == "cpu":
        require(runner.size(), f"{lanes} models that are trained together")
        return runner
    rows = max(map(len, workload.pools.values()))
    while (size := runner.size()) > (most := budget()):
        if lanes > 1:
            lanes = fewer(lanes, size, most)
            runner = _Runner(model, workload, plan, lanes)
        elif model.row_by_row and rows > FEWEST_ROWS:
            rows = max(FEWEST_ROWS, rows // 2)
            runner = _Runner(model, workload, plan, lanes, rows)
        else:
            break  # XLA says what it lacks
    return runner


def _lanes(model, workload: Workload, platform: str) -> int:
    """Replicas per program."""
    leaves = jax.tree.leaves(workload.start[0])
    total = sum(leaf.size * leaf.itemsize for leaf in leaves)
    bytes_each = total // workload.replicas
    return replicas_together(platform, bytes_each, workload.replicas, model.together)


def _program(model, workload: Workload) -> Program:
    schedule = workload.schedule
    optimiser = adam(
        schedule.learning_rate, eps=schedule.epsilon, weight_decay=schedule.weight_decay
    )
    sources = sources_of(workload.evals)
    one = jax.tree.map(lambda leaf: leaf[0], workload.start[0])
    packing = Packing(one)
    return Program(model, workload.loss, optimiser, packing, sources, clip=schedule.clip)


def _own(workload: Workload) -> Own:
    """What is each replica's own, in the precision of the process; minibatches are drawn later."""
    streams = {}
    for name, stream in workload.streams.items():
        values = in_precision([stream.labels, stream.teacher, stream.untrained])
        streams[name] = Stream(np.asarray(stream.rows), *values)
    return Own(
        streams,
        questions_of(workload.evals),
        in_precision(workload.data),
        orders={},
    )


def _begin(program: Program, start: tuple, early_stopping: bool) -> Descent:
    """Where replicas start; the optimiser begins anew where `start` holds no state of it."""
    params, state, *kept = jax.tree.map(np.asarray, start)  # packed by NumPy they need no program
    pack = program.packing.pack
    params = pack(params)
    if kept:
        ((count, *moments),) = kept
        optimiser_state = count, *map(pack, moments)
    else:
        replicas = len(jax.tree.leaves(params)[0])
        optimiser_state = program.optimiser.init(params, replicas)
    now = Variables(*jax.device_put((params, state, optimiser_state)))
    if not early_stopping:
        return Descent(now, None)
    count = now.optimiser_state[0]
    no_loss_yet = np.full(count.shape, np.inf, real_dtype())
    copy = jax.device_put(jax.tree.map(np.array, now))
    return Descent(now, Best(copy, no_loss_yet))


def _finish(descent: Descent, records: list[dict]) -> Finished:
    """Where a group arrived, and its learning curves."""
    curves = {}
    for name in records[0]:
        parts = [record[name] for record in records]
        curves[name] = np.concatenate(parts, axis=1)
    if descent.best is None:
        return Finished(descent.now, curves)
    return Finished(descent.best.variables, stopped(curves))


def _unpacked(packing: Packing, variables: Variables) -> Variables:
    """The variables with parameters as models have them."""
    count, *moments = variables.optimiser_state
    moments = map(packing.unpack, moments)
    return Variables(packing.unpack(variables.params), variables.state, (count, *moments))


def stopped(curves: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Learning curves (R, epochs + 1) with every epoch after the one of lowest 'held_out_loss'
    replaced by that one."""
    losses = curves["held_out_loss"][:, 1:]
    losses = np.where(np.isnan(losses), np.inf, losses)
    best = 1 + np.argmin(losses, axis=1, keepdims=True)  # (R, 1)
    epochs = np.arange(losses.shape[1] + 1)
    epochs = np.minimum(epochs, best)  # (R, epochs + 1)
    replicas = np.arange(len(losses))[:, None]
    return {name: values[replicas, epochs] for name, values in curves.items()}


def _joined(*parts: np.ndarray) -> np.ndarray:
    """One array of all groups."""
    return np.concatenate(parts)


class _Report:
    """Tells `progress` after each of so many `calls` what is done and how long the rest takes."""

    def __init__(self, progress: Callable, calls: int):
        self.progress = progress
        self.calls = calls
        self.done = 0
        self.began = time.monotonic()

    def __call__(self, record: dict[str, np.ndarray]) -> None:
        self.done += 1
        elapsed = time.monotonic() - self.began
        left = elapsed * (self.calls - self.done) / self.done
        name, values = next(iter(record.items()))
        latest = values[:, -1].mean()
        text = f"{name} {latest:.4f}, {left:.0f} s left"
        self.progress(self.done / self.calls, text)
