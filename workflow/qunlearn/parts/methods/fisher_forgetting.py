"""Fisher forgetting: noise on every parameter, the more the less the retain set depends on it."""

from typing import Annotated, ClassVar

from pydantic import Field

from qunlearn.lazy import jax, jnp
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import option


class FisherForgetting(UnlearningMethod):
    """theta_i -> theta_i + strength F_i^(-1/4) n_i, n normal, F the diagonal of the Fisher information on the retain
    set, without a gradient step (Golatkar, Achille & Soatto, CVPR 2020, arXiv:1911.04933; strength is their
    (lambda sigma_h^2)^(1/4)).

    As in their code the deviation has a largest value. Noise alone takes a model nowhere better than where it was: what
    is hidden, is hidden from whoever reads the parameters.
    """

    label = "Fisher forgetting"
    source = "Golatkar et al. 2020, arXiv:1911.04933"
    colour = "#A6CEE3"
    scan: ClassVar = {"strength": (1e-3, 1e-2, 3e-2)}

    strength: Annotated[float, Field(ge=0)] = option(
        1e-2, says="deviation of the noise where the Fisher information is 1"
    )
    largest: Annotated[float, Field(gt=0)] = option(0.5, says="largest deviation")

    def before(self, params, retain, key):
        fisher = retain.fisher(params)
        leaves, structure = jax.tree.flatten(params)
        keys = jax.tree.unflatten(structure, list(jax.random.split(key, len(leaves))))

        def noisy(parameter, information, key):
            # where nothing depends on a parameter, its deviation is the largest
            known = jnp.maximum(information, jnp.finfo(information.dtype).tiny)
            deviation = jnp.minimum(self.strength * known**-0.25, self.largest)
            deviation = deviation * (self.strength > 0)
            return parameter + deviation * jax.random.normal(key, parameter.shape, parameter.dtype)

        return jax.tree.map(noisy, params, fisher, keys)
