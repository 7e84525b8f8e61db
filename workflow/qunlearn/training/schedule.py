"""How long, in which minibatches and how fast a model is trained or unlearned."""

from __future__ import annotations

from typing import NamedTuple


class Schedule(NamedTuple):
    """`epochs` passes over the first stream in minibatches of `batch` samples (0: full batch).

    `learning_rate`, `weight_decay`: of Adam; the decay is decoupled (AdamW).
    `label_smoothing`, `gce`: of `losses.training_loss`.
    `early_stopping`: fraction of the training samples held out (0: none).
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
