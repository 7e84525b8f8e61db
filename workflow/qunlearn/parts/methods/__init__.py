"""Unlearning methods: one file per method (paper, Eqs. 6 to 8)."""

from __future__ import annotations

import inspect
from typing import ClassVar

from qunlearn.config.options import kinds
from qunlearn.lazy import jax, jnp
from qunlearn.parts.part import Part
from qunlearn.runtime.errors import UserError

#: What a loss may ask for, by name.
ARGUMENTS = ("retain", "forget", "params", "start", "poisoned", "step")


class UnlearningMethod(Part):
    """Base class. A subclass defines `loss`, which is minimised; its options are the weights of its terms.

    `loss` names what it reads among its arguments, and gets these: `retain` (clean samples) and `forget` (poisoned
    samples with their poisoned labels), each a minibatch with `cross_entropy()` and `divergence()`, means over its
    samples; `params`, the parameters; `start`, those that the poisoned model's training began with; `poisoned`, those
    that unlearning began with; `step`, the number of the unlearning step, from 1 on, by which a loss may weigh its
    terms (`jnp.where(step % 2 == 1, ...)`).
    """

    kind: ClassVar[str] = "method"
    must_define: ClassVar = (("loss",),)
    #: Start from new parameters instead of the poisoned ones.
    fresh: ClassVar[bool] = False
    #: `divergence()` from the poisoned model's outputs is asked for.
    teacher: ClassVar[bool] = False
    #: Whose values it runs on, 'unlearning' or 'training': epochs, minibatches, learning rate.
    schedule: ClassVar[str] = "unlearning"
    #: One of the paper's, which its claims are about.
    of_paper: ClassVar[bool] = False
    #: Drawn and used beside the study's methods by controls only.
    for_controls: ClassVar[bool] = False
    colour: ClassVar[str] = ""
    line: ClassVar[str] = "-."

    @classmethod
    def weights(cls) -> list[str]:
        """Options that are real numbers: weights of the loss's terms, which may differ from replica to replica."""
        fields = cls.model_fields.items()
        return [name for name, field in fields if kinds(field.annotation) == {float}]

    @classmethod
    def arguments(cls) -> tuple[str, ...]:
        """Names of what the loss asks for."""
        return tuple(inspect.signature(cls.loss).parameters)[1:]

    @classmethod
    def reads(cls) -> tuple[str, ...]:
        """Streams of samples that the loss reads, the retain set first."""
        return tuple(name for name in ("retain", "forget") if name in cls.arguments())

    @classmethod
    def check_definition(cls) -> None:
        super().check_definition()
        for name in cls.arguments():
            if name not in ARGUMENTS:
                raise UserError(
                    f"{cls.place()}: the loss of {cls.__name__} asks for '{name}'; it can ask for "
                    f"{', '.join(ARGUMENTS)}."
                )
        if not cls.reads():
            raise UserError(
                f"{cls.place()}: the loss of {cls.__name__} reads neither retain nor forget."
            )

    def loss(self, retain):
        raise NotImplementedError


def squared_distance(params: dict, others: dict):
    """Sum over all parameters of (a - b)^2."""
    squares = jax.tree.map(lambda a, b: jnp.sum((a - b) ** 2), params, others)
    return sum(jax.tree.leaves(squares))
