"""Random numbers named after what they are for.

Every draw of the study comes from a generator whose seed is the SHA-256 of a tuple of names, such as
('digits', 'label_flipping', 3, 'order'). Two jobs that compute the same cell therefore draw the same numbers,
however cells were grouped into jobs, and no draw depends on the order in which others were made.
"""

import hashlib

import numpy as np


def _digest(names: tuple) -> bytes:
    return hashlib.sha256("\x1f".join(str(name) for name in names).encode()).digest()


def generator(*names) -> np.random.Generator:
    """A numpy generator for the draw with these names."""
    return np.random.Generator(np.random.PCG64(int.from_bytes(_digest(names)[:16], "big")))


def jax_key(*names):
    """A JAX random key for the draw with these names."""
    import jax

    # jax.random.key of these 32 bits, without a program for it
    words = np.array([0, int.from_bytes(_digest(names)[:4], "big")], np.uint32)
    return jax.random.wrap_key_data(words)
