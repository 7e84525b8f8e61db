"""Fig. 1: the study as a flow, and what poison does to the data."""

from typing import Annotated

from pydantic import Field

from qunlearn.config.options import PoisonedAlpha
from qunlearn.grid.names import base
from qunlearn.parts.part import Part, option
from qunlearn.parts.registry import find
from qunlearn.studies.study import Study

#: Of a map for every number of the samples; mostly those of descending to it.
OPERATIONS = 1e5


class Overview(Study):
    """From data to evaluation; training sets, clean and under each corruption: examples and t-SNE
    maps (Fig. 1)."""

    group = "main"
    section = "embedding"
    figure = "fig1"
    reads = ("embedding",)
    drawn_from_data = True

    alpha: PoisonedAlpha = option(says="corrupted fraction of the training sets that are shown")
    perplexity: Annotated[float, Field(ge=1, le=1000)] = option(
        says="effective number of neighbours of a sample on a map"
    )

    def drawn_with(self, plan) -> list[type[Part]]:
        return [find("corruption", base(name)) for name in plan.config["corruptions"]]

    def poisons(self, plan) -> dict[str, dict]:
        """Corruptions with their options."""
        return {name: plan.corruption_options(name) for name in plan.config["corruptions"]}

    def request(self, requests):
        """What the job that makes the maps asks a cluster for: each dataset clean and under every corruption, rows four
        times, and a search for neighbours."""
        config = requests.plan.config
        maps = 1 + len(config["corruptions"])
        samples = list(map(requests.samples_of, config["datasets"]))
        return requests.plain(
            4 * maps * max(samples), OPERATIONS * maps * sum(samples), compiles=False
        )

    def drawing(self, plan):
        config = plan.config
        words = [part.twin_features for part in self.drawn_with(plan)]
        return {
            "corruptions": self.poisons(plan),
            "models": config["models"],
            "methods": config["methods"],
            "alpha": self.alpha,
            "seed": plan.grid.seeds[0],
            "exhibits": {name: plan.source_kind(name).exhibits for name in config["datasets"]},
            "twin_features": list(dict.fromkeys(filter(None, words))),
        }
