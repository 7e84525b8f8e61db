"""The profiles on a real SLURM: what reaches the queue, tables like a local run's, faults that lose nothing."""

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

STUDY = {  # a job of every kind of rule, on data that need no download
    "datasets": ["digits"],
    "corruptions": ["label_flipping"],
    "alphas": [0.0, 0.3],
    "seeds": [0, 1],
    "methods": ["finetune", "scrub"],
    "architectures": {"qnn": {"depth": {"digits": 2}}},
    "training": {"digits": {"mlp": {"epochs": 3}, "qnn": {"epochs": 3}}},
    "unlearning": {"steps": 3, "architectures": {"mlp": ["mlp"]}},
    "landscape": {"alphas": [0.3], "architectures": {"mlp": ["mlp"]}},
    "toy": {"points": 20, "qubits": 2, "training": {"mlp": {"epochs": 5}, "qnn": {"epochs": 5}}},
    "surface": {"steps": 2},
    "supplement": {
        "models": ["mlp", "qnn"],
        "capacity": {"models": ["mlp", "qnn"]},
        "spectrum": {"steps": 10, "probes": 2},
        "scan": {"scrub": {"lambda_kl": [0.0, 0.3], "lambda_fo": [0.2]}},
    },
    "beyond": {
        "gradients": {"depths": [1], "trained_depths": [2], "draws": 3},
        "membership": {"schedules": ["unlearning"]},
    },
    "controls": {"runs": []},
    "benchmark": {"runs": 1, "seconds": 0.1},
    "published": {"dir": "published"},
}
POISONED = "digits/mlp/label_flipping/alpha0.30"
ASKED = [  # what asks for a job of every kind, but for claims, which ask for every study
    "results/figs/fig3.pdf",
    "results/tables/models.csv",
    "results/tables/capacity.csv",
    "results/tables/surface.csv",
    "results/tables/toy.csv",
    "results/tables/reproduction.csv",
    "results/figs/fig1.pdf",
    f"results/scan/{POISONED}/scrub/seed0-1.h5",
    f"results/audit/{POISONED}/seed0-1.h5",
    f"results/cost/{POISONED}.json",
    "results/gradients/digits.csv",
    "results/spectrum/digits/mlp/label_flipping/alpha0.00-0.30/seed0-1.h5",
    "results/benchmarks/rows/project/mlp_digits/replicas1.json",
]
ON_GPU = [  # stages that a GPU is asked for
    f"results/unlearn/{POISONED}/{method}/seed0-1.h5" for method in ("finetune", "scrub")
]
IMAGES = "mnist" if os.environ.get("MNIST_DIR") else "digits"
SWEEP = {  # six models, each a job of its own, each with another misfortune
    "datasets": [IMAGES],
    "models": ["mlp"],
    "corruptions": ["label_flipping"],
    "alphas": [0.0, 0.3, 0.5],
    "seeds": [0, 1],
    "training": {IMAGES: {"mlp": {"epochs": 300}}},  # seconds: they are caught while they run
    "mnist_split": "test",
    "alphas_per_job": 1,
    "seeds_per_job": 1,
}
CONFIGURATION = ["--configfile", "config.yaml", "tiny.yaml"]
PUBLISHED = """dataset,model,corruption,alpha,run,train_accuracy,val_accuracy
digits,mlp,label_flipping,0.0,0,1.0,1.0
digits,mlp,label_flipping,0.0,1,1.0,1.0
"""
QUICK = ["--slurm-init-seconds-before-status-checks", "5"]
RESILIENCE = "results/tables/resilience.csv"


def project(folder, study):
    """The project with a small study, and one published number to compare it with."""
    copy_project(folder)
    (folder / "published").mkdir()
    (folder / "published/resilience.csv").write_text(PUBLISHED)
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
def studies(tmp_path_factory):
    """SLURM, and runs by both profiles as they are, which go on while faults hit another."""
    with cluster(tmp_path_factory.mktemp("slurm")):
        runs = {}
        try:
            for profile, targets in (("slurm-cpu", ASKED), ("slurm", ON_GPU)):
                folder = project(tmp_path_factory.mktemp(profile), STUDY)
                runs[profile] = folder, start(folder, f"profiles/{profile}", *targets)
            yield runs
        finally:
            for _, main in runs.values():
                main.send_signal(signal.SIGINT)
                main.wait(120)


def finished(run):
    folder, main = run
    assert main.wait(1200) == 0, (folder / "output.txt").read_text()
    return folder


@pytest.fixture(scope="module")
def without_gpus(studies):
    return finished(studies["slurm-cpu"])


@pytest.fixture(scope="module")
def with_gpus(studies):
    return finished(studies["slurm"])


def faulty_profile(folder):
    """The profile with a first attempt that has too little memory for one cell, too little time for another, and a
    node of its own for a third."""
    profile = yaml.safe_load((folder / "profiles/slurm/config.yaml").read_text())
    first = "attempt == 1 and (wildcards.alphas, wildcards.seeds) =="
    profile["set-resources"]["train_models"] = {
        "slurm_partition": "faulty",
        "gpu": 1,
        "mem_mb": f"300 if {first} ('0.00', '0') else 8000",
        "runtime": f"1 if {first} ('0.00', '1') else 60",
        "slurm_extra": f"'--nodelist=f1' if {first} ('0.30', '0') else '--nodelist=f2'",
    }
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


def first(folder, cell, after):
    """The first job of a cell since; None before it was submitted."""
    for job in record(folder):
        if int(job["JobId"]) > after and job["Comment"].endswith(cell):
            return job


