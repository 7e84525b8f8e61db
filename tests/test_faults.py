"""What breaks while a study runs: nothing finished is lost, nothing wrong reaches a table."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pandas as pd
import psutil
import pytest
import yaml

from project import copy_project, snakemake, snapshot
from qunlearn.runtime.errors import UserError
from qunlearn.runtime.job import job

pytestmark = pytest.mark.long
TABLES = ("resilience", "unlearning", "landscape")
DATA = "results/data/digits.h5"
TRAINED = "results/train/digits/mlp/label_flipping/alpha0.00-0.30/seed0-1.h5"
RESILIENCE = "results/tables/resilience.csv"


def start(folder, *targets):
    command = [sys.executable, "-m", "snakemake", *targets, "--configfile", "tiny.yaml"]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@contextlib.contextmanager
def paused(process):
    """The process stands still meanwhile, so that it cannot end before others have looked at it."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def recover(folder):
    command = [sys.executable, "workflow/scripts/recover.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


def scripts(folder):
    """Processes of jobs of the study in `folder`."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder) and any(
                "/.snakemake/scripts/" in part for part in process.cmdline()
            ):
                found.append(process)
        except psutil.Error:
            continue
    return found


def wait_for(condition, seconds=300):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    pytest.fail(f"nothing came in {seconds} s")


def tables(folder):
    return {name: (folder / f"results/tables/{name}.csv").read_bytes() for name in TABLES}


def same_resilience(folder, study):
    return (folder / RESILIENCE).read_bytes() == (study / RESILIENCE).read_bytes()


def half_written(folder):
    """Temporary files that nothing replaced; a hidden .json beside a file that is there is its record."""
    hidden = [path for path in (folder / "results").rglob(".*") if path.is_file()]
    return [path for path in hidden if not path.with_name(path.stem[1:]).exists()]


@pytest.fixture
def project(tmp_path, study):
    """A copy that shares compiled programs with the undisturbed study."""
    return copy_project(tmp_path / "project")


@pytest.mark.workflow
def test_killing_the_main_process_ten_times(project, study):
    moments = random.Random(0)
    for _ in range(10):
        main = start(project, "tables")
        time.sleep(moments.uniform(0.5, 5))
        main.kill()
        main.wait()
        if (project / ".snakemake").is_dir():
            done = recover(project)
            assert done.returncode == 0 and "run the same command again" in done.stdout, (
                done.stdout + done.stderr
            )
            assert not scripts(project)
    snakemake(project, "tables")
    assert tables(project) == tables(study)
    assert not half_written(project)


@pytest.mark.workflow
def test_killing_a_training_job(project, study):
    main = start(project, RESILIENCE)
    victim = wait_for(
        lambda: [p for p in scripts(project) if "train_models" in " ".join(p.cmdline())]
    )[0]
    victim.kill()
    assert main.wait(1200) != 0
    snakemake(project, RESILIENCE)
    assert same_resilience(project, study)


@pytest.mark.workflow
def test_a_second_run_in_the_same_folder_is_refused(project, study):
    main = start(project, RESILIENCE)
    wait_for(lambda: scripts(project))
    with paused(main):
        text = snakemake(project, RESILIENCE, check=False)
        assert "cannot be locked" in text and "Traceback" not in text
        done = recover(project)
        assert (
            done.returncode
            and f"process {main.pid}" in done.stderr
            and "Nothing was changed" in done.stderr
        )
    assert main.wait(1200) == 0
    assert same_resilience(project, study)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True
    ).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.workflow
def test_a_full_disk_and_a_read_only_one(project, small_disk, study):
    (project / "results").symlink_to(small_disk)
    snakemake(project, TRAINED)
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(bytes(4_000_000))
    before = snapshot(project)
    text = snakemake(project, RESILIENCE, check=False)
    assert "the disk is full" in text and "Free space and run the same command again" in text
    assert {path: when for path, when in snapshot(project).items() if path in before} == before

    filler.unlink()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    text = snakemake(project, RESILIENCE, check=False)
    assert (
        "paths.results:" in text and "cannot be written" in text and "Nothing was started" in text
    )
    assert "Traceback" not in text
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)

    snakemake(project, RESILIENCE)
    assert same_resilience(project, study)
    assert not half_written(project)


@pytest.mark.workflow
@pytest.mark.parametrize(
    ("name", "damage"),
    [(DATA, "garbage"), (DATA, "another"), (TRAINED, "truncated"), (TRAINED, "empty")],
)
def test_damaged_results_are_named_then_recomputed(name, damage, study, tmp_path):
    folder = tmp_path / "finished"
    shutil.copytree(study, folder)
    path = folder / name
    other = folder / (TRAINED if name == DATA else DATA)
    bad = {
        "truncated": path.read_bytes()[:-1000],
        "garbage": os.urandom(5000),
        "empty": b"",
        "another": other,
    }
    path.write_bytes(other.read_bytes() if damage == "another" else bad[damage])
    text = snakemake(folder, RESILIENCE, "--forcerun", "tabulate_resilience", check=False)
    assert name in text and "Delete it and run" in text and "Traceback" not in text
    path.unlink()
    snakemake(folder, RESILIENCE)
    assert same_resilience(folder, study)


@pytest.mark.workflow
def test_a_diverging_training_is_flagged_counted_and_not_retried(project):
    settings = {
        "training": {"digits": {"mlp": {"epochs": 5, "learning_rate": 1e6}, "qnn": {"epochs": 5}}}
    }
    given = yaml.safe_load((project / "tiny.yaml").read_text())
    (project / "tiny.yaml").write_text(yaml.safe_dump(given | settings))
    text = snakemake(project, "--retries", "2", "--default-resources", "attempt=attempt")
    assert "restart" not in text
    for name in TABLES:
        table = pd.read_csv(project / f"results/tables/{name}.csv")
        assert (
            table[table.model == "mlp"].collapsed.all()
            and not table[table.model == "qnn"].collapsed.any()
        ), name
    assert "4 of them of collapsed runs" in text


def attempt(number, log):
    return SimpleNamespace(
        log=[str(log)], resources={"attempt": number}, params={}, input=[], output=[]
    )


def test_a_retry_repeats_lost_work_but_not_an_error(tmp_path, capsys):
    log, worked = tmp_path / "job.log", []
    with pytest.raises(MemoryError), job("work", attempt(1, log)):
        raise MemoryError("12 GiB")
    assert "out of memory: 12 GiB" in log.read_text()
    with pytest.raises(SystemExit), job("work", attempt(2, log)):
        worked.append("after too little memory")
        raise UserError("results/data/digits.h5 is damaged.")
    with pytest.raises(SystemExit), job("work", attempt(3, log)):
        worked.append("after an error")
    assert worked == ["after too little memory"]
    assert capsys.readouterr().err.count("error: results/data/digits.h5 is damaged.") == 2
    with job("work", attempt(1, log)):
        worked.append("in a new run")
    assert worked[-1] == "in a new run"


def test_a_full_disk_is_one_sentence(tmp_path, capsys):
    with (
        pytest.raises(SystemExit),
        job("work", attempt(1, tmp_path / "job.log")),
        open("/dev/full", "w") as full,
    ):
        full.write("results")
        full.flush()
    assert "the disk is full" in capsys.readouterr().err
