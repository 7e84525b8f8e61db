"""Another workflow imports this one as a module: from a folder of its own, several times, below a prefix."""

import re

import pandas as pd
import pytest
import yaml

from project import ROOT, planned, snakemake

pytestmark = pytest.mark.workflow
FLIP = """
import numpy as np
from qunlearn import Corruption


class {name}(Corruption):
    def order(self, x, y, rng):
        return np.argsort(x[:, 0])

    def twins(self, x, y, rng):
        return None, 1 - y
"""
MODULE = """
module {name}:
    snakefile: "{root}/Snakefile"
    config: config["{name}"]
    {more}


use rule {rules} from {name} as {name}_*
"""
TABLE = "results/tables/resilience.csv"
SMALL = {
    "datasets": ["digits"],
    "models": ["mlp"],
    "corruptions": ["label_flipping"],
    "seeds": [0, 1],
}


def importing(folder, modules, configuration):
    """A workflow with a target of its own, `mine`, that imports this one: module -> (what it says beside, rules)."""
    texts = ["rule mine:\n    input:\n        []\n"]
    for name, (more, rules) in modules.items():
        texts.append(MODULE.format(name=name, root=ROOT, more=more, rules=rules))
    (folder / "Snakefile").write_text("\n".join(texts))
    (folder / "tiny.yaml").write_text(yaml.safe_dump({"of_its_own": 3, **configuration}))
    return folder


@pytest.fixture
def twice(tmp_path):
    """Imported twice, with parts, data and published runs of a user's, and once for some of its rules."""
    for name in ("First", "Second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "flip.py").write_text(FLIP.format(name=name))
    (tmp_path / "published").mkdir()
    columns = "dataset,model,corruption,alpha,run,train_accuracy,val_accuracy"
    (tmp_path / "published/resilience.csv").write_text(columns + "\n")
    lines = [f"{i % 7},{i * i % 11},{'ab'[i % 2]}" for i in range(40)]
    (tmp_path / "mine.csv").write_text("\n".join(["one,two,kind", *lines]))
    first = {
        "parts": ["First"],
        "data": {"mine": {"file": "mine.csv", "y": "kind"}},
        "datasets": ["mine"],
        "published": {"dir": "published"},
        "corruptions": ["label_flipping", "first"],
        "beyond": {"known": {"known": [0.5]}},  # of 20 samples
    }
    second = {"parts": ["Second"], "datasets": ["digits", "mnist"], "corruptions": ["second"]}
    some = {"paths": {"results": "third"}}
    modules = {
        "first": ('prefix: "a"', "*"),
        "second": ('prefix: "b"', "*"),
        "third": ("", "build_dataset, train_models, tabulate_resilience"),
    }
    configuration = {"first": SMALL | first, "second": SMALL | second, "third": SMALL | some}
    return importing(tmp_path, modules, configuration)


@pytest.mark.long
def test_imported_twice_below_a_prefix_and_for_some_rules(twice):
    assert planned(twice) == {"mine": 1}  # the default target is the importing workflow's own
    wanted = ["a/results/figs/fig2.pdf", f"b/{TABLE}", "third/tables/resilience.csv"]
    assert planned(twice, *wanted) == {
        "first_build_dataset": 1, "first_train_models": 2, "first_tabulate_resilience": 1, "first_train_toy": 1,
        "first_draw_fig2": 1, "second_build_dataset": 1, "second_fetch_dataset": 1, "second_train_models": 2,
        "second_tabulate_resilience": 1, "third_build_dataset": 1, "third_train_models": 1,
        "third_tabulate_resilience": 1,
    }  # fmt: skip
    jobs = planned(twice, "first_everything", "second_everything")
    pages = {"write_report", "decide_claims"}
    assert {f"{name}_{page}" for name in ("first", "second") for page in pages} <= set(jobs)


def test_the_recipe_of_the_documentation(tmp_path):
    page = (ROOT / "docs/extending.md").read_text()
    recipe = re.search(r"```python\n# Snakefile\n(.*?)```", page, re.S)[1]
    (tmp_path / "Snakefile").write_text(recipe.replace("path/to/the/project", str(ROOT)))
    (tmp_path / "tiny.yaml").write_text("of_its_own: 3\n")
    assert planned(tmp_path) == {
        "small_build_dataset": 1, "small_train_models": 4, "small_tabulate_resilience": 1, "mine": 1,
    }  # fmt: skip


@pytest.mark.long
def test_what_is_wrong_with_a_module_is_said_with_its_name(tmp_path):
    folder = importing(tmp_path, {"study": ("", "*")}, {"study": {"alpha": [0.1]}})
    text = snakemake(folder, "-n", check=False)
    assert "module study: 1 problem" in text and "did you mean 'alphas'" in text
    (folder / "tiny.yaml").write_text("study: mine.yaml\n")
    text = snakemake(folder, "-n", check=False)
    assert "module study: config: 'mine.yaml' is no mapping" in text and "Traceback" not in text


@pytest.mark.long
def test_a_module_runs_in_an_otherwise_empty_folder(tmp_path):
    small = SMALL | {
        "alphas": [0.0, 0.3],
        "training": {"digits": {"mlp": {"epochs": 2}}},
        "report": {"include": ["supplement"]},
        "supplement": {"figures": ["models"], "models": ["mlp"]},
    }
    folder = importing(tmp_path, {"study": ('prefix: "deep/down"', "*")}, {"study": small})
    targets = [f"deep/down/{TABLE}", "deep/down/results/report.html"]
    snakemake(folder, *targets, "--cores", "1")
    table = pd.read_csv(folder / targets[0])
    assert list(table.alpha) == [0, 0, 0.3, 0.3] and table.val_accuracy.between(0, 1).all()
    page = (folder / targets[1]).read_text()
    assert ">write_report</text>" in page and "Fig. S models" in page
    assert {path.name for path in folder.iterdir()} == {
        ".cache", ".snakemake", "Snakefile", "deep", "tiny.yaml",
    }  # fmt: skip
    assert planned(folder, *targets) == {}
