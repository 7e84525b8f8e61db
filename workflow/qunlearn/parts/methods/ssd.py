"""Selective synaptic dampening: parameters that matter to the forget set more than to all others are made smaller."""

from typing import Annotated, ClassVar

from pydantic import Field

from qunlearn.lazy import jax, jnp
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import option


class Ssd(UnlearningMethod):
    """theta_i -> theta_i min(dampening F_train,i / F_forget,i, 1) where F_forget,i > selection F_train,i, without a
    gradient step (Foster, Schoepf & Brintrup, AAAI 2024, arXiv:2308.07707, where they are lambda and alpha).

    F is the mean of a sample's squared gradient of CE. The forget set is a part of the training set, so that
    F_forget / F_train is at most its inverse share: with 30 % to forget, 3.3, and the paper's `selection` of 10 selects
    nothing. `dampening` below 1 and a selection near 1 do.
    """

    label = "SSD"
    source = "Foster et al. 2024, arXiv:2308.07707"
    colour = "#666666"
    scan: ClassVar = {"selection": (0.5, 1.0, 1.5, 2.0), "dampening": (0.1, 0.5, 1.0)}

    selection: Annotated[float, Field(ge=0)] = option(
        1.0, says="times that a parameter must matter more to the forget set than to all samples"
    )
    dampening: Annotated[float, Field(ge=0)] = option(
        1.0, says="factor on how much of a selected parameter is left, 1 at most"
    )

    def before(self, params, forget, train):
        def dampened(parameter, of_forget, of_train):
            selected = of_forget > self.selection * of_train
            left = self.dampening * of_train / jnp.where(selected, of_forget, 1)
            return jnp.where(selected, parameter * jnp.minimum(left, 1), parameter)

        importances = forget.squared_gradients(params), train.squared_gradients(params)
        return jax.tree.map(dampened, params, *importances)
