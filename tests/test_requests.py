"""What jobs ask a cluster for: every rule's memory and time, against what was measured and for large systems."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
import yte

from project import ROOT, TINY, built, copy_project, plan
from qunlearn.config.requests import Requests, Sweep
from qunlearn.parts.datasets.file import File

pytestmark = pytest.mark.workflow
TARGETS = ["everything", "results/claims.md", "results/report.html", "benchmark"]
MEASURED = ROOT / "tests" / "cluster" / "measured.csv"
#: What a job asks for over what it was seen to hold, at least.
MARGIN = 2
#: Jobs that share an allocation with none: one of a kind, or of data alone.
ALONE = {
    "build_dataset", "fetch_dataset", "measure_gradients", "decide_claims", "compare_published", "write_report",
    "draw_fig4",
}  # fmt: skip


def read(folder, overrides, targets):
    """The workflow as Snakemake reads it in a folder, with these targets planned."""
    from snakemake.api import SnakemakeApi
    from snakemake.settings import types

    (folder / "tiny.yaml").write_text(yaml.safe_dump(overrides))
    files = [folder / "config.yaml", folder / "tiny.yaml"]
    with SnakemakeApi(types.OutputSettings(quiet={types.Quietness.ALL})) as api:
        opened = api.workflow(
            resource_settings=types.ResourceSettings(cores=2),
            config_settings=types.ConfigSettings(configfiles=files),
            snakefile=folder / "Snakefile",
            workdir=folder,
        )
        opened.dag(types.DAGSettings(targets=set(targets)))
        workflow = opened._workflow
        workflow._prepare_dag(forceall=True, ignore_incomplete=True, lock_warn_only=True)
        workflow._build_dag()
        return workflow


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Everything that can be asked for, of a small study."""
    folder = copy_project(tmp_path_factory.mktemp("small"))
    control = {"name": "early stopping", "panel": "MLP tamed", "models": ["mlp~early_stopping=0.2"]}
    overrides = {"controls": {"runs": [control]}, "datasets": ["digits", "xxz"]}
    return read(folder, TINY | overrides, TARGETS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The study as it comes, with the architectures that were measured beside."""
    folder = copy_project(tmp_path_factory.mktemp("whole"))
    overrides = yaml.safe_load((ROOT / "tests/cluster/measured.yaml").read_text())
    return read(folder, overrides, ["results/data/digits.h5"])


def asked(rule, wildcards, attempt=1):
    """MiB and minutes."""
    found = rule.expand_resources(wildcards, [], attempt)
    return found["mem_mb"], found["runtime"]


def asked_for(workflow, path):
    """MiB and minutes of the job that makes a file."""
    rules = [rule for rule in workflow.rules if rule.is_producer(path)]
    return asked(rules[0], rules[0].get_wildcards(path))


def made(workflow):
    """Rules that make something."""
    return {rule.name for rule in workflow.rules if rule.output}


def test_every_job_asks_for_memory_and_time_and_for_more_after_a_failure(small):
    jobs = [job for job in small.dag.jobs if job.rule.output]
    assert made(small) - {job.rule.name for job in jobs} == {"fetch_dataset", "compare_published"}
    for job in jobs:
        memory, minutes = asked(job.rule, job.wildcards)
        assert memory >= 2000, job
        assert minutes >= 30, job
        for attempt in (2, 3):
            more = asked(job.rule, job.wildcards, attempt)
            assert more == (attempt * memory, attempt * minutes), job


def test_rules_that_no_target_needs_ask_too(small):
    for rule in small.rules:
        assert not rule.output or {"mem_mb", "runtime"} <= set(rule.resources), rule.name


def measured():
    return pd.read_csv(MEASURED, comment="#").fillna({"job": ""})


@pytest.mark.parametrize(
    "row", list(measured().itertuples(index=False)), ids=lambda row: f"{row.rule} {row.job}"
)
def test_a_job_asks_for_twice_what_it_was_seen_to_use(whole, row):
    rule = whole.get_rule(row.rule)
    path = "/".join(["results/benchmarks", row.rule, *row.job.split()]) + ".tsv"
    memory, minutes = asked(rule, rule.benchmark.match(path).groupdict())
    assert memory >= MARGIN * row.memory
    assert 60 * minutes >= MARGIN * row.seconds


def test_every_rule_that_is_timed_was_measured(whole):
    timed = {rule.name for rule in whole.rules if rule.benchmark} - {"fetch_dataset"}
    tables = {name for name in timed if name.startswith("tabulate_")}
    assert timed - tables - {"decide_claims", "compare_published"} <= set(measured().rule)


BLOCK = "label_flipping/alpha0.00-0.90/seed0-4.h5"


def test_twenty_sites_ask_for_what_all_amplitudes_need(whole):
    """396 states of 2^20 complex amplitudes are 6336 MiB; a training job holds them about 1.7 times."""
    held = 396 * 2**20 * 16 / 2**20
    assert asked_for(whole, "results/data/xxz~length=20.h5")[0] > MARGIN * 1.3 * held
    assert asked_for(whole, f"results/train/xxz~length=20/qnn/{BLOCK}")[0] > MARGIN * 1.7 * held
    assert asked_for(whole, "results/data/xxz.h5")[0] == 2000


def requests(**overrides):
    return Requests(plan(**overrides))


def test_the_table_of_all_lengths_asks_for_all_their_data():
    lengths = yaml.safe_load((ROOT / "presets/scaling.yaml").read_text())["beyond"]["scaling"]
    long = plan().config["beyond"] | {"scaling": plan().config["beyond"]["scaling"] | lengths}
    assert requests(beyond=long).table("scaling").megabytes > 2 * 6336


#: A change of the study -> what grows with it.
@pytest.mark.parametrize(
    ("less", "more"),
    [
        ({"seeds": [0, 1]}, {"seeds": list(range(50))}),
        ({"precision": "single"}, {"precision": "double"}),
    ],
)
def test_more_models_and_wider_numbers_ask_for_more(less, more):
    sweep = Sweep("mnist", "mlp_wide", "label_flipping")
    wide = {"mlp_wide": {"family": "mlp", "hidden": [8192]}}
    found = []
    for change in (less, more):
        architectures = plan().config["architectures"] | wide
        those = requests(architectures=architectures, **change)
        found.append(those.train(sweep, 10, len(those.plan.grid.seeds)).megabytes)
    assert found[1] > 1.5 * found[0]
    assert found[0] > MARGIN * 20 * 785 * 8192 * 16 / 2**20  # parameters, gradient, two means


def test_kernel_models_ask_for_what_each_sees_of_the_samples():
    """All pairs of samples count once for a job, those with what a model was trained on for each."""
    source, samples = plan().source("digits"), sum(plan().counts("digits"))
    train, _ = plan().counts("digits")
    part = plan().model("digits", "svm_rbf")
    few, many = (part.numbers_held(source, samples, models) for models in (100, 2100))
    assert many - few == 2000 * samples * train


def test_corrupted_features_ask_for_a_twin_of_every_sample():
    sweeps = [
        Sweep("xxz~length=16", "mlp", name) for name in ("label_flipping", "feature_randomization")
    ]
    plain, random = (requests().train(sweep, 10, 5).megabytes for sweep in sweeps)
    assert random > 3 * plain


def test_a_scan_asks_for_all_its_models_and_a_spectrum_for_its_basis():
    config = plan().config
    supplement = config["supplement"]
    many = {
        "lambda_kl": [0.001 * n for n in range(50)],
        "lambda_fo": [0.001 * n for n in range(50)],
    }
    larger = supplement | {
        "scan": supplement["scan"] | {"scrub": many},
        "spectrum": supplement["spectrum"] | {"exact": 20_000},
    }
    sweep = Sweep("xxz", "mlp", "label_flipping")
    for ask in (
        lambda those: those.plan.study("scan").request(those, sweep, "scrub", [0, 1, 2, 3, 4]),
        lambda those: those.analyse("spectrum", sweep, 2, 5),
    ):
        assert ask(requests(supplement=larger)).megabytes > 2 * ask(requests()).megabytes


def test_data_and_models_are_looked_at_once_however_many_jobs_there_are(monkeypatch):
    those, looked = requests(), []
    for name in ("data_options", "architecture"):
        find = getattr(those.plan, name)

        def look(*names, find=find):
            looked.append(names)
            return find(*names)

        monkeypatch.setattr(those.plan, name, look)
    for _ in range(1000):
        those.train(Sweep("xxz", "mlp", "label_flipping"), 1, 1)
    assert len(looked) == 2


# -- how many samples there are ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("digits", {"train_fraction": 0.6, "seed": 0}),
        ("digits", {"train_fraction": 0.3, "seed": 0, "train_per_class": 20}),
        ("xxz", {"length": 4, "gauge": "fixed", "seed": 0}),
        ("xxz", {"length": 4, "gauge": "fixed", "seed": 0, "train_per_class": 9}),
    ],
)
def test_a_source_knows_how_many_samples_it_has(name, options):
    from qunlearn.parts.registry import find

    train, validation = find("dataset", name)(**options).sample_counts()
    data = built(name, **options)
    assert abs(train - len(data.y_train)) <= 1
    assert abs(validation - len(data.y_validation)) <= 1


@pytest.fixture(params=[".csv", ".npz", ".h5"])
def own(request, tmp_path, rng):
    """A file of 900 samples."""
    import h5py

    path = tmp_path / f"mine{request.param}"
    x, y = rng.random((900, 5)), np.arange(900) % 2
    if path.suffix == ".csv":
        pd.DataFrame(x).assign(y=y).to_csv(path, index=False)
    elif path.suffix == ".npz":
        np.savez_compressed(path, x=x, y=y, x_validation=x[:100], y_validation=y[:100])
    else:
        with h5py.File(path, "w") as file:
            file.update({"x": x, "y": y})
    return path


def test_a_file_is_counted_by_its_head(own):
    train, validation = File(file=str(own), train_fraction=0.5).sample_counts()
    assert (train, validation) == pytest.approx(
        (900, 100) if own.suffix == ".npz" else (450, 450), rel=0.02
    )


def test_a_file_that_cannot_be_read_is_not_counted(tmp_path):
    broken = tmp_path / "mine.npz"
    broken.write_text("nothing")
    assert File(file=str(broken)).sample_counts() is None
    assert File(file=str(broken)).shape() is None
    assert File(file=str(tmp_path / "absent.csv")).sample_counts() is None


# -- profiles ----------------------------------------------------------------------------------------------------------
def profile(name):
    """A profile as Snakemake reads it, from the project's folder."""
    with open(ROOT / "profiles" / name / "config.yaml") as file:
        return yte.process_yaml(file, require_use_yte=True)


@pytest.fixture
def profiles(monkeypatch):
    monkeypatch.chdir(ROOT)
    return profile("slurm"), profile("slurm-cpu")


def test_the_profile_without_gpus_is_the_other_one_without_its_gpus(profiles):
    with_gpus, without = profiles
    assert {key: value for key, value in with_gpus.items() if key != "set-resources"} == without
    assert not re.search("gpu", yaml.safe_dump(without), re.I)
    assert all(lines["gpu"] == 1 for lines in with_gpus["set-resources"].values())


def test_memory_and_time_are_the_rules_own(profiles):
    for lines in profiles[0]["set-resources"].values():
        assert not {"mem_mb", "mem", "runtime"} & set(lines)


def test_profiles_name_rules_that_exist_and_place_every_rule(profiles, small):
    """A new rule gets a line in the profile, or stands among those that share an allocation with none."""
    with_gpus, _ = profiles
    rules = made(small)
    assert set(with_gpus["set-resources"]) <= rules
    assert set(with_gpus["groups"]) == rules - ALONE
    assert rules >= ALONE
    assert set(with_gpus["group-components"]) == {
        group for group in with_gpus["groups"].values() if "{" in group
    }


def test_every_analysis_of_trained_models_has_a_gpu(profiles, small):
    on_gpu = set(profiles[0]["set-resources"])
    assert {name for name in made(small) if name.startswith("analyse_")} <= on_gpu


def test_what_was_asked_for_and_used_is_reported(profiles):
    for one in profiles:
        assert one["slurm-efficiency-report"] is True
        assert Path(one["slurm-efficiency-report-path"]) == Path("logs/slurm")
