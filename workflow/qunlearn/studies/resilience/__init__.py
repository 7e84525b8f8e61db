"""Fig. 2: resilience to poisoned training data, and a task in the plane on which it can be seen."""

from pathlib import Path

from qunlearn.config.blocks import for_dataset, read_block
from qunlearn.config.options import Name, PoisonedAlpha, Seed
from qunlearn.config.plan import ONE_CALL, counted
from qunlearn.config.settings import TrainingSchedule
from qunlearn.config.words import missing_key, unknown_key, unknown_name
from qunlearn.parts import registry
from qunlearn.parts.datasets import Source
from qunlearn.parts.models import Model, declared
from qunlearn.parts.part import option
from qunlearn.studies.reproduction import published_runs, read_published
from qunlearn.studies.resilience.claims import CLAIMS
from qunlearn.studies.study import Study

#: Points of the plane that the toy's networks are shown beside those they learn, at most.
SHOWN = 5000


class Resilience(Study):
    """Accuracy against the corrupted fraction of the training set (Fig. 2).

    Options are those of the task in the plane (Fig. 2a), which the module `toy` describes.
    """

    group = "main"
    section = "toy"
    figure = "fig2"
    tables = ("resilience",)
    reads = ("resilience", "toy")
    drawn_from_data = True
    claims = CLAIMS

    points: int = option(ge=4, le=10_000, says="training points")
    qubits: int = option(ge=2, le=10, says="copies of the qubit that a point is encoded in")
    alpha: PoisonedAlpha = option(says="fraction of labels flipped")
    seed: Seed = option(says="points, poison, initial parameters, minibatches")
    architectures: dict[Name, dict] = option(
        says="networks that learn the task, blocks as under `architectures`", min_length=1
    )
    training: dict[Name, TrainingSchedule] = option(says="their schedules, by the same names")

    def needs(self, plan):
        return {"data": plan.grid.all_data(), "cells": plan.grid.all_trained()}

    def settings(self, plan):
        return {
            "alphas": list(plan.grid.alphas),
            "seeds": list(plan.grid.seeds),
            "margin": plan.config["statistics"]["collapsed_margin"],
        }

    def drawing(self, plan):
        config = plan.config
        networks = {name: declared(block) for name, block in self.blocks().items()}
        return {
            "models": config["models"],
            "corruptions": config["corruptions"],
            "networks": {name: part.title() or part.words() for name, part in networks.items()},
            "exhibits": {name: plan.source_kind(name).exhibits for name in config["datasets"]},
        }

    def drawn_files(self, plan):
        files = published_runs(plan)
        return {"published": files} if files else {}

    def read_drawn(self, name, path):
        return read_published(path) if name == "published" else super().read_drawn(name, path)

    def problems(self, plan):
        found = [
            unknown_key(("training", name), self.architectures)
            for name in self.training
            if name not in self.architectures
        ]
        for name, block in self.architectures.items():
            read, wrong = read_network(name, block, self.qubits)
            found += wrong
            if not wrong and name not in self.training and not declared(read).fitted:
                found.append(missing_key(("training", name)))
        return found

    # -- what the job that trains on the task is told ------------------------------------------------
    def blocks(self) -> dict[str, dict]:
        """The networks' blocks, as their families read them."""
        return {
            name: read_network(name, block, self.qubits)[0]
            for name, block in self.architectures.items()
        }

    def task(self) -> dict:
        """Arguments of `toy.run` but for the schedules."""
        sizes = {key: getattr(self, key) for key in ("points", "qubits", "alpha", "seed")}
        return {**sizes, "architectures": self.blocks()}

    def schedules(self) -> dict[str, dict]:
        """Of every network, a full batch as 0."""
        given = {
            name: counted(schedule.model_dump(exclude_unset=True))
            for name, schedule in self.training.items()
        }
        return {name: given.get(name, ONE_CALL) for name in self.architectures}

    def request(self, requests):
        """What this job asks a cluster for: networks trained one after the other, and asked all over the plane."""
        source, samples, schedules = Toy(copies=self.qubits), self.points + SHOWN, self.schedules()
        asked = []
        for name, block in self.blocks().items():
            part, epochs = declared(block), schedules[name]["epochs"]
            numbers = part.numbers_held(source, samples, 1) + 4 * part.weights_of(
                source.real_features()
            )
            asked.append(requests.plain(numbers, epochs * samples * part.cost(source)))
        return requests.one_by_one(asked)

    def code_files(self) -> list[Path]:
        """What the job runs that trains on the task."""
        families = [registry.find("model", block["family"]) for block in self.blocks().values()]
        parts = [*families, registry.find("corruption", "label_flipping")]
        return [self.folder() / "train_toy.py", *map(registry.file_of, parts)]


class Toy(Source):
    """Points in the plane as states: so many copies of one qubit each."""

    label = "the toy"

    copies: int = option(ge=1, says="qubits of a state")

    def shape(self):
        return (2**self.copies,)

    def is_complex(self):
        return True


def read_network(name: str, block: dict, qubits: int) -> tuple[dict, list[str]]:
    """The block as its family reads it, and what is wrong with it."""
    place = ("architectures", name)
    families: dict[str, type[Model]] = registry.known("model")
    family = block.get("family")
    if not isinstance(family, str) or family not in families:
        return {}, [unknown_name((*place, "family"), "family", family, families)]
    options = {key: value for key, value in block.items() if key != "family"}
    options, wrong = read_block(families[family], options, place)
    if wrong:
        return {}, wrong
    options, absent = for_dataset(families[family], options, "toy")
    lines = [f"{key}: must be one value; the toy is no dataset of the list" for key in absent]
    read = {"family": family, **options}
    if not lines:
        lines = declared(read).problems(Toy(copies=qubits), "toy")
    return read, [f"architectures.{name}.{line}" for line in lines]
