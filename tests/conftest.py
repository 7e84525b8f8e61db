"""Shared fixtures: small problems, double precision where exactness is tested, MNIST's test files where they are."""

import os
import tempfile
from pathlib import Path

import jax
import numpy as np
import pytest

from project import QNN, SHARED_CACHE, built, copy_project, snakemake
from qunlearn.experiment.problem import Problem
from qunlearn.experiment.train import train
from qunlearn.training.schedule import Schedule
from unlearned import CELLS, MLP


def pytest_configure(config):
    """One folder of compiled programs for the studies of all tests and workers."""
    if not hasattr(config, "workerinput"):
        folder = tempfile.TemporaryDirectory(prefix="qunlearn-tests-", ignore_cleanup_errors=True)
        os.environ[SHARED_CACHE] = folder.name
        config.add_cleanup(folder.cleanup)


def pytest_collection_modifyitems(items):
    """What needs a whole study takes minutes."""
    for item in items:
        if "study" in item.fixturenames:
            item.add_marker(pytest.mark.long)


@pytest.fixture(autouse=True)
def double_precision():
    """Every test starts in double precision; those about single precision switch for themselves."""
    jax.config.update("jax_enable_x64", True)


@pytest.fixture(autouse=True, scope="session")
def compilation_cache(tmp_path_factory):
    """Programs that several tests share are compiled once."""
    jax.config.update("jax_compilation_cache_dir", str(tmp_path_factory.mktemp("jax")))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


@pytest.fixture(autouse=True, scope="module")
def compiled_programs():
    """A module's programs leave memory with it; what another one shares comes from the cache on disk."""
    yield
    jax.clear_caches()


@pytest.fixture(scope="module")
def compiled_quickly():
    """Programs of a module that run once or on a handful of samples: no time for optimisation, the same mathematics."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def digits():
    return built("digits", train_fraction=0.6, seed=0)


@pytest.fixture(scope="session")
def small_xxz():
    """Eight sites: the same sets of anisotropies, 256 amplitudes."""
    return built("xxz", length=8, gauge="random", seed=0)


@pytest.fixture(
    scope="module", params=[MLP, pytest.param(QNN, marks=pytest.mark.long)], ids=["mlp", "qnn"]
)
def poisoned(request, digits):
    jax.config.update("jax_enable_x64", True)
    problem = Problem(digits, request.param["family"], request.param, "label_flipping", [0, 1])
    trained = train(problem, CELLS, Schedule(3, 32, 0.02))
    return problem, (trained.params, trained.state)


@pytest.fixture
def mnist_dir():
    folder = os.environ.get("MNIST_DIR")
    if not folder or not (Path(folder) / "t10k-images-idx3-ubyte.gz").exists():
        pytest.skip("set MNIST_DIR to a folder with MNIST's test files to run this test")
    return Path(folder)


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """A reduced study, whole; its output on the terminal is in output.txt."""
    folder = copy_project(tmp_path_factory.mktemp("study"))
    folder.joinpath("output.txt").write_text(snakemake(folder))
    return folder
