"""What an optimisation is asked for, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import EvalSet, Stream


class Workload(NamedTuple):
    """An optimisation of R independent replicas of one model.

    `loss(batches, params, data)` is minimised: of one replica the minibatches by stream, the
    parameters, and what `data` holds for it (weights of the loss, anchors), with the number of the
    epoch, from 1 on, as 'epoch'.
    `start`: (params, state), each array with a leading replica axis; with the optimiser's state as
    a third part the optimiser goes on with it instead of starting anew.
    `pools`: arrays of features by name; 'train' feeds the streams, evaluation sets name theirs.
    `evals`: sets that learning curves are recorded on. One named 'held_out' asks for early
    stopping: variables are then those of the epoch with the lowest loss on it, and the learning
    curves, with a point for every epoch, stand still from there on.
    `generators`: one random generator per replica, for the order of its minibatches.
    `data`: nested dictionaries of arrays with a leading replica axis. 'pace', (R,), if it is there, is
    a factor on the learning rate; 'mask', like the parameters, is one on what an update adds to each.
    `reads_parameters`: False where the loss depends on outputs alone.
    """

    loss: Callable
    start: tuple
    pools: dict[str, np.ndarray]
    streams: dict[str, Stream]
    evals: dict[str, EvalSet]
    schedule: Schedule
    generators: list[np.random.Generator]
    data: dict = {}  # noqa: RUF012
    reads_parameters: bool = True

    @property
    def replicas(self) -> int:
        return len(self.generators)


class Trained(NamedTuple):
    """Variables of R replicas, stacked, and how they came about.

    `learning_curves[name]` (R, records + 1) of '<set>_loss' and '<set>_accuracy', the first point
    before any update; '<set>_logits' (R, records + 1, N) of sets that ask for each sample's.
    `optimiser_state`: that of `optimiser.adam`, None where no Adam ran.
    """

    params: dict
    state: dict
    learning_curves: dict[str, np.ndarray]
    optimiser_state: tuple | None = None
