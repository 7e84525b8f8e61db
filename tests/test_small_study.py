"""The workflow end to end in a minute: digits, both networks, one method, tables and a figure. Whole reduced studies,
what reruns when, and faults are in `make test-long`."""

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml
from pypdf import PdfReader

from project import TINY, copy_project, planned, snakemake, snapshot
from qunlearn.runtime import clock

pytestmark = pytest.mark.workflow
SMALL = {
    "methods": ["finetune"],
    "seeds": [0, 1],
    "supplement": {"forgetting": {"alphas": [0.3], "extras": []}},
}
TARGETS = ("results/tables/resilience.csv", "results/figs/figS_forgetting.pdf")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A study of digits; its output on the terminal is in output.txt."""
    folder = copy_project(tmp_path_factory.mktemp("small"))
    (folder / "tiny.yaml").write_text(yaml.safe_dump(TINY | SMALL))
    folder.joinpath("output.txt").write_text(snakemake(folder, *TARGETS))
    return folder


def test_training_unlearning_tables_and_a_figure(small):
    resilience = pd.read_csv(small / "results/tables/resilience.csv")
    unlearning = pd.read_csv(small / "results/tables/forgetting.csv")
    assert len(resilience) == 2 * 2 * 2 and len(unlearning) == 2 * 2 * 6
    clean = resilience[resilience.alpha == 0].groupby("model").val_accuracy.mean()
    assert clean["mlp"] > 0.8 and clean["qnn"] > 0.6
    # step 0 of unlearning is the end of training
    last = resilience[resilience.alpha == 0.3].set_index(["model", "seed"]).val_accuracy
    first = unlearning[unlearning.step == 0].set_index(["model", "seed"]).val_accuracy
    pd.testing.assert_series_equal(first, last)
    with h5py.File(
        small / "results/train/digits/qnn/label_flipping/alpha0.00-0.30/seed0-1.h5"
    ) as file:
        assert {"settings", "versions", "git_revision", "device", "python"} <= set(file.attrs)
        assert np.isfinite(file["history/train_loss"][:]).all()
    words = PdfReader(small / TARGETS[1]).pages[0].extract_text()
    assert "finetune" in words and "QNN" in words and "MLP" in words
    progress = (small / "output.txt").read_text()
    for title in ("train digits qnn", "unlearn digits mlp", "table resilience"):
        assert f"{title}" in progress and "| 100 % |" in progress


def test_jobs_compile_no_more_programs_than_they_did(small):
    """Counted where they come from a cache, too."""
    for rule, most in (("train_models", 3), ("unlearn_models", 2)):
        spent = [clock.read(log) for log in (small / "logs" / rule).rglob("*.log")]
        assert len(spent) >= 2 and max(one.programs for one in spent) <= most


def test_nothing_is_done_twice(small):
    assert planned(small, *TARGETS) == {}


def test_a_bad_configuration_is_refused_before_anything_is_touched(small):
    before = snapshot(small)
    text = snakemake(small, *TARGETS, "--config", "seeds=[0,0]", "--forceall", check=False)
    assert "nothing was started" in text and "Traceback" not in text
    assert snapshot(small) == before
