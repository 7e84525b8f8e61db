"""The SLURM profile on a real SLURM: what reaches the queue, tables like a local run's, faults that lose nothing."""

import os
import re
import signal
import subprocess
import sys
from collections import Counter

import psutil
import pytest
import yaml
from slurm import ask, cluster, wait_for

from project import copy_project, snakemake

STUDY = {  # every rule, on the paper's XXZ data
    "datasets": ["xxz"],
    "corruptions": ["label_flipping"],
    "alphas": [0.0, 0.3],
    "seeds": [0, 1],
    "methods": ["finetune", "scrub"],
    "architectures": {"qnn": {"depth": {"xxz": 2}}},
    "training": {"xxz": {"mlp": {"epochs": 3}, "qnn": {"epochs": 3}}},
    "unlearning": {"steps": 3, "architectures": {"mlp": ["mlp"]}},
    "landscape": {"alphas": [0.3], "architectures": {"mlp": ["mlp"]}},
}
IMAGES = "mnist" if os.environ.get("MNIST_DIR") else "digits"
SWEEP = {  # six models, each a job of its own, each with another misfortune
    "datasets": [IMAGES],
    "models": ["mlp"],
    "corruptions": ["label_flipping"],
    "alphas": [0.0, 0.3, 0.5],
    "seeds": [0, 1],
    "training": {IMAGES: {"mlp": {"epochs": 3}}},
    "mnist_split": "test",
    "alphas_per_job": 1,
    "seeds_per_job": 1,
}
CONFIGURATION = ["--configfile", "config.yaml", "presets/paper.yaml", "tiny.yaml"]
QUICK = ["--slurm-init-seconds-before-status-checks", "5"]
RESILIENCE = "results/tables/resilience.csv"


def project(folder, study):
    """The configuration that the profile names (the paper's preset) with a small study on top."""
    copy_project(folder)
    (folder / "tiny.yaml").write_text(yaml.safe_dump(study))
    return folder


def record(folder):
    """SLURM's own record of the jobs submitted from a folder, in order of submission."""
    jobs = [
        dict(re.findall(r"(\S+?)=(\S*)", text))
        for text in ask("scontrol", "show", "job", "-o").splitlines()
    ]
    return sorted(
        (job for job in jobs if job.get("WorkDir") == str(folder)),
        key=lambda job: int(job["JobId"]),
    )


def start(folder, profile, *targets):
    command = [
        sys.executable,
        "-m",
        "snakemake",
        *targets,
        "--profile",
        profile,
        *QUICK,
        *CONFIGURATION,
    ]
    with open(folder / "output.txt", "w") as output:
        return subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)


@pytest.fixture(scope="module", autouse=True)
def study(tmp_path_factory):
    """SLURM, and a first run by the profile as it is, which goes on while faults hit another."""
    with cluster(tmp_path_factory.mktemp("slurm")):
        folder = project(tmp_path_factory.mktemp("submitted"), STUDY)
        main = start(folder, "profiles/slurm")
        try:
            yield folder, main
        finally:
            main.send_signal(signal.SIGINT)
            main.wait(120)


@pytest.fixture(scope="module")
def submitted(study):
    folder, main = study
    assert main.wait(1200) == 0, (folder / "output.txt").read_text()
    return folder


def faulty_profile(folder):
    """The profile with a first attempt that has too little memory for one cell, too little time for another, and a
    node of its own for a third."""
    profile = yaml.safe_load((folder / "profiles/slurm/config.yaml").read_text())
    first = "attempt == 1 and (wildcards.alphas, wildcards.seeds) =="
    profile["set-resources"]["train_models"].update(
        slurm_partition="faulty",
        mem_mb=f"300 if {first} ('0.00', '0') else 8000",
        runtime=f"1 if {first} ('0.00', '1') else 60",
        slurm_extra=f"'--nodelist=f1' if {first} ('0.30', '0') else '--nodelist=f2'",
    )
    del profile["groups"], profile["group-components"]
    (folder / "profiles/faulty").mkdir()
    (folder / "profiles/faulty/config.yaml").write_text(yaml.safe_dump(profile))


def training(folder, job):
    """The process on this machine that trains for a job; None before it has started."""
    for process in psutil.process_iter():
        try:
            script = any("/.snakemake/scripts/" in part for part in process.cmdline())
            if script and process.environ().get("SLURM_JOB_ID") == job["JobId"]:
                return process
        except psutil.Error:
            continue


def running(folder, cell, after=0):
    """The running job of a cell, and its training process."""
    for job in record(folder):
        late = int(job["JobId"]) > after
        if (
            late
            and job["JobState"] == "RUNNING"
            and job["Comment"].endswith(cell)
            and (process := training(folder, job))
        ):
            return job, process


def state(job):
    return re.search(r"JobState=(\S+)", ask("scontrol", "show", "job", job["JobId"]))[1]


