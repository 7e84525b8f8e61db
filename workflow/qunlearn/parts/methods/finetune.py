"""Finetuning: training goes on, on the retain set alone."""

from qunlearn.parts.methods import UnlearningMethod


class Finetune(UnlearningMethod):
    """CE(retain) from the poisoned parameters (Eq. 6)."""

    label = "finetune"
    colour = "#009E73"
    line = "-"
    of_paper = True

    def loss(self, retain):
        return retain.cross_entropy()
