"""The workflow as a user runs it: a reduced study end to end, what reruns when something changes, and refusals."""

import json
import re
import subprocess
import sys

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml

from project import ROOT, copy_project, planned, snakemake, snapshot
from qunlearn.runtime import clock

pytestmark = pytest.mark.workflow


def test_tables_have_their_columns_and_rows(study):
    tables = study / "results" / "tables"
    resilience = pd.read_csv(tables / "resilience.csv")
    assert list(resilience.columns) == [
        "dataset", "model", "corruption", "alpha", "seed", "train_accuracy", "val_accuracy", "train_loss", "val_loss",
        "collapsed",
    ]  # fmt: skip
    assert len(resilience) == 2 * 2 * 2
    unlearning = pd.read_csv(tables / "unlearning.csv")
    assert list(unlearning.columns) == [
        "dataset", "model", "corruption", "alpha", "method", "seed", "step", "train_accuracy", "val_accuracy",
        "retain_accuracy", "forget_accuracy", "val_loss", "collapsed",
    ]  # fmt: skip
    assert len(unlearning) == 2 * 2 * 2 * 6
    landscape = pd.read_csv(tables / "landscape.csv")
    assert list(landscape.columns) == [
        "dataset", "model", "corruption", "alpha", "seed", "eval_set", "trace", "gauss_newton", "residual",
        "top_eigenvalue", "lrr", "val_accuracy", "collapsed",
    ]  # fmt: skip
    assert len(landscape) == 2 * 2 * 2 * 2
    assert np.all(landscape[landscape.alpha == 0].lrr == 1)
    np.testing.assert_allclose(
        landscape.gauss_newton + landscape.residual, landscape.trace, rtol=1e-8
    )
    # step 0 of unlearning is the end of training
    last = resilience[resilience.alpha == 0.3].set_index(["model", "seed"]).val_accuracy
    first = unlearning[(unlearning.step == 0) & (unlearning.method == "finetune")].set_index(
        ["model", "seed"]
    )
    pd.testing.assert_series_equal(first.val_accuracy, last, check_names=False)


#: Words that a figure of the reduced study cannot do without.
SAID = {
    "fig1": {"label flipping", "t-SNE 1", "labelled digit 9"},
    "fig2": {"corrupted fraction α", "train", "validation", "QNN"},
    "fig3": {"finetune", "scrub", "unlearning step (epochs)", "Tr H(α) / Tr H(0)"},
    "fig4": {"layer 1", "ReLU", "logit"},
}


def words_of(pdf):
    """Those of the words that a PDF says."""
    from pypdf import PdfReader

    text = PdfReader(pdf).pages[0].extract_text()
    return {phrase for phrases in SAID.values() for phrase in phrases if phrase in text}


def test_files_say_where_they_come_from(study):
    path = study / "results/train/digits/qnn/label_flipping/alpha0.00-0.30/seed0-1.h5"
    with h5py.File(path) as file:
        assert {"settings", "versions", "git_revision", "device", "python"} <= set(file.attrs)
        assert file["history/train_loss"].shape == (4, 11)
        assert "cross-entropy" in file["history/train_loss"].attrs["units"]
    for name in ("fig1", "fig2", "fig3", "fig4"):
        text = words_of(study / f"results/figs/{name}.pdf")
        assert SAID[name] <= text, SAID[name] - text


def test_every_job_shows_progress(study):
    text = (study / "output.txt").read_text()
    for title in (
        "train digits qnn",
        "unlearn digits mlp",
        "landscape digits qnn",
        "table resilience",
    ):
        assert re.search(rf"{title}.*\| 100 % \|", text), title


def test_the_main_figures_compile_no_more_programs_than_they_did(study):
    """Of all jobs together, those that come from a cache, too. Lower the bound when there are fewer."""
    number, spent = clock.together(sorted((study / "logs").rglob("*.log")))
    assert number > 20
    assert spent.programs <= 190


def test_nothing_to_do_twice(study):
    assert planned(study) == {}


