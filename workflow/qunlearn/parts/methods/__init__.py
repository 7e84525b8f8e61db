"""Unlearning methods: one file per method (paper, Eqs. 6 to 8, and what else the field uses).

A method is a loss that a loop of gradient steps minimises, a transformation of parameters, or both.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from qunlearn.config.options import kinds
from qunlearn.lazy import jax, jnp
from qunlearn.parts.part import Part
from qunlearn.runtime.errors import UserError

if TYPE_CHECKING:
    from qunlearn.parts.models import Model

#: What a loss may ask for, by name.
ARGUMENTS = ("retain", "forget", "params", "start", "poisoned", "step")
#: Those of them that are parameters.
PARAMETERS = ("params", "start", "poisoned")
#: Functions that work on parameters outside the loop.
AROUND = ("before", "mask", "after")
#: What these may ask for, by name.
AROUND_ARGUMENTS = (
    "params", "poisoned", "start", "untrained", "retain", "forget", "train", "behind", "key",
)  # fmt: skip


class UnlearningMethod(Part):
    """Base class. A subclass defines `loss`, which is minimised, or `before`, or both; its options of type float may
    differ from replica to replica.

    `loss` names what it reads among its arguments, and gets these: `retain` (clean samples) and `forget` (poisoned
    samples with their poisoned labels), each a minibatch with `cross_entropy()` and `divergence()`, means over its
    samples; `params`, the parameters; `start`, those that the poisoned model's training began with; `poisoned`, those
    that unlearning began with; `step`, the number of the unlearning step, from 1 on, by which a loss may weigh its
    terms (`jnp.where(step % 2 == 1, ...)`).

    Around the loop, where a subclass defines them:

    - `before` gives the parameters that the loop begins with; without a `loss` they are the result.
    - `mask` gives arrays like the parameters', 1 where the loop may change them and 0 where not.
    - `after` gives the result from where the loop has ended.
    - `relabel(labels, draw)` gives the labels (N,) of the forget set that the loss sees, from the poisoned ones and a
      random generator.

    The first three name what they read, too: `params` (where they begin), `poisoned`, `start`, `untrained` (new
    parameters, those that `retrain` begins with), `key` (a JAX random key), `behind` (an array for each one of the
    parameters': how many layers lie behind it, 0 for the last layer), and `retain`, `forget` and `train` (both): sets
    of samples whole, with the losses' derivatives (`experiment.sample_set`). They run in double precision.
    """

    kind: ClassVar[str] = "method"
    must_define: ClassVar = (("loss", "before"),)
    #: Start from new parameters instead of the poisoned ones.
    fresh: ClassVar[bool] = False
    #: `divergence()` from the poisoned model's outputs is asked for.
    teacher: ClassVar[bool] = False
    #: `divergence(teacher="untrained")`, from the outputs of a model with new parameters, is asked for.
    untrained_teacher: ClassVar[bool] = False
    #: Whose values it runs on, 'unlearning' or 'training': epochs, minibatches, learning rate.
    schedule: ClassVar[str] = "unlearning"
    #: Values of its real options that are tried where methods are tuned; every combination.
    scan: ClassVar[dict[str, tuple[float, ...]]] = {}
    #: Where it was published: authors, year, and where to find it.
    source: ClassVar[str] = ""
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
    def defines(cls, function: str) -> bool:
        """Whether the method has a `loss`, or one of the functions around it."""
        return getattr(cls, function) is not getattr(UnlearningMethod, function)

    @classmethod
    def arguments(cls, function: str = "loss") -> tuple[str, ...]:
        """Names of what the loss, or a function around it, asks for; none where the method does not have it."""
        if not cls.defines(function):
            return ()
        return _arguments(getattr(cls, function))

    @classmethod
    def reads(cls) -> tuple[str, ...]:
        """Streams of samples that the loss reads, the retain set first."""
        return tuple(name for name in ("retain", "forget") if name in cls.arguments())

    @classmethod
    def reads_parameters(cls) -> bool:
        """Whether the loss depends on more than outputs."""
        return any(name in PARAMETERS for name in cls.arguments())

    @classmethod
    def around(cls) -> tuple[str, ...]:
        """Those of `AROUND` that the method has."""
        return tuple(name for name in AROUND if cls.defines(name))

    @classmethod
    def is_fit(cls) -> bool:
        """Whether it is no more than a fit to the retain set, which any model can follow."""
        return cls.arguments() == ("retain",) and not cls.around()

    @classmethod
    def check_definition(cls) -> None:
        super().check_definition()
        if cls.defines("loss"):
            cls._check_arguments("loss", ARGUMENTS)
            if not cls.reads():
                raise UserError(
                    f"{cls.place()}: the loss of {cls.__name__} reads neither retain nor forget."
                )
        for function in cls.around():
            cls._check_arguments(function, AROUND_ARGUMENTS)
        for name in cls.scan:
            if name not in cls.weights():
                raise UserError(
                    f"{cls.place()}: {cls.__name__} scans '{name}', which is none of its real options."
                )

    @classmethod
    def _check_arguments(cls, function: str, known: tuple[str, ...]) -> None:
        for name in cls.arguments(function):
            if name not in known:
                raise UserError(
                    f"{cls.place()}: the {function} of {cls.__name__} asks for '{name}'; it can ask for "
                    f"{', '.join(known)}."
                )

    def problems(self, model: Model) -> list[str]:
        """What keeps a declared model from following the method, a sentence each."""
        if model.fitted and not self.is_fit():
            return [
                f"{model.name()} is fitted in one call, to the retain set alone, and cannot follow '{self.name()}': "
                "use a method that reads nothing else, or leave the model out under unlearning.architectures."
            ]
        asks_layers = any("behind" in self.arguments(function) for function in AROUND)
        if asks_layers and not model.layers():
            return [
                f"{model.name()} does not say which layer a parameter is of, which '{self.name()}' asks for: use "
                "another method, or leave the model out under unlearning.architectures."
            ]
        return []

    # -- what a subclass defines -------------------------------------------------------------------------------------
    def loss(self, retain):
        raise NotImplementedError

    def before(self, params):
        raise NotImplementedError

    def mask(self, params):
        raise NotImplementedError

    def after(self, params):
        raise NotImplementedError

    def relabel(self, labels, draw):
        return labels


def _arguments(function: Callable) -> tuple[str, ...]:
    """Names of a method's arguments, but for itself."""
    return tuple(inspect.signature(function).parameters)[1:]


def squared_distance(params: dict, others: dict):
    """Sum over all parameters of (a - b)^2."""
    squares = jax.tree.map(lambda a, b: jnp.sum((a - b) ** 2), params, others)
    return sum(jax.tree.leaves(squares))
