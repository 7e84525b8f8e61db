"""k nearest neighbours in Euclidean distance: the logit is the log-odds of the vote, half a vote
added to each side."""

from __future__ import annotations

import numpy as np

from qunlearn.config.options import Count
from qunlearn.lazy import jax, jnp
from qunlearn.parts.models import FittedModel
from qunlearn.parts.models.of_features import FeatureModel
from qunlearn.parts.part import option
from qunlearn.runtime.errors import UserError
from qunlearn.training.compared import Compared, likeness_held, of_known, squared_lengths


class NearestNeighbours(FeatureModel, FittedModel):
    """k nearest neighbours; the logit is the log-odds of their vote."""

    panel = "kernels and neighbours"

    k: Count = option(says="neighbours that vote; odd, so that no vote is even")

    def title(self):
        return f"{self.k} nearest neighbours{self.on_what()}"

    def numbers_held(self, source, samples, models):
        pairs = likeness_held(source, samples, models)
        return super().numbers_held(source, samples, models) + pairs

    def build(self, rows):
        return Neighbours(self, rows)


class Neighbours(Compared):
    """Parameters are the labels of the training samples; the state is which these are."""

    def __init__(self, declaration: NearestNeighbours, rows: list[np.ndarray]):
        super().__init__(rows, declaration.seen)
        self.k = declaration.k

    def init(self, key):
        return {"labels": jnp.zeros(0)}, {"rows": jnp.zeros(0, int)}

    def fit(self, pool, rows, labels):
        if len(rows) < self.k:
            raise UserError(
                f"nearest_neighbours: k = {self.k} neighbours of {len(rows)} training samples; lower k"
            )
        return {"labels": np.asarray(labels, float)}, {"rows": np.asarray(rows)}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        closeness = of_known(pool, rows, state["rows"])  # (B, N)
        _, nearest = jax.lax.top_k(closeness, self.k)
        votes = params["labels"][nearest].sum(1)
        against = self.k - votes
        return jnp.log((votes + 0.5) / (against + 0.5)), state

    def likeness(self, a, b):
        """|a|^2 less the squared distance, which orders neighbours alike."""
        return 2 * a @ b.T - squared_lengths(b)
