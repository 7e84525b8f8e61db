"""l1-sparse unlearning: finetuning that also makes the model sparse."""

from typing import Annotated, ClassVar

from pydantic import Field

from qunlearn.lazy import jax, jnp
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import option


class L1Sparse(UnlearningMethod):
    """CE(retain) + gamma |theta|_1, gamma falling to zero in a line (Jia et al., NeurIPS 2023, arXiv:2304.04934).

    A circuit's angles have no sparsity that helps to forget: an angle of zero is a gate left out.
    """

    label = "l1-sparse"
    source = "Jia et al. 2023, arXiv:2304.04934"
    colour = "#A6761D"
    scan: ClassVar = {"gamma": (1e-4, 1e-3, 1e-2)}

    gamma: Annotated[float, Field(ge=0)] = option(
        1e-3, says="weight of the sum of the parameters' sizes at the first step"
    )
    fade: Annotated[float, Field(ge=1)] = option(
        50.0, says="steps until this weight has fallen to zero"
    )

    def loss(self, retain, params, step):
        sizes = [jnp.sum(jnp.abs(leaf)) for leaf in jax.tree.leaves(params)]
        left = jnp.maximum(0, 1 - (step - 1) / self.fade)
        return retain.cross_entropy() + self.gamma * left * sum(sizes)