def running(folder, cell, after):
    """The first job of a cell since, and its training process; None where that does not run."""
    job = first(folder, cell, after)
    if job and job["JobState"] == "RUNNING" and (process := training(folder, job)):
        return job, process


def state(job):
    return re.search(r"JobState=(\S+)", ask("scontrol", "show", "job", job["JobId"]))[1]


def test_faults_lose_nothing(tmp_path):
    """kill -9 of the main process; then kill -9 of a job, scancel, a node lost, a time limit, a memory limit."""
    folder = project(tmp_path, SWEEP)
    faulty_profile(folder)

    main = start(folder, "profiles/faulty", RESILIENCE)
    left = []

    def two_are_left():
        """Holds training jobs where they are, so that they are still there when the main process is not."""
        for job in record(folder):
            is_new = job["JobId"] not in {one["JobId"] for one in left}
            is_training = job["JobState"] == "RUNNING" and "train" in job["Comment"]
            if is_new and is_training and (process := training(folder, job)):
                process.send_signal(signal.SIGSTOP)
                left.append(job)
        return len(left) >= 2

    try:
        wait_for(two_are_left, 300, "two training jobs")
    finally:
        main.kill()
        main.wait()
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
    assert "unlocked" in recovered.stdout
    assert not {state(job) for job in left} & {"RUNNING", "PENDING"}
    old = max(int(job["JobId"]) for job in record(folder))

    main = start(folder, "profiles/faulty", RESILIENCE)
    try:
        victims = {}

        def caught():
            """Holds each victim until its fault comes; that of 0.00_1 is the time limit, which may come first."""
            for cell in {"0.00_1", "0.30_0", "0.30_1", "0.50_0"} - set(victims):
                if found := running(folder, cell, after=old):
                    victims[cell] = found
                    found[1].send_signal(signal.SIGSTOP)
            limited = first(folder, "0.00_1", after=old)
            late = {"0.00_1"} if limited and limited["JobState"] == "TIMEOUT" else set()
            return len(late | set(victims)) == 4

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
    # nothing half-written; timings of seven jobs and of the table, and the table's record
    kinds_of_files = Counter(path.suffix for path in files)
    assert kinds_of_files == {".h5": 7, ".csv": 1, ".tsv": 8, ".json": 1}, files


def kinds(folder):
    """The submitted jobs by the first word of their rule or group."""
    found = {}
    for job in record(folder):
        name = re.match(r"(?:rule|group)_([a-z0-9]+)", job["Comment"])[1]
        found.setdefault(name, []).append(job)
    return found


def requested(job):
    """Partition, GPUs, cores, MiB and minutes, as SLURM has them."""
    hours, minutes, _ = map(int, job["TimeLimit"].rpartition("-")[2].split(":"))
    gpus = job.get("TresPerJob")
    return job["Partition"], gpus, job["CPUs/Task"], job["MinMemoryNode"], 60 * hours + minutes


def test_a_job_of_every_kind_runs_without_gpus_within_what_it_asked_for(without_gpus):
    """SLURM stops a job that takes more memory than it asked for: none was submitted twice."""
    found = kinds(without_gpus)
    assert set(found) == {
        "build", "train", "unlearn", "landscape", "spectrum", "scan", "audit", "timing", "measure", "fig1", "fig2",
        "fig3", "models", "capacity", "compare", "benchmark", "convergence",
    }  # fmt: skip
    for jobs in found.values():
        assert len({job["Comment"] for job in jobs}) == len(jobs)
        for job in jobs:
            partition, gpus, cores, memory, minutes = requested(job)
            assert (partition, gpus, cores) == ("cpu", None, "1"), job
            assert memory in ("2000M", "4000M"), job
            assert minutes >= 30, job
            ends = job["JobState"], job["Account"], job["Requeue"]
            assert ends == ("COMPLETED", "your_account", "0"), job
    assert requested(found["build"][0])[3] == "2000M"
    for job in found[
        "unlearn"
    ]:  # two methods behind each other: the memory of one, the time of both
        assert requested(job)[3] == "4000M"
        assert requested(job)[4] >= 60


def test_a_run_without_an_accounting_database_ends_well(without_gpus):
    """It is then said that there is nothing to report on the use of what was asked for."""
    text = (without_gpus / "output.txt").read_text()
    assert "Failed to retrieve job data" in text
    assert "profiles/default" in text  # read too, and in nobody's way


def test_stages_of_the_pipeline_ask_for_a_gpu(with_gpus):
    found = kinds(with_gpus)
    assert set(found) == {"build", "train", "unlearn"}
    for name in ("train", "unlearn"):
        [job] = found[name]
        assert job["NodeList"] == "g1"
        assert requested(job)[:4] == ("gpu", "gres:gpu:1", "2", "4000M")
    assert requested(found["build"][0])[:4] == ("cpu", None, "1", "2000M")
    [job] = found["train"]
    assert job["Comment"] == "rule_train_digits_mlp_label_flipping_train_models"


def test_tables_equal_those_of_a_local_run(without_gpus, tmp_path):
    """Also with another grouping of cells into jobs."""
    folder = project(tmp_path / "local", {**STUDY, "seeds_per_job": 1})
    snakemake(folder, "tables", *CONFIGURATION)
    for name in ("resilience", "unlearning", "landscape"):
        table = f"results/tables/{name}.csv"
        assert (without_gpus / table).read_bytes() == (folder / table).read_bytes(), name
    assert (without_gpus / "results/figs/fig1.pdf").read_bytes().startswith(b"%PDF")
