"""Unlearning in full: scans agree with ordinary runs, costs are counted as defined, figures show
every run."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import yaml

from project import configuration, plan, planned, snakemake
from qunlearn.config.check import ask, check
from qunlearn.config.plan import Plan
from qunlearn.results.cells import write_cells
from qunlearn.runtime.errors import UserError
from qunlearn.studies.cost import figure as cost_figure
from qunlearn.studies.cost.measure import measure
from qunlearn.studies.cost.table import tabulate as cost_table
from qunlearn.studies.forgetting import figure as forgetting_figure
from qunlearn.training.schedule import Schedule
from qunlearn.training.workload import Trained
from unlearned import CASE, CELLS, HEADLINE, LOOKS, MLP, SCHEDULE, method


@pytest.mark.parametrize("poisoned", [MLP], indirect=True, ids=["mlp"])
def test_costs_are_those_of_the_definition(poisoned):
    problem, start = poisoned
    samples = problem.samples(CELLS[0])
    retain, forget = int(np.sum(~samples.forget)), int(np.sum(samples.forget))
    expected = {
        "retrain": (retain, 0, 0),
        "finetune": (retain, 0, 0),
        "scrub": (retain, forget, retain + forget),
        "gradient_ascent": (retain, forget, 0),
    }
    for name, passes in expected.items():
        found = measure(problem, CELLS, start, method(name), SCHEDULE)
        assert found[1:4] == passes and found.updates == -(-retain // 50)
        assert 0 < found.seconds < 1
    whole = measure(problem, CELLS, start, method("finetune"), Schedule(3, 0, 0.1))
    assert whole.updates == 1
    often = SCHEDULE._replace(whole_forget=True)
    found = measure(problem, CELLS, start, method("gradient_ascent"), often)
    assert found.forget_passes == found.updates * forget


ACCURACIES = {  # per method: validation accuracy by seed and step
    "retrain": [[0.5, 0.8, 0.9], [0.5, 0.95, 0.9]],
    "finetune": [[0.7, 0.85, 0.95], [0.7, 0.8, 0.85]],
    "scrub": [[0.9, 0.6, 0.5], [0.7, np.nan, np.nan]],
}
SPENT = {
    "updates": 2,
    "retain_passes": 70,
    "forget_passes": 30,
    "teacher_passes": 100,
    "seconds": 0.5,
}


@pytest.fixture
def spent(tmp_path):
    """(cost files, unlearning files) of two seeds and two steps, by hand."""
    files = []
    for name, accuracy in ACCURACIES.items():
        sets = ("train", "validation", "retain", "forget")
        curves = {f"{part}_accuracy": np.array(accuracy) for part in sets}
        curves |= {f"{part}_loss": np.array(accuracy) for part in sets[:3]}
        path = tmp_path / "unlearn/digits/qnn/label_flipping/alpha0.30" / name / "seed0-1.h5"
        write_cells(path, CELLS, Trained({}, {}, curves), [False, False], {}, "cpu")
        files.append(str(path))
    case = dict(zip(("dataset", "model", "corruption", "alpha"), CASE))
    methods = dict.fromkeys(ACCURACIES, SPENT)
    costs = tmp_path / "cost.json"
    costs.write_text(json.dumps({"case": case, "device": "cpu", "methods": methods}))
    return [str(costs)], files


def test_the_cost_table_counts_steps_to_retraining_and_marks_what_never_gets_there(spent):
    frame = cost_table(*spent, seeds=[0, 1])["cost"]
    frame = frame.set_index(["method", "seed"]).sort_index()
    assert len(frame) == 6
    steps, passes = frame.steps_to_retrain, frame.passes_to_retrain
    assert steps["retrain", 0] == 2 and steps["retrain", 1] == 1  # the first time, not the last
    # the poisoned model may be there already
    assert steps["finetune", 0] == 2 and steps["scrub", 0] == 0
    assert np.isnan(steps["finetune", 1]) and np.isnan(steps["scrub", 1])
    assert list(frame.collapsed) == [False, False, False, False, False, True]
    assert np.all(frame.passes == 2 * (70 + 30) + 100)
    assert np.all(frame.updates == 4) and np.all(frame.seconds == 1)
    assert passes["finetune", 0] == 300 and passes["scrub", 0] == 100
    np.testing.assert_allclose(frame.retrain_val_accuracy, 0.9)


def test_the_cost_figure_shows_every_run(spent):
    table = cost_table(*spent, seeds=[0, 1])["cost"]
    figure = cost_figure.draw(cost=table, cases=[CASE], methods=list(ACCURACIES), looks=LOOKS)
    axis = figure.axes[2]
    dots = sum(len(line.get_xdata()) for line in axis.lines if line.get_marker() == "o")
    censored = sum(int(text.get_text()) for text in axis.texts if text.get_text().isdigit())
    assert dots == 4 and censored == 2
    assert "1 of 6 runs collapsed" in axis.get_title()
    plt.close(figure)


def test_extras_follow_the_datasets_and_add_no_model():
    study = plan()
    cases = study.study("forgetting").cases(study)
    added = [case for case in cases if case[2] == "feature_randomization"]
    assert added == [("xxz", model, "feature_randomization", 0.8) for model in ("mlp", "qnn")]
    assert {case[3] for case in cases if case[2] == "label_flipping"} == {0.2, 0.3, 0.4}
    fewer = plan(datasets=["digits"])
    forgetting = fewer.study("forgetting")
    assert {case[0] for case in forgetting.cases(fewer)} == {"digits"}
    assert not forgetting.further(fewer)
    config = configuration()
    config["supplement"]["forgetting"] = {"alphas": [0.1], "extras": []}
    alone = Plan(check(config))
    assert not alone.study("forgetting").further(alone)


def test_an_extra_with_too_many_decimals_is_refused():
    config = configuration()
    config["supplement"]["forgetting"]["extras"][0]["alpha"] = 0.12345
    words = r"supplement\.forgetting\.extras\[0\]\.alpha: 0\.12345 has more than four decimals"
    with pytest.raises(UserError, match=words):
        ask(Plan(check(config)), ["forgetting"])


def test_models_that_are_fitted_in_one_call_end_after_their_one_step():
    """Curves of two points stand beside those of many, and count with their own last step."""
    rows = [
        {"model": model, "step": step, "seed": seed, "forget_accuracy": 0.1 * step + 0.05 * seed}
        for model, steps in (("knn", 2), ("mlp", 5))
        for step in range(steps)
        for seed in (0, 1)
    ]
    table = pd.DataFrame(rows).assign(
        dataset="mine", corruption="smudge", alpha=0.3, method="retrain", collapsed=False
    )
    table["retain_accuracy"] = table["val_accuracy"] = table["forget_accuracy"]
    figure = forgetting_figure.draw(
        forgetting=table,
        cases=[("mine", model, "smudge", 0.3) for model in ("knn", "mlp")],
        alphas=[0.3],
        extras=[],
        models=["mlp"],
        methods=["retrain"],
        looks=LOOKS,
    )
    _, right = figure.subfigs[0].subfigs
    ends = [axis.lines[0].get_ydata() for axis in right.axes[:2]]
    np.testing.assert_allclose(ends, [[0.125], [0.425]])
    plt.close(figure)


SMALL = {
    "supplement": {
        "figures": ["forgetting", "scan", "cost"],
        "forgetting": {
            "alphas": [0.3],
            "extras": [{"dataset": "digits", "corruption": "label_flipping", "alpha": 0.3}],
        },
        "scan": {
            "gradient_ascent": {"beta": [0.0, 0.2]},
            "scrub": {"lambda_kl": [0.0], "lambda_fo": [0.2, 0.4]},
        },
    }
}


@pytest.mark.workflow
def test_the_figures_of_a_reduced_study(study):
    (study / "small.yaml").write_text(yaml.safe_dump(SMALL))
    files = ["--configfile", "tiny.yaml", "small.yaml"]
    rules = planned(study, "supplement", *files)
    assert rules["scan_weights"] == 4 and rules["measure_cost"] == 2
    assert rules["unlearn_models"] == 2  # retrain
    snakemake(study, "supplement", *files)
    folder = study / "results" / "tables"
    forgetting = (folder / "forgetting.csv").read_bytes()
    assert forgetting == (folder / "unlearning.csv").read_bytes()  # the same cases
    scanned = pd.read_csv(folder / "scan.csv")
    assert scanned.groupby(["model", "method"]).size().to_dict() == {
        (model, method): 4 for model in ("mlp", "qnn") for method in HEADLINE
    }
    ordinary = pd.read_csv(folder / "unlearning.csv")
    ordinary = ordinary[(ordinary.method == "scrub") & (ordinary.step == ordinary.step.max())]
    ordinary = ordinary.set_index("model")
    headline = scanned[(scanned.method == "scrub") & (scanned.lambda_fo == 0.2)]
    headline = headline.set_index("model")
    for name in ("val_accuracy", "retain_accuracy", "forget_accuracy"):
        np.testing.assert_array_equal(headline[name], ordinary[name])
    costs = pd.read_csv(folder / "cost.csv")
    assert set(costs.method) == {"retrain", "finetune", "scrub"} and len(costs) == 2 * 3 * 2
    assert np.all(costs[costs.method == "retrain"].steps_to_retrain <= 5)
    for name in ("forgetting", "scan", "cost"):
        assert (study / f"results/figs/figS_{name}.png").stat().st_size > 10_000
    assert planned(study, "supplement", *files) == {}
