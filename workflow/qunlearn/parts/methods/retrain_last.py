"""EU-k: retraining of the last layers alone; the others stay as they were poisoned."""

from qunlearn.lazy import jax, jnp
from qunlearn.parts.methods.finetune_last import FinetuneLast


class RetrainLast(FinetuneLast):
    """CE(retain) from new parameters in the last k layers, the others frozen: exactly unlearning the last k layers
    (Goel et al., arXiv:2201.06640). Layers of a circuit are those of its gates."""

    label = "EU-k"
    source = "Goel et al. 2022, arXiv:2201.06640"
    colour = "#000080"

    def before(self, params, untrained, behind):
        is_last = self.mask(behind)
        return jax.tree.map(jnp.where, is_last, untrained, params)
