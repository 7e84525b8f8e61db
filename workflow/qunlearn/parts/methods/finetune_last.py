"""CF-k: finetuning of the last layers alone; the others stay as they were poisoned."""

from typing import Annotated

from pydantic import Field

from qunlearn.lazy import jax
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import option


class FinetuneLast(UnlearningMethod):
    """CE(retain) from the poisoned parameters in the last k layers, the others frozen: catastrophically forgetting the
    last k layers (Goel et al., arXiv:2201.06640). Layers of a circuit are those of its gates."""

    label = "CF-k"
    source = "Goel et al. 2022, arXiv:2201.06640"
    colour = "#33A02C"

    layers: Annotated[int, Field(ge=1, le=1000)] = option(1, says="k, layers that change")

    def problems(self, model):
        found = super().problems(model)
        if not found and self.layers > model.layers():
            found.append(
                f"layers: '{self.name()}' is to change the last {self.layers} layers, and {model.name()} has "
                f"{model.layers()}; name fewer, {self.name()}~layers={model.layers()} at most."
            )
        return found

    def mask(self, behind):
        return jax.tree.map(lambda layers_behind: layers_behind < self.layers, behind)

    def loss(self, retain):
        return retain.cross_entropy()
