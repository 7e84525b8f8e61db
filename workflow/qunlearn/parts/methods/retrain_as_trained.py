"""Retraining for as long as training took: where retraining ends when it has the time to."""

from qunlearn.parts.methods import UnlearningMethod


class RetrainAsTrained(UnlearningMethod):
    """CE(retain) from new parameters, with epochs, minibatches and learning rate of the training.

    It begins as `retrain` does. What a training has against poison (label_smoothing, gce,
    early_stopping) is left out: the retain set has none.
    """

    label = "retrain, as long as training"
    colour = "#000000"
    line = "--"
    fresh = True
    schedule = "training"
    for_controls = True

    def loss(self, retain):
        return retain.cross_entropy()
