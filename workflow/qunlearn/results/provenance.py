"""Where a result comes from: the settings that made it, package versions, the revision of this project, the device, and
what of the surroundings could change a number."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from qunlearn.parts import registry
from qunlearn.runtime.surroundings import surroundings

#: The project's folder.
ROOT = Path(__file__).parents[3]
#: What of it decides a number: a change of anything here, committed or not, marks the revision.
DECIDES = ("Snakefile", "workflow", "config.yaml", "criteria.yaml", "presets", "profiles", "envs")
PACKAGES = (
    "jax",
    "jaxlib",
    "numpy",
    "numba",
    "scipy",
    "optax",
    "h5py",
    "pandas",
    "scikit-learn",
    "tensorcircuit-ng",
    "snakemake",
)
#: Attributes that say where a file came from; data files name no device.
ORIGIN = ("git_revision", "python", "device", "versions", "surroundings")


def origin() -> dict[str, str]:
    """Package versions, the revision of this project, and what of the environment could matter."""
    return {
        "versions": json.dumps(versions(), sort_keys=True),
        "python": platform.python_version(),
        "git_revision": git_revision(),
        "surroundings": json.dumps(surroundings(), sort_keys=True),
    }


def provenance(settings: dict) -> dict[str, str]:
    """What a file says of its origin, with the settings used."""
    return {"settings": json.dumps(settings, sort_keys=True), **origin()}


def versions() -> dict[str, str]:
    """Versions of the packages that compute; 'none' for one that is not installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


@cache
def git_revision() -> str:
    """Commit of this project's tree, with '+changes' where anything that decides a number differs from it (files that
    are not in it and parts of a user's own count, too); 'none' where the project is not a checkout of its own."""
    try:
        top = Path(_git("rev-parse", "--show-toplevel"))
        if not top.samefile(ROOT):
            return "none"
        commit = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=all", "--", *DECIDES)
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return commit + ("+changes" if changed or registry.own_files() else "")


def _git(*arguments: str) -> str:
    """What git says in the project's folder, whatever repository the environment names."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", "-c", "safe.directory=*", *arguments]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=True,
    )
    return done.stdout.strip()


def read_origin(path: str | Path) -> dict[str, str]:
    """Those of `ORIGIN` that a file of results has."""
    from qunlearn.results.hdf5 import opened

    with opened(path) as file:
        return {key: str(file.attrs[key]) for key in ORIGIN if key in file.attrs}
