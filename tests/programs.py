"""What stands in the place of `jax.jit`, so that a stage's programs can be looked at and none is run."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import jax
import jax.numpy as jnp


class NotRun:
    """Programs are noted in place of being run; their results are zeros."""

    def __init__(self):
        self.compile = jax.jit

    def note(self, program, arguments: tuple) -> None:
        """Look at a program of `jax.jit` and what it is called with."""
        raise NotImplementedError

    def __call__(self, function: Callable, **options) -> Callable:
        program = self.compile(function, **options)

        def call(*arguments):
            leaves = jax.tree.leaves(arguments)
            if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):  # a part of another
                return program(*arguments)
            self.note(program, arguments)
            shapes = jax.eval_shape(program, *arguments)
            return jax.tree.map(lambda one: jnp.zeros(one.shape, one.dtype), shapes)

        unknown = SimpleNamespace(memory_analysis=lambda: None)
        call.lower = lambda *arguments: SimpleNamespace(compile=lambda: unknown)
        return call


class Counted(NotRun):
    """Counts floating-point operations, the body of a loop once. As lowered for a GPU, where the loops of
    `quantum.kernel` are operations of XLA, and before XLA has optimised anything."""

    def __init__(self):
        super().__init__()
        self.operations = 0.0

    def note(self, program, arguments):
        lowered = program.trace(*arguments).lower(lowering_platforms=("cuda",))
        self.operations += lowered.cost_analysis().get("flops", 0.0)
