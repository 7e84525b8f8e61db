"""Retraining from new parameters on the retain set: the reference that unlearning is measured by."""

from qunlearn.parts.methods import UnlearningMethod


class Retrain(UnlearningMethod):
    """CE(retain) from new parameters (Eq. 6)."""

    label = "retrain"
    colour = "#000000"
    line = "-"
    fresh = True
    of_paper = True

    def loss(self, retain):
        return retain.cross_entropy()
