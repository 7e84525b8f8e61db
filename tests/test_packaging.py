"""The version has one source, and `pip install .` gives the library whole."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_bytes
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
import yaml

import qunlearn
from project import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_version_is_said_once():
    assert "version" in PROJECT["project"]["dynamic"] and "version" not in PROJECT["project"]
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "qunlearn.__version__"}
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert str(citation["version"]) == qunlearn.__version__
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert re.findall(r"^## \[(\d\S*)\]", changes, re.M)[0] == qunlearn.__version__


def lines_of(path):
    lines = (ROOT / path).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_dependencies_are_listed_once():
    given = PROJECT["tool"]["setuptools"]["dynamic"]["dependencies"]
    assert given == {"file": ["envs/library.txt"]} and "dependencies" not in PROJECT["project"]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines_of("envs/library.txt"))
    assert lines_of("envs/cpu.txt") == ["-c constraints.txt", "-r library.txt"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The built package, from a copy: building leaves files behind."""
    [needed] = PROJECT["build-system"]["requires"]
    least = int(re.fullmatch(r"setuptools>=(\d+)", needed)[1])
    try:
        major = int(version("setuptools").split(".")[0])
    except PackageNotFoundError:
        major = 0
    if major < least:
        pytest.skip(f"building needs {needed}, which envs/dev.txt installs")
    folder = tmp_path_factory.mktemp("build")
    for name in ("pyproject.toml", "README.md", "LICENSE", "envs/library.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "workflow", folder / "workflow")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    command += ["--no-index", "--quiet", "--wheel-dir", str(folder / "wheels"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    [path] = (folder / "wheels").glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_package_holds_the_library_and_nothing_else(wheel):
    library = ROOT / "workflow" / "qunlearn"
    files = [path for path in library.rglob("*") if path.is_file()]
    own = [path for path in files if "__pycache__" not in path.parts]
    names = [name for name in wheel.namelist() if ".dist-info/" not in name]
    assert sorted(names) == sorted(f"qunlearn/{path.relative_to(library)}" for path in own)
    assert any(name.endswith("LICENSE") for name in wheel.namelist())


def test_the_package_says_its_version_and_what_it_needs(wheel):
    [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    said = message_from_bytes(wheel.read(name))
    assert said["Version"] == qunlearn.__version__ and said["License-Expression"] == "MIT"
    assert said["Requires-Python"] == PROJECT["project"]["requires-python"]
    assert sorted(said.get_all("Requires-Dist")) == sorted(lines_of("envs/library.txt"))


def test_the_installed_library_works_without_the_project_around_it(wheel, tmp_path):
    wheel.extractall(tmp_path)
    script = (
        "import qunlearn\n"
        "from qunlearn.parts import registry\n"
        "studies = registry.known('study').values()\n"
        "print(qunlearn.__file__, sum(bool(study.caption()) for study in studies))\n"
    )
    command = [sys.executable, "-c", script]
    environment = {"PYTHONPATH": str(tmp_path), "PATH": ""}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    file, captions = done.stdout.split()
    assert Path(file).is_relative_to(tmp_path) and int(captions) > 20
