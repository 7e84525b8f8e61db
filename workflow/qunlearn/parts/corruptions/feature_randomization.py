"""Feature randomisation: x -> a random unit vector, label kept (paper, Eqs. 4 and 5).

Components are i.i.d. standard normal: complex where the data are complex (quantum states), real for images. Density
matrices become random ones of the Hilbert-Schmidt ensemble, G G^dagger / Tr with such a matrix G.
"""

import numpy as np

from qunlearn.parts.corruptions import Corruption
from qunlearn.parts.datasets import normalised


class FeatureRandomization(Corruption):
    """Features replaced by a random vector, label kept (Eqs. 4, 5)."""

    label = "feature randomisation"
    twin_features = "random features"

    def twins(self, x, y, rng):
        noise = rng.standard_normal(x.shape)
        if np.iscomplexobj(x):
            noise = noise + 1j * rng.standard_normal(x.shape)
        if x.ndim == 3:
            product = noise @ noise.conj().transpose(0, 2, 1)
            return product / np.trace(product, axis1=1, axis2=2)[:, None, None], None
        return normalised(noise), None
