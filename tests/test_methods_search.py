"""Fig. X "methods": every method has the same budget, and its values are chosen on what nothing reads."""

import json

import jax
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from project import configuration, plan
from qunlearn.config.check import ask, check
from qunlearn.config.plan import Plan
from qunlearn.experiment.problem import Problem
from qunlearn.parts.registry import find
from qunlearn.runtime.errors import UserError
from qunlearn.studies.methods import figure
from qunlearn.studies.methods.search import Price, price, search
from qunlearn.studies.methods.stored import write_found
from qunlearn.studies.methods.table import tabulate
from qunlearn.training.schedule import Schedule
from unlearned import CELLS, LOOKS, MLP, method

pytestmark = pytest.mark.usefixtures("compiled_quickly")

ASIDE = Schedule(1, 0, 0.02, set_aside=0.2)


@pytest.fixture(scope="module")
def begun(digits):
    """Two untrained models in the place of poisoned ones."""
    jax.config.update("jax_enable_x64", True)
    problem = Problem(digits, "mlp", MLP, "label_flipping", [0, 1])
    return problem, problem.initial([0, 1])


# -- the budget ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "read", "once"),
    [
        ("finetune", ("retain",), ()),
        ("neg_grad", ("forget",), ()),
        ("scrub", ("retain", "forget"), ()),
        ("salun", ("retain", "forget"), ("forget",)),
        ("retrain_last", ("retain",), ()),
        ("ssd", (), ("forget", "retain", "forget")),
    ],
)
def test_passes_are_those_of_the_samples_read(name, read, once, begun):
    problem, start = begun
    samples = problem.samples(CELLS[0], 0.2)
    sizes = {"forget": np.sum(samples.forget & ~samples.aside)}
    sizes["retain"] = np.sum(~samples.aside) - sizes["forget"]
    found = price(problem, CELLS[0], start, method(name), ASIDE)
    assert found.samples == sum(sizes.values())
    assert found.read == sum(sizes[part] for part in read)
    assert found.once == sum(sizes[part] for part in once)
    if read:
        longest = found.epochs(35.0)
        assert found.passes(longest) <= 35 < found.passes(longest + 2)
        batches = price(problem, CELLS[0], start, method(name), ASIDE._replace(batch=10))
        assert batches.updates == -(-sizes[read[0]] // 10) and batches.read == found.read


def test_a_budget_that_is_too_small_pays_for_one_epoch():
    assert Price(updates=1, read=100, once=0, samples=100).epochs(0.5) == 1
    assert Price(updates=0, read=0, once=300, samples=100).passes(0) == 3


# -- the search ------------------------------------------------------------------------------------
def test_the_best_is_of_the_lowest_loss_on_what_is_set_aside(begun):
    problem, start = begun
    rates, scanned = [1e-6, 0.05], {"beta": [0.0, 0.95]}
    found = search(
        problem, CELLS, start, method("neg_grad_plus"), rates, scanned, 8.0, ASIDE
    )  # fmt: skip
    assert found.points == 4
    chosen = found.chosen
    assert chosen["learning_rate"].tolist() == [0.05, 0.05]  # the other one stands still
    assert chosen["weight_beta"].tolist() == [0.95, 0.95]  # ascent alone does not learn
    assert np.all(chosen["step"] >= 1) and np.all(chosen["passes"] == chosen["step"])
    assert np.all(chosen["passes"] <= 8) and np.all(chosen["longest"] == 8)
    curves = found.done.learning_curves
    assert curves["set_aside_loss"].shape == (2, 2)
    assert np.all(curves["set_aside_loss"][:, 1] < curves["set_aside_loss"][:, 0])
    assert found.done.params["w1"].shape[0] == 2


def test_a_method_without_a_loop_has_no_learning_rates_to_try(begun):
    problem, start = begun
    scanned = {"selection": [1e9], "dampening": [0.5, 1.0]}
    found = search(problem, CELLS, start, method("ssd"), [0.1, 1.0], scanned, 8.0, ASIDE)
    assert found.points == 2
    assert found.chosen["updates"].tolist() == [0, 0]
    np.testing.assert_array_equal(found.done.params["w1"], start[0]["w1"])


# -- table and figure --------------------------------------------------------------------------------
@pytest.fixture
def found_file(tmp_path, begun):
    problem, start = begun
    part, scanned = method("noisy_finetune"), {"sigma": [0.0, 0.3]}
    found = search(problem, CELLS, start, part, [0.05], scanned, 3.0, ASIDE)
    path = tmp_path / "methods/digits/mlp~set_aside=0.2/label_flipping/alpha0.30/noisy_finetune"
    path.mkdir(parents=True)
    answers = type("Answers", (), {"ones": np.array([0.5, 1.0])})
    failed = np.zeros(2, bool)
    write_found(path / "seed0-1.h5", CELLS, found, failed, {"a": 1}, "cpu", answers)
    return str(path / "seed0-1.h5")


def test_the_table_has_a_row_per_run_and_says_what_was_chosen(found_file):
    table = tabulate([found_file], seeds=[0, 1])["best_methods"]
    assert table["model"].tolist() == ["mlp", "mlp"] and table["points"].tolist() == [2, 2]
    assert table["weights"].tolist() == ["sigma=0", "sigma=0"]
    assert table["collapsed"].tolist() == [False, True]  # the second one answers class 1 throughout
    assert np.all(table["passes"] <= table["longest"]) and np.all(table["longest"] <= 3)


def test_the_figure_has_a_mark_for_every_method_and_model():
    rows = [
        {"model": model, "method": name, "seed": seed, "passes": 3.0, "seconds": 0.1 + seed}
        for model in ("mlp", "qnn")
        for name in ("retrain", "ssd")
        for seed in (0, 1)
    ]
    table = pd.DataFrame(rows).assign(
        dataset="digits", alpha=0.3, val_accuracy=0.9, forget_accuracy=0.8,
        begun_val_accuracy=0.7, collapsed=False,
    )  # fmt: skip
    drawn = figure.draw(
        best_methods=table, datasets=["digits"], models=["mlp", "qnn"], methods=["retrain", "ssd"],
        passes=35.0, looks=LOOKS,
    )  # fmt: skip
    assert len(drawn.axes) == 4
    for axis in drawn.axes:
        assert sum(line.get_marker() == "o" for line in axis.lines) == 4
    assert drawn.axes[2].get_xscale() == "log"
    plt.close(drawn)


# -- plans -------------------------------------------------------------------------------------------
def test_a_scan_leaves_out_what_a_name_sets():
    study = plan()
    methods = study.study("methods")
    declared = find("method", "newton").scan
    assert methods.scan(study, "newton") == {name: list(v) for name, v in declared.items()}
    assert list(methods.scan(study, "newton~scale=0.5")) == ["damping"]
    assert methods.scan(study, "retrain") == {}
    files = methods.needs(study)["cells"]
    assert all("~set_aside=0.2/" in path for path in files)
    assert len(files) == 2 * 2 * len(methods.methods)  # datasets, models
    json.dumps(methods.settings(study))
    ask(study, ["methods"])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"passes": 0}, r"methods\.passes: 0\.0 is too small"),
        ({"methods": ["retrian"]}, r"methods\[0\]: no method 'retrian'"),
        ({"methods": ["finetune_last~layers=9"]}, "methods: layers: .* last 9 layers"),
        ({"methods": ["ssd~selection=-1"]}, r"selection: -1\.0 is too small"),
        ({"models": ["mlpp"]}, r"models\[0\]: no architecture 'mlpp'"),
    ],
)
def test_what_cannot_be_compared_is_said(values, words):
    config = configuration()
    config["beyond"]["methods"] |= values
    with pytest.raises(UserError, match=words):
        ask(Plan(check(config)), ["methods"])
