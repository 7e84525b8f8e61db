"""Conda's environments: made from the lists of packages, whole in themselves, and the GPU's where a job has a GPU.

Conda itself is a stand-in here, which says what it is given; Snakemake's part is real.
"""

import importlib.util
import os
import re
from importlib.metadata import distribution

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from project import ROOT, copy_project, snakemake

CONDA = """#!/usr/bin/env bash
case "$*" in
    "info --json") echo '{{"conda_prefix": "{folder}", "platform": "linux-64"}}' ;;
    "--version") echo "conda 25.3.0" ;;
    config*) echo '{{"get": {{"channel_priority": "strict"}}}}' ;;
    *create*) file=$(echo "$*" | sed 's/.*--file \\([^ ]*\\).*/\\1/')
        if grep -qE "^ *- *-[rc] " "$file"; then echo "names a file beside it"; exit 1; fi
        mkdir -p "$(echo "$*" | sed 's/.*--prefix \\([^ ]*\\).*/\\1/')" ;;
esac
"""


def generator():
    spec = importlib.util.spec_from_file_location("conda_files", ROOT / "envs" / "conda.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def packages(name):
    """What pip is to install in an environment."""
    [pip] = [
        entry["pip"]
        for entry in yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())["dependencies"]
        if isinstance(entry, dict)
    ]
    return {re.split(r"\[|==", line)[0].lower().replace("_", "-"): line for line in pip}


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_the_files_are_those_of_the_lists(name):
    text = (ROOT / f"envs/{name}.yaml").read_text()
    assert text == generator().environment(name), "run `make envs`"


def test_what_an_environment_holds():
    cpu, gpu = packages("cpu"), packages("gpu")
    assert {line for key, line in gpu.items() if cpu[key] != line} == {"jax[cuda12]==0.10.2"}
    assert cpu.keys() == gpu.keys() and {"snakemake", "jaxlib", "numba"} <= cpu.keys()
    assert not {"pytest", "ruff", "snakefmt"} & cpu.keys()
    for line in [*cpu.values(), *gpu.values()]:
        assert [clause.operator for clause in Requirement(line).specifier] == ["=="], line


def test_every_package_runs_on_the_python_that_is_asked_for():
    project = re.search(r'requires-python = "(.+)"', (ROOT / "pyproject.toml").read_text())[1]
    lowest = re.search(r">=([\d.]+)", project)[1]
    for version in (lowest, generator().PYTHON):
        assert SpecifierSet(project).contains(version)
        for line in packages("cpu").values():
            name = Requirement(line).name
            needed = distribution(name).metadata["Requires-Python"] or ""
            assert SpecifierSet(needed).contains(f"{version}.99"), (name, needed)


@pytest.fixture
def conda(tmp_path, monkeypatch):
    """The project beside a stand-in for Conda, first on the search path; its environments activate nothing."""
    folder = tmp_path / "conda" / "bin"
    folder.mkdir(parents=True)
    (folder / "conda").write_text(CONDA.format(folder=tmp_path / "conda"))
    (folder / "conda").chmod(0o755)
    (folder / "activate").write_text("")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return copy_project(tmp_path / "project")


@pytest.mark.workflow
@pytest.mark.long
def test_jobs_with_a_gpu_run_in_the_gpus_environment(conda):
    target = "results/train/digits/mlp/label_flipping/alpha0.00-0.30/seed0-1.h5"
    options = ["--sdm", "conda", "--conda-create-envs-only"]
    text = snakemake(conda, target, *options, "--set-resources", "train_models:gpu=1")
    made = re.findall(r"Environment for \S*/(\w+)\.yaml created", text)
    assert sorted(made) == ["cpu", "gpu"]


@pytest.mark.workflow
@pytest.mark.long
def test_a_job_runs_in_an_environment_that_is_whole_in_itself(conda):
    arguments = ["results/data/digits.h5", "--sdm", "conda", "--default-resources", "gpu=1"]
    snakemake(conda, *arguments)
    assert (conda / "results/data/digits.h5").exists()
    made = list((conda / ".snakemake/conda").glob("*.yaml"))
    assert [path.read_text() for path in made] == [(ROOT / "envs/gpu.yaml").read_text()]
