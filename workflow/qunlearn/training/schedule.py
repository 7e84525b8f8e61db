"""How long, in which minibatches and how fast a model is trained or unlearned."""

from __future__ import annotations

from typing import NamedTuple


class Schedule(NamedTuple):
    """`epochs` passes over the first stream in minibatches of `batch` samples (0: full batch).

    `learning_rate`, `weight_decay`, `epsilon`: of Adam; the decay is decoupled (AdamW).
    `stream`: where minibatches come from, 'epochs' or 'shuffled_buffer' (`streams.shuffled_buffer`).
    `clip`: losses see probabilities between this and 1 minus this; None: as they are.
    `label_smoothing`, `gce`: of `losses.training_loss`.
    `early_stopping`: fraction of the training samples held out (0: none).
    `set_aside`: fraction of the training samples that neither training nor unlearning reads.
    `keep_adam`: the file of trained models also holds Adam's state, and unlearning goes on with it.
    `whole_forget`: every update of unlearning reads the whole forget set; else an epoch deals it
    out over its updates.
    `record`: epochs between two points of the learning curves; where it does not divide `epochs`,
    the largest divisor below.
    """

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    gce: float | None = None
    early_stopping: float = 0.0
    keep_adam: bool = False
    record: int = 1
    whole_forget: bool = False
    stream: str = "epochs"
    epsilon: float = 1e-8
    clip: float | None = None
    set_aside: float = 0.0