def test_faults_lose_nothing(tmp_path):
    """kill -9 of the main process; then kill -9 of a job, scancel, a node lost, a time limit, a memory limit."""
    folder = project(tmp_path, SWEEP)
    faulty_profile(folder)

    main = start(folder, "profiles/faulty", RESILIENCE)
    wait_for(lambda: sum(job["JobState"] == "RUNNING" and "train" in job["Comment"] for job in record(folder)) >= 2,
             300, "training jobs")  # fmt: skip
    main.kill()
    main.wait()
    left = [job for job in record(folder) if job["JobState"] in ("RUNNING", "PENDING")]
    assert left
    refused = start(folder, "profiles/faulty", RESILIENCE)
    assert refused.wait(300) and "--unlock" in (folder / "output.txt").read_text()
    recovered = subprocess.run(
        [sys.executable, "workflow/scripts/recover.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert recovered.returncode == 0, recovered.stdout + recovered.stderr
    assert f"cancelling {len(left)} jobs" in recovered.stdout
    old = max(int(job["JobId"]) for job in record(folder))

    main = start(folder, "profiles/faulty", RESILIENCE)
    try:
        victims = {}

        def caught():
            """Holds each victim until its fault comes; that of 0.00_1 is the time limit."""
            for cell in {"0.00_1", "0.30_0", "0.30_1", "0.50_0"} - set(victims):
                if found := running(folder, cell, after=old):
                    victims[cell] = found
                    found[1].send_signal(signal.SIGSTOP)
            return len(victims) == 4

        wait_for(caught, 300, "four training jobs")
        victims["0.30_1"][1].kill()
        ask("scancel", victims["0.50_0"][0]["JobId"])
        ask("scontrol", "update", "nodename=f1", "state=down", "reason=test")
        wait_for(
            lambda: state(victims["0.30_0"][0]) == "NODE_FAIL", 300, "a job on a lost node to fail"
        )
        subprocess.run(["scontrol", "update", "nodename=f1", "state=resume"], capture_output=True)
        assert main.wait(1200) == 0, (folder / "output.txt").read_text()
    finally:
        main.send_signal(signal.SIGINT)
        main.wait(120)

    ends = {}
    for job in record(folder):
        if int(job["JobId"]) > old and "train" in job["Comment"]:
            ends.setdefault(job["Comment"][-6:], []).append(job["JobState"])
    print(ends)
    assert ends["0.30_0"] == ["NODE_FAIL", "COMPLETED"]
    assert ends["0.00_1"] == ["TIMEOUT", "COMPLETED"]
    assert ends["0.30_1"] == ["FAILED", "COMPLETED"]
    assert ends["0.50_0"] == ["CANCELLED", "COMPLETED"]
    assert ends["0.00_0"] == ["FAILED", "COMPLETED"]
    logs = [path.read_text() for path in (folder / "logs/slurm").rglob("*_0.00_0/*.log")]
    assert sum("exceeded memory limit" in text for text in logs) >= 1
    assert ends["0.50_1"] == ["COMPLETED"]

    whole = project(tmp_path / "undisturbed", {**SWEEP, "alphas_per_job": 3, "seeds_per_job": 2})
    snakemake(whole, RESILIENCE, *CONFIGURATION)
    assert (folder / RESILIENCE).read_bytes() == (whole / RESILIENCE).read_bytes()
    files = [path for path in (folder / "results").rglob("*") if path.is_file()]
    assert Counter(path.suffix for path in files) == {".h5": 7, ".csv": 1, ".tsv": 8}, (
        files
    )  # nothing half-written; timings of seven jobs and of the table


def test_what_reaches_slurm(submitted):
    assert (
        "profiles/default" in (submitted / "output.txt").read_text()
    )  # read too, and in nobody's way
    kinds = {}
    for job in record(submitted):
        kinds.setdefault(re.match(r"(?:rule|group)_([a-z0-9]+)", job["Comment"])[1], []).append(job)
    on_gpu = ("gpu", "g", "gres:gpu:1", "2", "8000M", "01:00:00")
    on_cpu = ("cpu", "c", None, "1", "4000M")
    expected = {
        "build": (1, (*on_cpu, "00:30:00")),
        "train": (2, on_gpu),
        "unlearn": (2, on_gpu),  # two methods of a sweep, half an hour each, share an allocation
        "landscape": (2, on_gpu),
        "fig1": (1, (*on_cpu, "01:00:00")),  # the table, then the figure
        "fig2": (
            1,
            ("cpu", "c", None, "2", "8000M", "01:00:00"),
        ),  # two tables beside each other, then the figure
        "draw": (1, (*on_cpu, "00:30:00")),  # Fig. 4 by itself
    }
    assert set(kinds) == {*expected, "fig3"} and len(kinds["fig3"]) == 1
    for kind, (number, requested) in expected.items():
        assert len(kinds[kind]) == number
        for job in kinds[kind]:
            cpus, memory = job["CPUs/Task"], job["MinMemoryNode"]
            node = job["NodeList"][0]
            assert (
                job["Partition"],
                node,
                job.get("TresPerJob"),
                cpus,
                memory,
                job["TimeLimit"],
            ) == requested, job
            assert (job["JobState"], job["Account"], job["Requeue"]) == (
                "COMPLETED",
                "your_account",
                "0",
            ), job
    assert {job["Comment"] for job in kinds["train"]} == {
        f"rule_train_xxz_{model}_label_flipping_train_models" for model in ("mlp", "qnn")
    }


def test_tables_equal_those_of_a_local_run(submitted, tmp_path):
    """Also with another grouping of cells into jobs."""
    cache = {"compilation_cache": str(submitted / ".cache/jax")}
    folder = project(tmp_path, {**STUDY, "seeds_per_job": 1, "paths": cache})
    snakemake(folder, "tables", *CONFIGURATION)
    for name in ("resilience", "unlearning", "landscape"):
        table = f"results/tables/{name}.csv"
        assert (submitted / table).read_bytes() == (folder / table).read_bytes(), name
    for name in ("fig1", "fig2", "fig3", "fig4"):
        assert (submitted / f"results/figs/{name}.pdf").read_bytes().startswith(b"%PDF")
