"""The numbers in the README are those of a run with the settings in force."""

import json
import sys

import pytest

from project import ROOT

sys.path.insert(0, str(ROOT / "docs"))

import refresh

NUMBERS = json.loads(refresh.NUMBERS.read_text(encoding="utf-8"))


def test_the_table_of_the_readme_is_what_was_computed():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert refresh.readme_with(refresh.comparison(NUMBERS), readme) == readme


def test_the_numbers_were_computed_with_the_settings_in_force():
    assert NUMBERS["settings"] == refresh.settings(), "stale: run `make numbers`"


def test_means_are_over_the_runs_of_a_point():
    import pandas as pd

    names = {"dataset": "xxz", "model": "qnn", "alpha": 0.1, "corruption": "label_flipping"}
    runs = pd.DataFrame([names | {"seed": seed, "val_accuracy": seed / 4} for seed in range(3)])
    other = runs.assign(corruption="feature_randomization", val_accuracy=1.0)
    [found] = refresh.means(pd.concat([runs, other]), "seed")
    assert found == {
        "dataset": "xxz", "model": "qnn", "alpha": 0.1, "accuracy": 0.25, "runs": 3,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["no marks", "<!-- comparison -->\nold\n<!-- /comparison -->"])
def test_the_table_stands_between_its_marks(text):
    found = refresh.readme_with("new", text)
    assert found == text.replace("old", "new")
