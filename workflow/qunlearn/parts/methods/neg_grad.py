"""NegGrad: ascent on the forget set and nothing else."""

from qunlearn.parts.methods import UnlearningMethod


class NegGrad(UnlearningMethod):
    """-CE(forget, polluted labels), without a look at the retain set (Golatkar, Achille & Soatto, CVPR 2020,
    arXiv:1911.04933).

    The loss has no lower bound: only the number of steps and the learning rate say how far it goes.
    A step is one epoch over the forget set.
    """

    label = "NegGrad"
    source = "Golatkar et al. 2020, arXiv:1911.04933"
    colour = "#8C1D04"

    def loss(self, forget):
        return -forget.cross_entropy()
