"""Where a file comes from: the settings that made it, package versions, the revision of this project, the device."""

from __future__ import annotations

import json
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from qunlearn.runtime.errors import UserError

PACKAGES = (
    "jax",
    "jaxlib",
    "numpy",
    "scipy",
    "optax",
    "h5py",
    "scikit-learn",
    "tensorcircuit-ng",
    "snakemake",
)
#: Attributes that say where a file came from; data files name no device.
ORIGIN = ("git_revision", "python", "device", "versions")


def provenance(settings: dict) -> dict:
    """What a file says of its origin: settings used, package versions, git revision, device."""
    return {
        "settings": json.dumps(settings, sort_keys=True),
        "versions": json.dumps({name: version(name) for name in PACKAGES}, sort_keys=True),
        "python": platform.python_version(),
        "git_revision": git_revision(),
    }


def git_revision() -> str:
    """Commit of the source tree, '+changes' if it was modified, 'unknown' outside git."""
    here = Path(__file__).parent

    def git(*arguments):
        return subprocess.run(
            ["git", *arguments], cwd=here, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + (
            "+changes" if git("status", "--porcelain", "-uno", ".") else ""
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def read_origin(path: str | Path) -> dict[str, str]:
    """Those of `ORIGIN` that a file of results has."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return {key: str(file.attrs[key]) for key in ORIGIN if key in file.attrs}
    except OSError as error:
        raise UserError(
            f"{path} is truncated, damaged or not HDF5 ({error}). Delete it."
        ) from error
