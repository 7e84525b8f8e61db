"""Packages that are imported at their first use, for modules that are read while planning.

Declarations of parts and studies stand beside the code that they declare, so `snakemake -n` reads both; it should not
wait for JAX, which only jobs need. `from qunlearn.lazy import jax, jnp` gives names that work as the packages do, but
for class bases and decorators at the top of a module: what needs these belongs in a module of its own.
"""

from __future__ import annotations

from importlib import import_module


class Lazy:
    """A stand-in for the package `name`, which it imports when it is first asked for something."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, attribute: str):
        return getattr(import_module(self._name), attribute)

    def __repr__(self) -> str:
        return f"<{self._name}, imported at first use>"


jax = Lazy("jax")
jnp = Lazy("jax.numpy")
pd = Lazy("pandas")
yaml = Lazy("yaml")
