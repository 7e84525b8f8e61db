"""The numbers in the README are those of a run with the settings in force."""

import json
import sys

import pytest

from project import ROOT

sys.path.insert(0, str(ROOT / "docs"))

import refresh
import speed

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


def test_what_the_pages_say_of_speed_is_what_was_measured():
    found = json.loads(speed.KEPT.read_text(encoding="utf-8"))
    for path, text in speed.pages(found).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run `make benchmark`"


def test_ratios_are_told_to_two_digits_and_with_the_state_of_the_machine():
    told = [speed.rounded(ratio) for ratio in (0.834, 7.04, 151.2, 61_234.0)]
    assert told == ["0.83", "7", "150", "61 000"]
    rows = [
        {"task": "qnn_xxz", "engine": "pauliprop", "replicas": 50, "ratio": 151.2},
        {"task": "qnn_xxz", "engine": "statevector", "ratio": 61_234.0},
    ]
    found = {"device": "cpu", "cores": 2, "load": 5.25, "rows": rows}
    assert speed.sentence(found) == (
        "An update of the XXZ QNN takes 150 times as long with TensorCircuit-NG, Pauli propagation "
        "and 61 000 times with TensorCircuit-NG, state vector as here, 50 models together on one core."
    )
    assert "busy with other work (load 5.2 before" in speed.table(found)
    assert "nothing else to do" in speed.table(found | {"load": 0.4})
