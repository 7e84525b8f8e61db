"""What must not grow unnoticed: programs that a stage compiles, and memory that a job asks for. Nothing
is timed and no study is run."""

import re
from contextlib import contextmanager
from itertools import product

import jax
import jax.monitoring
import pytest

from project import QNN, plan
from qunlearn.config.requests import Requests, Sweep
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.experiment.unlearn import unlearn
from qunlearn.training.schedule import Schedule
from unlearned import MLP, method

CELLS = [Cell(0.3, seed) for seed in (0, 1, 2)]
#: What JAX calls the compilation of one program, or its being read from a cache.
COMPILED = "/jax/core/compile/backend_compile_duration"


@contextmanager
def programs():
    """A list that grows by one with each program that is compiled."""
    found, listening = [], [True]

    def note(event: str, seconds: float, **_) -> None:
        if listening[0] and event == COMPILED:
            found.append(seconds)

    jax.monitoring.register_event_duration_secs_listener(note)
    yield found
    listening[0] = False


def test_programs_are_counted():
    with programs() as found:
        jax.jit(lambda x: 3.25 * x)(1.5)
    assert len(found) == 1
    jax.jit(lambda x: 4.25 * x)(1.5)
    assert len(found) == 1


@pytest.mark.parametrize(
    ("architecture", "stage", "most"),
    [
        (MLP, "train", 9),
        (MLP, "finetune", 5),
        pytest.param(QNN, "train", 9, marks=pytest.mark.long),
    ],
)
def test_a_stage_compiles_no_more_programs_than_it_did(architecture, stage, most, digits):
    """Lower the bound when there are fewer."""
    jax.config.update("jax_enable_x64", False)
    problem = Problem(digits, architecture["family"], architecture, "label_flipping", [0, 1, 2])
    schedule = Schedule(2, 64, 0.01)
    jax.clear_caches()
    with programs() as of_training:
        trained = train(problem, CELLS, schedule)
    poisoned = trained.params, trained.state
    jax.clear_caches()
    with programs() as of_unlearning:
        unlearn(problem, CELLS, poisoned, method("finetune"), schedule)
    found = {"train": of_training, "finetune": of_unlearning}[stage]
    assert 1 <= len(found) <= most


def test_more_cells_and_more_epochs_compile_no_more_programs(digits):
    """What a job compiles depends on shapes alone: groups of replicas and segments share a
    program."""
    jax.config.update("jax_enable_x64", False)
    problem = Problem(digits, "mlp", MLP, "label_flipping", [0, 1, 2])
    counts = []
    for cells, epochs in ((CELLS, 10), (CELLS * 8, 20)):
        jax.clear_caches()
        with programs() as found:
            train(problem, cells, Schedule(epochs, 64, 0.01))
        counts.append(len(found))
    assert counts[1] <= counts[0] + 2  # random keys of more than 16 cells are joined in two steps


def test_the_largest_job_of_the_study_holds_no_more_than_it_did(monkeypatch):
    """From the plan alone: what the training jobs of the study as it comes hold, by
    `config.requests`, without the least that every job asks for. The largest is that of a QNN on
    states that are partly replaced."""
    monkeypatch.setattr("qunlearn.config.requests.LEAST", {True: 0, False: 0})
    here = plan()
    requests, grid = Requests(here), here.grid
    asked = {}
    for case in product(*(here.config[key] for key in ("datasets", "models", "corruptions"))):
        for path in grid.trained(*case, grid.alphas, grid.seeds_of(*case[:2])):
            alphas, seeds = re.search(r"/alpha([^/]*)/seed(.*)\.h5$", path).groups()
            together = len(grid.parse_alphas(alphas)), len(grid.parse_seeds(seeds))
            asked[path] = requests.train(Sweep(*case), *together).megabytes
    assert len(asked) >= 8
    largest = max(asked, key=asked.get)
    assert asked[largest] <= 2750, largest
