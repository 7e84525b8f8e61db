"""The recipes of docs/extending.md, as written, in an empty folder: parts of a user's own without a fork."""

import os
import re
import shlex
import subprocess
import sys

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml

from project import ROOT, SHARED_CACHE, configuration, copy_project, planned, snapshot
from qunlearn.config.check import check
from qunlearn.parts import registry
from qunlearn.runtime.errors import UserError

PAGE = (ROOT / "docs" / "extending.md").read_text()
#: What makes the recipes a matter of seconds; the recipes' own files come on top.
QUICK = {
    "alphas": [0.0, 0.3],
    "seeds": [0, 1],
    "alphas_per_job": 10,
    "training": {"digits": {name: {"epochs": 5} for name in ("mlp", "qnn")}},
    "unlearning": {"steps": 3, "architectures": {"mlp": ["mlp"]}},
    "landscape": {"alphas": [0.3], "architectures": {"mlp": ["mlp"]}},
    "architectures": {"qnn": {"depth": {"digits": 2, "other": 2}}},
    "toy": {"points": 20, "qubits": 2, "training": {"mlp": {"epochs": 5}, "qnn": {"epochs": 5}}},
    "surface": {"steps": 2},
}


def recipes():
    """File name -> text of every code block that begins with its name."""
    blocks = re.findall(r"```\w+\n# (\S+)\n(.*?)```", PAGE, re.S)
    return dict(blocks)


def commands():
    return re.findall(r"^    (snakemake results/.*)$", PAGE, re.M)