def test_a_changed_hyperparameter_reruns_what_depends_on_it_and_nothing_else(study, tmp_path):
    override = tmp_path / "override.yaml"
    override.write_text(yaml.safe_dump({"unlearning": {"scrub": {"lambda_fo": 0.5}}}))
    figure = {"tabulate_unlearning": 1, "tabulate_convergence": 1, "draw_fig3": 1, "all": 1}
    assert planned(study, "--configfile", "tiny.yaml", str(override)) == {
        "unlearn_models": 2,
        **figure,
    }
    override.write_text(yaml.safe_dump({"training": {"digits": {"qnn": {"learning_rate": 0.02}}}}))
    assert planned(study, "--configfile", "tiny.yaml", str(override)) == {
        "train_models": 1, "unlearn_models": 3, "analyse_landscape": 1, "tabulate_resilience": 1,
        "tabulate_landscape": 1, "tabulate_surface": 1, "draw_fig2": 1, **figure,
    }  # fmt: skip


CURVATURE = {"analyse_landscape": 2, "tabulate_landscape": 1, "tabulate_surface": 1, "draw_fig3": 1}
QNN = {
    "train_models": 1, "unlearn_models": 3, "analyse_landscape": 1, "tabulate_resilience": 1, "tabulate_unlearning": 1,
    "tabulate_convergence": 1, "tabulate_landscape": 1, "tabulate_surface": 1, "train_toy": 1, "draw_fig2": 1,
    "draw_fig3": 1, "draw_fig4": 1,
}  # fmt: skip


MODULES = {
    "landscape/curvature.py": CURVATURE,
    "parts/methods/scrub.py": {
        "unlearn_models": 2,
        "tabulate_unlearning": 1,
        "tabulate_convergence": 1,
        "draw_fig3": 1,
    },
    "studies/resilience/figure.py": {"draw_fig2": 1},
    "studies/resilience/table.py": {"tabulate_resilience": 1, "draw_fig2": 1},
    "parts/models/qnn.py": QNN,
    "parts/datasets/mnist.py": {},
    "studies/membership/measures.py": {},
}


@pytest.mark.parametrize(("module", "rules"), MODULES.items())
def test_a_changed_module_reruns_what_uses_it_and_nothing_else(module, rules, study):
    path = study / "workflow" / "qunlearn" / module
    before = path.read_text()
    try:
        path.write_text(before + "\nCHANGED = 1\n")
        found = planned(study)
    finally:
        path.write_text(before)
    assert found == ({**rules, "all": 1} if rules else {})


def test_comments_rerun_nothing(study):
    modules = [study / "workflow/qunlearn" / name for name in ("quantum/lightcone.py", *MODULES)]
    before = [path.read_text() for path in modules]
    try:
        for path, text in zip(modules, before):
            path.write_text(text + "\n# a comment\n")
        found = planned(study)
    finally:
        for path, text in zip(modules, before):
            path.write_text(text)
    assert found == {}


@pytest.mark.parametrize(
    "arguments",
    [["--config", "alpha=[0.1]"], ["--configfile", "bad.yaml"]],
)
def test_a_bad_configuration_is_refused_before_anything_is_touched(arguments, study):
    (study / "bad.yaml").write_text("architectures: {qnn: {depth: 0}}\n")
    before = snapshot(study)
    text = snakemake(study, *arguments, "--forceall", check=False)
    assert "nothing was started" in text and "Traceback" not in text
    assert snapshot(study) == before


def test_one_job_per_cell_gives_the_same_tables(study):
    one_by_one = [
        "alphas_per_job=1",
        "seeds_per_job=1",
        "models=[mlp]",
        "paths={results: results2}",
    ]
    snakemake(study, "results2/tables/resilience.csv", "--config", *one_by_one)
    assert len(list((study / "results2/train").rglob("seed?.h5"))) == 4
    split = pd.read_csv(study / "results2/tables/resilience.csv")
    whole = pd.read_csv(study / "results/tables/resilience.csv")
    pd.testing.assert_frame_equal(split, whole[whole.model == "mlp"].reset_index(drop=True))


ACCURACIES = ["train_accuracy", "val_accuracy"]


