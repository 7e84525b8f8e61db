"""Telling does not fail the work: a full disk behind stderr, a terminal that is gone, unknown characters."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from project import ROOT

JOB = """
import sys
from pathlib import Path
from types import SimpleNamespace
from qunlearn.runtime.job import job

folder = Path(sys.argv[1])
snakemake = SimpleNamespace(
    log=[folder / "log.txt"], resources={}, config={}, params={"epochs": 3}, input=[], output=[folder / "done.txt"]
)
with job("train: Δ ψ", snakemake) as progress:
    progress(0.5, "half — way")
    print("also on stdout")
    Path(snakemake.output[0]).write_text("done")
    progress(1, "done")
print("and after it", file=sys.stderr)
"""


def run_job(folder, **streams):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow"), **streams.pop("env", {})}
    (folder / "job.py").write_text(JOB, encoding="utf-8")
    command = [sys.executable, str(folder / "job.py"), str(folder)]
    return subprocess.run(command, env=environment, **streams)


def assert_done(folder, done):
    assert done.returncode == 0, done
    assert (folder / "done.txt").read_text() == "done"
    assert "train: Δ ψ | 100 % | done" in (folder / "log.txt").read_text(encoding="utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_the_streams(tmp_path):
    with open("/dev/full", "w") as full:
        assert_done(tmp_path, run_job(tmp_path, stderr=full, stdout=full))


def test_a_terminal_that_is_gone(tmp_path):
    mine, theirs = pty.openpty()
    os.close(mine)
    try:
        assert_done(tmp_path, run_job(tmp_path, stderr=theirs, stdout=theirs))
    finally:
        os.close(theirs)


def test_a_reader_that_is_gone(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert_done(tmp_path, run_job(tmp_path, stderr=writer, stdout=writer))
    finally:
        os.close(writer)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_characters_that_the_terminal_does_not_know(tmp_path, encoding):
    env = {"PYTHONIOENCODING": f"{encoding}:strict", "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = run_job(tmp_path, env=env, capture_output=True)
    assert_done(tmp_path, done)
    assert rb"\u03c8 | 100 % | done" in done.stderr


def test_streams_that_are_closed_or_absent(tmp_path, monkeypatch):
    from qunlearn.runtime.job import tell_safely

    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    monkeypatch.setattr(sys, "stdout", None)
    tell_safely()
    print("to nobody")
    print("to nobody", file=sys.stderr, flush=True)
    assert sys.stdout is None


def test_a_log_that_cannot_be_written(tmp_path):
    (tmp_path / "log.txt").mkdir()
    done = run_job(tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done
    assert (tmp_path / "done.txt").read_text() == "done"
