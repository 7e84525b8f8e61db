"""Jobs that are forks of one process do what jobs with a Python of their own do, and fail as they do."""

import json
import os
import subprocess
import sys

import pytest

from project import ROOT

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="there is a fork server on Linux only"
)

SNAKEFILE = f"""
import sys
sys.path.insert(0, "{ROOT}/workflow")
import forked_jobs
from qunlearn.runtime.job import share_library

share_library()

onstart:
    forked_jobs.start_server(config.get("jobs", 10))
    forked_jobs.await_server()
    assert forked_jobs.ready.is_set() == bool(config.get("works", 1))

rule all:
    input:
        "one.json", "two.json", "wide.json", "own.json"

rule told:
    output:
        "{{name}}.json"
    benchmark:
        "{{name}}.tsv"
    resources:
        tmpdir="scratch",
        own_python=lambda wildcards: int(wildcards.name == "own")
    threads: lambda wildcards: 2 if wildcards.name == "wide" else 1
    script:
        "tell.py"

rule fails:
    output:
        "{{name}}.failed"
    script:
        "fail.py"
"""

TELL = """
import json
import os
import sys
import tempfile

names = ("TMPDIR", "JAX_ENABLE_X64", "OMP_NUM_THREADS", "MINE")
told = {
    "forked": "sklearn" in sys.modules,
    "folder": os.getcwd(),
    "variables": {name: os.environ.get(name) for name in names},
    "scratch": tempfile.gettempdir(),
    "arguments": len(sys.argv),
    "name": __name__,
    "wildcard": snakemake.wildcards.name,
}
with open(snakemake.output[0], "w") as file:
    json.dump(told, file)
"""

FAIL = """
import os
import signal
import sys

if snakemake.wildcards.name == "raised":
    raise ValueError("boom")
if snakemake.wildcards.name == "exited":
    sys.exit("one sentence")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def workflow(tmp_path):
    """A function that runs Snakemake in a folder with the rules above; gives its exit code and what it printed."""
    for name, text in (("Snakefile", SNAKEFILE), ("tell.py", TELL), ("fail.py", FAIL)):
        (tmp_path / name).write_text(text)
    (tmp_path / "scratch").mkdir()

    def run(*arguments):
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
        environment = os.environ | {"JAX_ENABLE_X64": "1", "MINE": "yes"}
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def told(folder, name):
    return json.loads((folder / f"{name}.json").read_text())


def test_a_fork_is_given_what_a_python_of_its_own_is_given(workflow, tmp_path):
    code, text = workflow()
    assert code == 0, text
    one, two, wide, own = (told(tmp_path, name) for name in ("one", "two", "wide", "own"))
    assert one["forked"] and two["forked"]
    assert not own["forked"], "its rule asks for a Python of its own"
    assert not wide["forked"], "libraries read the number of threads while they are imported"
    assert wide["variables"].pop("OMP_NUM_THREADS") == "2"
    assert one["variables"].pop("OMP_NUM_THREADS") == "1"
    for same in ("folder", "variables", "scratch", "arguments", "name"):
        assert one[same] == wide[same], same
    assert (one["wildcard"], two["wildcard"]) == ("one", "two")


def test_a_fork_is_measured(workflow, tmp_path):
    workflow("one.json")
    header, row = (tmp_path / "one.tsv").read_text().splitlines()
    measured = dict(zip(header.split("\t"), row.split("\t"), strict=True))
    assert float(measured["s"]) > 0
    assert float(measured["max_rss"]) > 0


@pytest.mark.parametrize(
    "name, words",
    [
        ("raised", "ValueError: boom"),
        ("exited", "one sentence"),
        ("killed", "died with <Signals.SIGKILL: 9>"),
    ],
)
def test_a_fork_that_fails_fails_its_job_alone(name, words, workflow, tmp_path):
    code, text = workflow("--keep-going", f"{name}.failed", "one.json")
    assert code == 1
    assert words in text
    assert "Error in rule fails" in text
    assert told(tmp_path, "one")["forked"]


def test_few_jobs_are_not_worth_a_server(workflow, tmp_path):
    code, text = workflow("one.json", "--config", "jobs=9")
    assert code == 0, text
    assert not told(tmp_path, "one")["forked"]


def test_without_a_server_that_works_jobs_have_pythons_of_their_own(workflow, tmp_path):
    broken = tmp_path / "Snakefile"
    broken.write_text(
        broken.read_text().replace("onstart:", "forked_jobs.COMMON = ['ends']\nonstart:")
    )
    (tmp_path / "ends.py").write_text("import os\nos._exit(1)\n")
    code, text = workflow("--config", "works=0")
    assert code == 0, text
    assert not told(tmp_path, "one")["forked"]


def test_what_is_imported_once_may_be_forked():
    """No thread but the one that forks, and no device of JAX's, which a fork could not use."""
    code = """
import os
import qunlearn.runtime.common
import sys
from jax._src import xla_bridge
assert {"jax", "numba", "pandas", "sklearn", "matplotlib.pyplot"} <= set(sys.modules)
assert not xla_bridge._backends
assert len(os.listdir("/proc/self/task")) == 1, os.listdir("/proc/self/task")
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=120)
