"""A copy of the project with a study of seconds, and Snakemake as a user calls it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from qunlearn.config.check import check, study_problems
from qunlearn.config.plan import Plan
from qunlearn.parts.registry import find
from qunlearn.runtime.errors import UserError

ROOT = Path(__file__).parents[1]
#: Variable that names the folder of compiled programs which the studies of tests share.
SHARED_CACHE = "QUNLEARN_TESTS_CACHE"
TINY = {
    "datasets": ["digits"],
    "corruptions": ["label_flipping"],
    "alphas": [0.0, 0.3],
    "seeds": [0, 1],
    "methods": ["finetune", "scrub"],
    "training": {"digits": {"mlp": {"epochs": 10}, "qnn": {"epochs": 10}}},
    "architectures": {"qnn": {"depth": {"digits": 3}}},
    "unlearning": {"steps": 5, "architectures": {"mlp": ["mlp"]}},
    "landscape": {"alphas": [0.3], "architectures": {"mlp": ["mlp"]}},
    "toy": {"points": 20, "qubits": 2, "training": {"mlp": {"epochs": 5}, "qnn": {"epochs": 5}}},
    "surface": {"steps": 2},
    "controls": {"runs": []},
}
#: A small circuit, as a block of `architectures` for one dataset.
QNN = {
    "family": "qnn",
    "depth": 2,
    "entangler": "chain",
    "rotations": "xyx",
    "readout_scale": 5.0,
    "measure": "last",
}


def configuration(**overrides) -> dict:
    """The configuration as it comes, with keys at the top replaced; not checked."""
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")) | overrides


def plan(**overrides) -> Plan:
    """The plan of the configuration as it comes, with keys at the top replaced."""
    return Plan(check(configuration(**overrides)))


def said_of(study, **overrides) -> list[str]:
    """What is wrong with a study in that configuration, a line each; where its options are, nothing is planned."""
    try:
        return study_problems(plan(**overrides), study)
    except UserError as error:
        return [line.strip() for line in str(error).splitlines()[1:]]


def built(name, surroundings=None, **options):
    """A dataset, from the options of its source."""
    return find("dataset", name)(**options).build(**(surroundings or {}))


def snakemake(folder, *arguments, check=True):
    configuration = [] if "--configfile" in arguments else ["--configfile", "tiny.yaml"]
    command = [sys.executable, "-m", "snakemake", *arguments, *configuration]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=1200)
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def copy_project(folder):
    """The project in a folder of its own, with a small study, and the compiled programs of all such copies."""
    folder.mkdir(exist_ok=True)
    (folder / ".cache").symlink_to(os.environ[SHARED_CACHE])
    for name in (
        "Snakefile",
        "config.yaml",
        "criteria.yaml",
        "workflow",
        "presets",
        "profiles",
        "envs",
    ):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    (folder / "tiny.yaml").write_text(yaml.safe_dump(TINY), encoding="utf-8")
    return folder


def planned(folder, *arguments):
    """Rule -> number of jobs that a dry run announces."""
    text = snakemake(folder, "-n", *arguments)
    table = re.search(r"Job stats:\n.*?\n-.*?\n(.*?)\ntotal", text, re.S)
    return (
        {} if not table else {row.split()[0]: int(row.split()[1]) for row in table[1].splitlines()}
    )


def snapshot(folder):
    own = {".snakemake", "__pycache__"}
    files = [path for path in folder.rglob("*") if path.is_file() and not own & set(path.parts)]
    return {path: path.stat().st_mtime_ns for path in files}