def test_the_number_of_threads_does_not_change_accuracies(study):
    threads = ["--set-threads", "train_models=2", "--config", "paths={results: results3}"]
    snakemake(study, "results3/tables/resilience.csv", "--cores", "2", *threads)
    two = pd.read_csv(study / "results3/tables/resilience.csv")
    one = pd.read_csv(study / "results/tables/resilience.csv")
    pd.testing.assert_frame_equal(two[ACCURACIES], one[ACCURACIES], check_exact=True)


def test_the_same_command_twice_gives_the_same_bytes_wherever_files_lie(study, tmp_path):
    folder = copy_project(tmp_path / "project")
    before = snapshot(folder)
    paths = {
        name: str(tmp_path / "elsewhere" / name) for name in ("results", "logs", "mnist", "scratch")
    }
    paths["compilation_cache"] = str(tmp_path / "elsewhere" / "jax")
    settings = yaml.safe_load((folder / "tiny.yaml").read_text()) | {"paths": paths}
    (tmp_path / "moved.yaml").write_text(yaml.safe_dump(settings))
    snakemake(folder, "tables", "--configfile", str(tmp_path / "moved.yaml"))
    for name in ("resilience", "unlearning", "landscape"):
        table = f"tables/{name}.csv"
        assert (tmp_path / "elsewhere/results" / table).read_bytes() == (
            study / "results" / table
        ).read_bytes(), name
    assert {path.name for path in (tmp_path / "elsewhere").iterdir()} == {
        "results",
        "logs",
        "jax",
        "scratch",
    }
    assert snapshot(folder) == before


def test_comparison_models_have_a_table_and_a_figure(study):
    compared = {"supplement": {"figures": ["models"], "models": ["mlp", "qnn", "logistic", "knn"]}}
    (study / "compared.yaml").write_text(yaml.safe_dump(compared))
    files = ["--configfile", "tiny.yaml", "compared.yaml"]
    assert planned(study, "supplement", *files) == {
        "train_models": 2, "tabulate_models": 1, "draw_models": 1, "supplement": 1,
    }  # fmt: skip
    snakemake(study, "results/figs/figS_models.pdf", *files)
    table = pd.read_csv(study / "results/tables/models.csv")
    assert table.groupby("model").size().to_dict() == {"knn": 4, "logistic": 4, "mlp": 4, "qnn": 4}
    assert table[(table.model == "logistic") & (table.alpha == 0)].val_accuracy.min() > 0.9
    assert not table.collapsed.any()


def graph(text):
    """Edges of a mermaid flowchart, by node label."""
    labels = dict(re.findall(r"(id\d+)\[([a-z0-9_]+)\]", text))
    return {(labels[a], labels[b]) for a, b in re.findall(r"(id\d+) --> (id\d+)", text)}


def test_the_graph_of_rules_in_the_documentation_is_the_workflows(tmp_path):
    folder = copy_project(tmp_path)
    (folder / "tiny.yaml").write_text("{}\n")
    drawn = graph(snakemake(folder, "--rulegraph", "mermaid-js"))
    shown = graph(re.search(r"```mermaid(.*?)```", (ROOT / "docs/figures.md").read_text(), re.S)[1])
    assert drawn and shown == drawn


@pytest.mark.long
def test_lint_is_clean(tmp_path):
    folder = copy_project(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--lint"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_row_of_the_benchmark(study):
    row = "results/benchmarks/rows/project/mlp_digits/replicas2.json"
    fast = ("--config", 'benchmark={"replicas": [1], "runs": 2, "seconds": 0.5}')
    output = snakemake(study, row, "--configfile", "tiny.yaml", *fast)
    assert "µs per update and replica" in output
    found = json.loads((study / row).read_text())
    assert {
        "engine",
        "task",
        "replicas",
        "updates",
        "seconds_compile",
        "seconds_run",
        "peak_rss_mb",
    } <= set(found)
    assert found["floor_ratio"] == pytest.approx(
        found["seconds_per_update_per_replica"] / found["floor_s"]
    )
    plan = planned(study, "benchmark", "--configfile", "tiny.yaml", *fast)
    assert plan["draw_benchmark"] == plan["tabulate_benchmark"] == 1
    assert plan["time_engine"] >= 5 + 14
