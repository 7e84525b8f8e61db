"""A control of finetuning: the same optimiser and schedule, on the poisoned data that the model was trained on."""

from qunlearn.lazy import jnp
from qunlearn.parts.methods import UnlearningMethod


class FinetunePoisoned(UnlearningMethod):
    """CE over retain and forget set, polluted labels: training goes on, nothing is unlearned."""

    label = "finetune on poisoned data"
    for_controls = True

    def loss(self, retain, forget):
        from qunlearn.training.losses import cross_entropy, weighted_mean

        losses = [cross_entropy(batch.logits, batch.labels) for batch in (retain, forget)]
        weights = [batch.weight for batch in (retain, forget)]
        return weighted_mean(jnp.concatenate(losses), jnp.concatenate(weights))
