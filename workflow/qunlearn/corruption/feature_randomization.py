"""Feature randomisation: x -> a random unit vector, label kept (paper, Eqs. 4 and 5).

Components are i.i.d. standard normal: complex where the data are complex (quantum states), real for images.
"""

import numpy as np

from ..data import normalised


def twins(x, y, rng):
    noise = rng.standard_normal(x.shape)
    if np.iscomplexobj(x):
        noise = noise + 1j * rng.standard_normal(x.shape)
    return normalised(noise), None
