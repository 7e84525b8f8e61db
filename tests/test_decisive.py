"""`make decisive`: what its script refuses before anything starts."""

import subprocess
import sys

import pytest

from project import ROOT

SCRIPT = ROOT / "workflow/scripts/grow_seeds.py"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.yaml"], "nowhere.yaml is not there."),
        ([ROOT / "presets/tiny.yaml"], "claims.looks: is empty"),
        ([ROOT / "presets/decisive.yaml", "--", "--confg", "a=1"], "Give the options that Snakemake was given."),
        ([ROOT / "presets/decisive.yaml", "--", "--config", "alphas=[2]"], "alphas"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(arguments, words, tmp_path):
    command = [sys.executable, SCRIPT, *arguments]
    done = subprocess.run(
        list(map(str, command)), cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    assert words in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
