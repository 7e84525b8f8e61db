"""SalUn: random labels, learnt by those parameters alone that the forget set depends on."""

from typing import Annotated

from pydantic import Field

from qunlearn.lazy import jax, jnp
from qunlearn.parts.methods.random_labels import RandomLabels
from qunlearn.parts.part import option


class Salun(RandomLabels):
    """Random labels, only parameters of large |gradient of CE(forget)| at the poisoned model are changed (Fan et al.,
    ICLR 2024, arXiv:2310.12508; their threshold is the median, and their labels are `other`)."""

    label = "SalUn"
    source = "Fan et al. 2024, arXiv:2310.12508"
    colour = "#E7298A"

    share: Annotated[float, Field(gt=0, le=1)] = option(
        0.5, says="fraction of the parameters that may change, those of the largest gradients"
    )

    def mask(self, params, forget):
        gradient = forget.gradient(params)
        sizes = jax.tree.map(jnp.abs, gradient)
        together = jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(sizes)])
        least = jnp.quantile(together, 1 - self.share)
        return jax.tree.map(lambda size: size >= least, sizes)
