"""Published runs beside ours: equivalence tests, runs that are not independent, the workflow with
and without them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from project import configuration, copy_project, plan, snakemake
from qunlearn.config.check import ask
from qunlearn.runtime.errors import UserError
from qunlearn.statistics.verdicts import equivalence, welch
from qunlearn.studies.reproduction.compare import compare, identical_runs

POINT = {"dataset": "xxz", "model": "qnn", "corruption": "label_flipping"}


def runs(values, name, alphas=(0.0, 0.3), noise=0.01, seed=0, **point):
    """Five runs per alpha around `values`, as a table whose run is called `name`."""
    rng = np.random.default_rng(seed)
    rows = [
        {**POINT, **point, "alpha": a, name: r, "train_accuracy": v + noise * rng.normal(),
         "val_accuracy": v + noise * rng.normal()}
        for a, v in zip(alphas, values)
        for r in range(5)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_equal_means_are_equivalent_and_distant_ones_different():
    frame = compare(runs([0.9, 0.9], "seed"), runs([0.9, 0.6], "run", seed=1), 0.05, 0.05)
    verdicts = frame.set_index(["alpha", "accuracy"]).verdict
    assert set(verdicts[0.0]) == {"equivalent"} and set(verdicts[0.3]) == {"different"}
    assert frame.set_index(["alpha", "accuracy"]).difference[0.3].between(0.27, 0.33).all()
    np.testing.assert_allclose(frame.ours - frame.published, frame.difference)


def test_wide_spread_is_undecided_not_equivalent():
    frame = compare(runs([0.8], "seed", [0.5], 0.2), runs([0.8], "run", [0.5], 0.2, 1), 0.05, 0.05)
    assert set(frame.verdict) == {"undecided"}


def test_a_significant_difference_within_the_margin_is_equivalent():
    ours, theirs = runs([0.90], "seed", [0.3], 0.001), runs([0.92], "run", [0.3], 0.001, 1)
    assert welch(ours.val_accuracy, theirs.val_accuracy, 0.05)[1] < 0.05
    assert set(compare(ours, theirs, 0.05, 0.05).verdict) == {"equivalent"}
    assert set(compare(ours, theirs, 0.01, 0.05).verdict) == {"different"}


def test_tost_agrees_with_the_interval_it_is_the_dual_of(rng):
    """p < 0.05 exactly where Welch's 90 % interval of the difference lies inside the margin."""
    for _ in range(50):
        a, b = rng.normal(0.9, 0.03, 5), rng.normal(0.9, 0.02, 5)
        ends = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.9)
        assert (welch(a, b, 0.05)[0] < 0.05) == (ends.low > -0.05 and ends.high < 0.05)


def test_runs_without_spread_are_judged_by_their_means():
    ones = np.ones(5)
    assert welch(ones, ones, 0.05) == (0.0, 1.0)
    assert welch(ones, ones - 0.2, 0.05) == (1.0, 0.0)
    assert all(np.isnan(welch(ones[:1], ones, 0.05)))
    assert equivalence(np.nan, np.nan, 0.05) == "undecided"


def test_points_that_only_one_side_has_are_left_out():
    ours = runs([0.9, 0.9], "seed")
    assert list(compare(ours, runs([0.9], "run", [0.3]), 0.05, 0.05).alpha) == [0.3, 0.3]
    assert compare(ours, runs([0.9], "run", [0.3], dataset="mnist"), 0.05, 0.05).empty


def test_distinct_runs_are_counted():
    ours = runs([0.9], "seed", [0.3])
    theirs = runs([0.9], "run", [0.3], seed=1)
    theirs["val_accuracy"] = [0.9, 0.9, 0.9, 0.91, 0.92]
    row = compare(ours, theirs, 0.05, 0.05).set_index("accuracy").loc["validation"]
    assert (row.runs_published, row.distinct_published, row.distinct_ours) == (5, 3, 5)


def test_identical_runs_are_found_and_chance_agreement_is_not_one():
    published = runs([0.9, 0.6], "run")
    assert identical_runs(published) == []
    one_point = published.copy()
    clean = one_point.alpha == 0
    one_point.loc[clean, ["train_accuracy", "val_accuracy"]] = 1.0
    assert identical_runs(one_point) == []
    copied = published.copy()
    columns = ["train_accuracy", "val_accuracy"]
    copied.loc[copied.run == 3, columns] = copied.loc[copied.run == 1, columns].to_numpy()
    assert identical_runs(copied) == ["xxz qnn label_flipping: 1, 3"]


def test_identical_unlearning_curves_are_found_per_method():
    rng = np.random.default_rng(0)
    rows = [
        {**POINT, "alpha": 0.3, "method": method, "seed": seed, "step": step,
         "val_accuracy": 0.9 if method == "scrub" and seed < 2 else rng.random(),
         "val_loss": np.nan, "collapsed": seed == 1}
        for method in ("scrub", "finetune")
        for seed in range(3)
        for step in range(4)
    ]  # fmt: skip
    assert identical_runs(pd.DataFrame(rows)) == ["xxz qnn label_flipping 0.3 scrub: 0, 1"]


COLUMNS = ["dataset", "model", "corruption", "alpha", "run", "train_accuracy", "val_accuracy"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A project with a table of its own runs, and nothing to train."""
    folder = copy_project(tmp_path_factory.mktemp("project"))
    (folder / "tiny.yaml").write_text("{}")
    (folder / "results/tables").mkdir(parents=True)
    runs([0.9, 0.6], "seed").assign(collapsed=False).to_csv(
        folder / "results/tables/resilience.csv", index=False
    )
    return folder


@pytest.mark.workflow
def test_published_runs_are_compared_and_identical_ones_named(folder):
    (folder / "published").mkdir()
    published = runs([0.9, 0.6], "run", seed=1)
    values = ["train_accuracy", "val_accuracy"]
    published.loc[published.run == 3, values] = published.loc[published.run == 1, values].to_numpy()
    published[COLUMNS].to_csv(folder / "published/resilience.csv", index=False)
    arguments = ["--allowed-rules", "compare_published", "--config", "published={dir: published}"]
    text = snakemake(folder, "results/tables/reproduction.csv", *arguments)
    assert (
        "identical own runs: none" in text
        and "identical published runs: xxz qnn label_flipping: 1, 3" in text
    )
    table = pd.read_csv(folder / "results/tables/reproduction.csv")
    assert (
        len(table) == 2 * 2
        and set(table.verdict) == {"equivalent"}
        and set(table.distinct_published) == {4}
    )


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (
            None,
            "published.dir: there/resilience.csv cannot be read (No such file or directory); "
            "name the folder",
        ),
        (
            [c for c in COLUMNS if c != "run"],
            "there/resilience.csv has no column 'run' (needed: dataset,",
        ),
    ],
)
def test_published_runs_that_are_not_there_are_refused(columns, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    if columns:
        (tmp_path / "there/resilience.csv").write_text(",".join(columns) + "\n")
    published = configuration()["published"] | {"dir": "there"}
    with pytest.raises(UserError) as error:
        ask(plan(published=published), ["reproduction"])
    assert words in str(error.value)


def test_a_comparison_without_published_runs_is_refused():
    study = plan()
    words = "published.dir is null, so there is nothing to compare with"
    with pytest.raises(UserError, match=words):
        study.study("reproduction").compared(study)
