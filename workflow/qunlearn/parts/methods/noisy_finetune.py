"""Noisy finetuning: what is left of the forget set after finetuning is drowned in noise."""

from typing import Annotated, ClassVar

from pydantic import Field

from qunlearn.lazy import jax, jnp
from qunlearn.parts.methods import UnlearningMethod, squared_distance
from qunlearn.parts.part import option


class NoisyFinetune(UnlearningMethod):
    """CE(retain) + l2/2 |theta|^2 from the poisoned parameters; then normal noise of deviation sigma on every one
    (perturbed gradient descent: Neel, Roth & Sharifi-Malvajerdi, ALT 2021, arXiv:2007.02923).

    What is certified: where the loss is l2-strongly convex, as it is for a logistic regression with l2 > 0, finetuning
    ends within D = |gradient| / l2 of the minimum on the retain set, where retraining ends, too, if it ends there; so
    published with the same noise the two cannot be told apart beyond (eps, delta), eps = D sqrt(2 ln(1.25/delta)) /
    sigma, where this is below 1 (the Gaussian mechanism). What is not: anything about a network or a circuit, whose
    loss has many minima, and anything with l2 = 0; there the noise is only noise.
    """

    label = "noisy finetune"
    source = "Neel et al. 2021, arXiv:2007.02923"
    colour = "#FB9A99"
    scan: ClassVar = {"sigma": (1e-3, 1e-2, 1e-1)}

    l2: Annotated[float, Field(ge=0)] = option(0.0, says="weight of |theta|^2 / 2 in the loss")
    sigma: Annotated[float, Field(ge=0)] = option(
        1e-2, says="standard deviation of the noise at the end"
    )

    def loss(self, retain, params):
        nothing = jax.tree.map(jnp.zeros_like, params)
        return retain.cross_entropy() + self.l2 / 2 * squared_distance(params, nothing)

    def after(self, params, key):
        leaves, structure = jax.tree.flatten(params)
        keys = jax.random.split(key, len(leaves))
        noisy = [
            leaf + self.sigma * jax.random.normal(one, leaf.shape, leaf.dtype)
            for leaf, one in zip(leaves, keys)
        ]
        return jax.tree.unflatten(structure, noisy)
