"""Influence unlearning: one Newton step that takes out what the forget set has put in."""

from typing import Annotated, ClassVar

from pydantic import Field

from qunlearn.lazy import jax
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import option


class Newton(UnlearningMethod):
    """theta -> theta + scale |forget| / |retain| (H + damping)^-1 grad CE(forget), H of CE(retain), without a gradient
    step (Guo, Goldstein, Hannun & van der Maaten, ICML 2020, arXiv:1911.03030; Warnecke et al., NDSS 2023,
    arXiv:2108.11577).

    At a minimum of the training loss the step is Newton's towards the minimum on the retain set: of first order in the
    share of the forget set. H is the exact Hessian for models of up to `exact` parameters, its eigenvalues by their
    absolute values, for away from a minimum some are negative (Dauphin et al., NeurIPS 2014, arXiv:1406.2572); for
    larger ones the Gauss-Newton matrix, which is never negative, by conjugate gradients.
    """

    label = "Newton step"
    source = "Guo et al. 2020, arXiv:1911.03030; Warnecke et al. 2023, arXiv:2108.11577"
    colour = "#1F1FFF"
    scan: ClassVar = {"damping": (1e-3, 1e-2, 1e-1), "scale": (0.3, 1.0)}

    scale: Annotated[float, Field(ge=0)] = option(1.0, says="factor on the step")
    damping: Annotated[float, Field(gt=0)] = option(
        1e-2, says="added to every eigenvalue, which bounds the step along flat directions"
    )
    exact: Annotated[int, Field(ge=0, le=2000)] = option(
        512, says="parameters up to which the Hessian is formed whole; above, conjugate gradients"
    )
    iterations: Annotated[int, Field(ge=1, le=1000)] = option(
        20, says="of the conjugate gradients, two passes over the retain set each"
    )

    def before(self, params, retain, forget):
        gradient = forget.gradient(params)
        if sum(leaf.size for leaf in jax.tree.leaves(params)) <= self.exact:
            step = retain.newton_step(params, gradient, self.damping)
        else:
            step = retain.gauss_newton_step(params, gradient, self.damping, self.iterations)
        share = self.scale * forget.count / retain.count
        return jax.tree.map(lambda parameter, part: parameter + share * part, params, step)