def run(folder, command, check=True):
    """A command of the page, with the small study below the files that it names."""
    words = shlex.split(command)[1:]
    own = [words.pop(words.index("--configfile") + 1)] if "--configfile" in words else []
    if own:
        words.remove("--configfile")
    line = [
        sys.executable,
        "-m",
        "snakemake",
        "-s",
        str(ROOT / "Snakefile"),
        "--cores",
        "2",
        *words,
    ]
    line += ["--configfile", "quick.yaml", *own]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=900)
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An empty folder with the files of the recipes."""
    folder = tmp_path_factory.mktemp("own")
    cache = {"paths": {"compilation_cache": os.environ[SHARED_CACHE]}}
    (folder / "quick.yaml").write_text(yaml.safe_dump(QUICK | cache))
    for name, text in recipes().items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    rng = np.random.default_rng(0)
    kind = np.array(["a", "b"])[np.arange(80) % 2]
    x = rng.normal(size=(80, 6)) + 1.5 * (kind == "b")[:, None]
    table = pd.DataFrame(x, columns=[f"f{i}" for i in range(6)]).assign(kind=kind)
    table.to_csv(folder / "mine.csv", index=False)
    states = rng.normal(size=(40, 8)) + 1j * rng.normal(size=(40, 8))
    states[::2, 0] += 4
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    np.savez(folder / "chain.npz", x=states, y=np.arange(40) % 2)
    pairs = states.reshape(40, 4, 2)
    with h5py.File(folder / "pairs.h5", "w") as file:
        file["x"] = pairs @ pairs.conj().transpose(0, 2, 1)
        file["y"] = np.array(["low", "high"] * 20, dtype="S4")
    return folder


@pytest.mark.long
@pytest.mark.workflow
def test_data_model_method_and_corruption_of_ones_own_through_figs_2_and_3(folder, capsys):
    command = next(line for line in commands() if "fig3" in line)
    run(folder, command)
    resilience = pd.read_csv(folder / "results/tables/resilience.csv")
    assert set(resilience["dataset"]) == {"mine"}
    assert set(resilience["model"]) == {"mlp", "qnn", "committee"}
    assert set(resilience["corruption"]) == {"label_flipping", "near_the_middle"}
    unlearning = pd.read_csv(folder / "results/tables/unlearning.csv")
    assert set(unlearning["method"]) == {"retrain", "scrub", "pull_back"}
    assert {"fig2.pdf", "fig3.pdf"} <= {path.name for path in (folder / "results/figs").iterdir()}
    lines = {
        n: len(t.splitlines()) for n, t in recipes().items() if n.startswith(("my_parts", "mine"))
    }
    with capsys.disabled():
        print(f"\nlines written: {lines}, files of the project touched: 0")
    assert sum(lines.values()) < 60


@pytest.mark.long
@pytest.mark.workflow
def test_states_and_density_matrices_from_files(folder):
    run(
        folder,
        "snakemake states/tables/resilience.csv --configfile states.yaml --config paths='{results: states}'",
    )
    table = pd.read_csv(folder / "states/tables/resilience.csv")
    assert set(table["dataset"]) == {"chain", "pairs"} and not table["collapsed"].all()


@pytest.mark.long
@pytest.mark.workflow
def test_models_fitted_stateful_and_of_scikit_learn(folder):
    target = "results/figs/fig3.pdf"
    text = run(folder, f"snakemake {target} --configfile forest.yaml", check=False)
    assert "landscape.architectures" in text and "Traceback" not in text
    run(
        folder,
        "snakemake models/tables/resilience.csv models/tables/unlearning.csv --configfile forest.yaml "
        "--config paths='{results: models}'",
    )
    table = pd.read_csv(folder / "models/tables/unlearning.csv")
    assert set(table["model"]) == {"centred", "prototypes", "forest", "committee_of_3"}
    clean = pd.read_csv(folder / "models/tables/resilience.csv").query(
        "alpha == 0 and model != 'committee_of_3'"
    )
    assert clean.groupby("model")["val_accuracy"].mean().min() > 0.8


@pytest.mark.long
@pytest.mark.workflow
@pytest.mark.parametrize("words", ["rings", "brickwork", "figX_gap"])
def test_a_command_of_the_page(words, folder):
    command = next(line for line in commands() if words in line)
    command = command.replace("alpha0.00-0.90/seed0-4", "alpha0.00-0.30/seed0-1")
    run(folder, command)


@pytest.mark.long
@pytest.mark.workflow
def test_an_edited_part_and_an_edited_file_compute_anew(folder):
    command = "snakemake results/tables/unlearning.csv --configfile mine.yaml -n"
    run(folder, command.removesuffix(" -n"))
    assert "unlearn_models" not in run(folder, command)
    part = folder / "my_parts/pull_back.py"
    text = part.read_text()
    part.write_text(text.replace("self.gamma *", "2 * self.gamma *"))
    plan = run(folder, command)
    part.write_text("# words\n" + text)
    assert "unlearn_models" in plan and "train_models" not in plan
    assert "unlearn_models" not in run(folder, command)


MISTAKES = {
    "syntax": ("def loss(self", "def loss(self:", r"my_parts/pull_back.py, line \d+: "),
    "missing": (
        "def loss(",
        "def lose(",
        r"my_parts/pull_back.py, line \d+: PullBack must define `loss`",
    ),
    "taken": (
        "class PullBack",
        "class Scrub",
        r"my_parts/pull_back.py, line \d+: the method 'scrub' exists already",
    ),
    "argument": (
        "params, start",
        "params, begin",
        r"my_parts/pull_back.py, line \d+: .*asks for 'begin'",
    ),
    "import": (
        "squared_distance\n",
        "squared_distances\n",
        r"my_parts/pull_back.py, line \d+: ImportError",
    ),
}


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_in_a_part_is_one_sentence_with_file_and_line(kind, folder, request, monkeypatch):
    old, new, words = MISTAKES[kind]
    part = folder / "my_parts/pull_back.py"
    text = part.read_text()
    part.write_text(text.replace(old, new, 1))
    request.addfinalizer(lambda: registry.load([]))
    request.addfinalizer(lambda: part.write_text(text))
    monkeypatch.chdir(folder)
    mine = yaml.safe_load((folder / "mine.yaml").read_text())
    with pytest.raises(UserError, match=words):
        check(configuration(**mine))


@pytest.mark.workflow
def test_a_mistake_in_a_part_is_said_by_the_workflow(folder):
    part = folder / "my_parts/pull_back.py"
    text = part.read_text()
    part.write_text(text.replace("def loss(self", "def loss(self:", 1))
    try:
        said = run(folder, "snakemake -n results/figs/fig3.pdf --configfile mine.yaml", check=False)
    finally:
        part.write_text(text)
    assert re.search(MISTAKES["syntax"][2], said), said
    assert "Traceback" not in said


@pytest.mark.long
@pytest.mark.workflow
def test_a_wrong_shape_is_one_sentence_with_file_and_line(folder):
    part = folder / "my_parts/committee.py"
    text = part.read_text()
    part.write_text(text.replace(".sum()", ""))
    try:
        said = run(
            folder,
            "snakemake wrong/tables/resilience.csv --configfile mine.yaml --config models=committee "
            "paths='{results: wrong}'",
            check=False,
        )
    finally:
        part.write_text(text)
    assert re.search(r"my_parts/committee.py, line \d+: .*logit.*\(5,\)", said), said
    assert "Traceback" not in said


@pytest.mark.long
@pytest.mark.workflow
def test_a_study_inside_the_project_is_one_folder_and_one_line(tmp_path):
    folder = copy_project(tmp_path / "project")
    before = snapshot(folder)
    study = folder / "workflow/qunlearn/studies/gap"
    study.mkdir()
    (study / "__init__.py").write_text(recipes()["more_parts/gap.py"])
    (folder / "one_line.yaml").write_text("beyond: {figures: [gap]}\n")
    plan = planned(folder, "beyond", "--configfile", "tiny.yaml", "one_line.yaml")
    assert plan["draw_gap"] == plan["tabulate_gap"] == 1 and "draw_noise" not in plan
    assert all(snapshot(folder)[path] == when for path, when in before.items())
