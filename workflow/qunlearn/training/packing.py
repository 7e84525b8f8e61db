"""Small arrays of parameters as one vector while they are updated.

An optimiser treats all numbers alike: of one vector with three kernels, of six arrays with eighteen,
each of which XLA takes as long to compile as any other.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

#: Most numbers of an array that is worth copying into the vector and out of it.
SMALL = 2**11


class Packing:
    """Of parameters, nested dictionaries of arrays: `params` are those of one replica. What is packed
    may have more axes before theirs."""

    def __init__(self, params: dict):
        leaves, self.tree = jax.tree.flatten(params)
        self.shapes = [np.shape(leaf) for leaf in leaves]
        sizes = [np.size(leaf) for leaf in leaves]
        small = [place for place, size in enumerate(sizes) if size <= SMALL]
        types = {leaf.dtype for leaf in leaves}
        #: Places of the arrays in the vector; none where there is nothing to gain.
        self.small = small if len(small) > 1 and len(types) == 1 else []
        self.others = [place for place in range(len(sizes)) if place not in self.small]
        self.ends = np.cumsum([sizes[place] for place in self.small])

    def pack(self, params: dict) -> list:
        """The vector of small arrays, if there are any, and the others, of whatever has the shapes of
        parameters."""
        leaves = jax.tree.leaves(params)
        others = [leaves[place] for place in self.others]
        if not self.small:
            return others
        flat = []
        for place in self.small:
            leaf = leaves[place]
            axes = leaf.shape[: leaf.ndim - len(self.shapes[place])]
            flat.append(leaf.reshape((*axes, -1)))
        return [_library(flat[0]).concatenate(flat, axis=-1), *others]

    def unpack(self, packed: list) -> dict:
        """The parameters as they were."""
        vector, *others = packed if self.small else [None, *packed]
        leaves = dict(zip(self.others, others))
        if self.small:
            axes = vector.shape[:-1]
            parts = _library(vector).split(vector, self.ends[:-1], axis=-1)
            for place, part in zip(self.small, parts):
                leaves[place] = part.reshape((*axes, *self.shapes[place]))
        return jax.tree.unflatten(self.tree, [leaves[place] for place in sorted(leaves)])


def _library(array):
    """NumPy for arrays at hand, which needs no program, and JAX for those within one."""
    return jnp if isinstance(array, jax.core.Tracer) else np
