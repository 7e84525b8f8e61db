"""Unlearning in full: scans agree with ordinary runs, costs are counted as defined, figures show every run."""

import json

import jax
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import yaml

from project import planned, snakemake
from qunlearn import store, tables
from qunlearn.errors import UserError
from qunlearn.experiment.cost import measure
from qunlearn.experiment.scan import scan
from qunlearn.experiment.train import train
from qunlearn.experiment.unlearn import unlearn
from qunlearn.grid import SCANNED, Grid
from qunlearn.plots import cost as cost_figure
from qunlearn.plots import scan as scan_figure
from qunlearn.problem import Cell, Problem
from qunlearn.schema import SCHEMA_FILE
from qunlearn.training import Schedule, Trained
from qunlearn.unlearning import REGISTRY
from qunlearn.validation import validate

MLP = {"family": "mlp", "hidden": [8]}
QNN = {
    "family": "qnn", "depth": 2, "entangler": "chain", "rotations": "xyx", "readout_scale": 5.0, "measure": "last",
}  # fmt: skip
CELLS = [Cell(0.3, 0), Cell(0.3, 1)]
HEADLINE = {"gradient_ascent": {"beta": 0.2}, "scrub": {"lambda_ce": 1.0, "lambda_kl": 0.1, "lambda_fo": 0.2}}
SCHEDULE = Schedule(4, 50, 0.02)


@pytest.fixture(scope="module", params=[MLP, QNN], ids=["mlp", "qnn"])
def poisoned(request, digits):
    jax.config.update("jax_enable_x64", True)
    problem = Problem(digits, request.param["family"], request.param, "label_flipping", [0, 1])
    trained = train(problem, CELLS, Schedule(3, 32, 0.02))
    return problem, (trained.params, trained.state)


def final(history):
    return {name: values[:, -1] for name, values in history.items() if name.endswith("accuracy")}


@pytest.mark.parametrize("method", SCANNED)
def test_a_scan_at_the_headline_weights_is_the_ordinary_run(method, poisoned):
    problem, start = poisoned
    values = {name: sorted({value, 0.5}) for name, value in HEADLINE[method].items()}
    cells, weights, scanned = scan(problem, CELLS, start, method, values, SCHEDULE)
    assert len(cells) == 2 * 2 ** len(values)
    here = np.all([weights[name] == value for name, value in HEADLINE[method].items()], axis=0)
    assert [cells[i] for i in np.flatnonzero(here)] == CELLS
    alone = unlearn(problem, CELLS, start, method, HEADLINE[method], SCHEDULE)
    for name, values in final(alone.history).items():
        np.testing.assert_array_equal(final(scanned.history)[name][here], values)
    for one, many in zip(jax.tree.leaves(alone.params), jax.tree.leaves(scanned.params)):
        np.testing.assert_allclose(many[here], one, atol=1e-5)
        assert np.all(np.abs(many[~here] - many[here][0]).reshape(np.sum(~here), -1).max(axis=1) > 1e-5)


def test_without_its_term_a_method_is_finetuning(poisoned):
    problem, start = poisoned
    full = SCHEDULE._replace(batch=0)
    finetuned = unlearn(problem, CELLS, start, "finetune", {}, full)
    _, _, ascended = scan(problem, CELLS, start, "gradient_ascent", {"beta": [0.0]}, full)
    off = {"lambda_ce": [1.0], "lambda_kl": [0.0], "lambda_fo": [0.0]}
    _, _, scrubbed = scan(problem, CELLS, start, "scrub", off, full)
    for done in (ascended, scrubbed):
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-8), done.params, finetuned.params)


@pytest.mark.parametrize("poisoned", [MLP], indirect=True, ids=["mlp"])
def test_stronger_ascent_forgets_more(poisoned):
    problem, start = poisoned
    _, weights, done = scan(problem, CELLS, start, "gradient_ascent", {"beta": [0.0, 0.4, 2.0]}, Schedule(10, 0, 0.02))
    share = np.mean(problem.samples(CELLS[0]).forget)
    losses = {name: done.history[f"{name}_loss"][:, -1].reshape(3, 2) for name in ("train", "retain")}
    polluted = (losses["train"] - (1 - share) * losses["retain"]) / share  # what is ascended, at polluted labels
    assert np.all(np.diff(polluted, axis=0) > 0)
    np.testing.assert_array_equal(weights["beta"], [0, 0, 0.4, 0.4, 2, 2])


def test_fitted_models_cannot_be_scanned(digits):
    problem = Problem(digits, "knn", {"family": "nearest_neighbours", "k": 3}, "label_flipping", [0])
    trained = train(problem, CELLS[:1], Schedule(1, 0, 0.0))
    with pytest.raises(UserError, match="cannot ascend on the forget set"):
        scan(problem, CELLS[:1], (trained.params, trained.state), "gradient_ascent", {"beta": [0.1]}, SCHEDULE)


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
    assert set(expected) == set(REGISTRY)
    for method, passes in expected.items():
        found = measure(problem, CELLS, start, method, HEADLINE.get(method, {}), SCHEDULE)
        assert found[1:4] == passes and found.updates == -(-retain // 50)
        assert 0 < found.seconds < 1
    assert measure(problem, CELLS, start, "finetune", {}, Schedule(3, 0, 0.1)).updates == 1


ACCURACIES = {  # per method: validation accuracy by seed and step
    "retrain": [[0.5, 0.8, 0.9], [0.5, 0.95, 0.9]],
    "finetune": [[0.7, 0.85, 0.95], [0.7, 0.8, 0.85]],
    "scrub": [[0.9, 0.6, 0.5], [0.7, np.nan, np.nan]],
}
SPENT = {"updates": 2, "retain_passes": 70, "forget_passes": 30, "teacher_passes": 100, "seconds": 0.5}


@pytest.fixture
def spent(tmp_path):
    """(cost files, unlearning files) of two seeds and two steps, by hand."""
    files = []
    for method, accuracy in ACCURACIES.items():
        history = {f"{part}_accuracy": np.array(accuracy) for part in ("train", "validation", "retain", "forget")}
        history |= {f"{part}_loss": np.array(accuracy) for part in ("train", "validation", "retain")}
        path = tmp_path / "unlearn/digits/qnn/label_flipping/alpha0.30" / method / "seed0-1.h5"
        store.write_cells(path, CELLS, Trained({}, {}, history), [False, False], {}, "cpu")
        files.append(str(path))
    case = {"dataset": "digits", "model": "qnn", "corruption": "label_flipping", "alpha": 0.3}
    costs = tmp_path / "cost.json"
    costs.write_text(json.dumps({"case": case, "device": "cpu", "methods": dict.fromkeys(ACCURACIES, SPENT)}))
    return [str(costs)], files


def test_the_cost_table_counts_steps_to_retraining_and_marks_what_never_gets_there(spent):
    frame = tables.cost(*spent, [0, 1]).set_index(["method", "seed"]).sort_index()
    assert len(frame) == 6
    steps = frame.steps_to_retrain
    assert steps["retrain", 0] == 2 and steps["retrain", 1] == 1  # the first time, not the last
    assert steps["finetune", 0] == 2 and steps["scrub", 0] == 0  # the poisoned model may be there already
    assert np.isnan(steps["finetune", 1]) and np.isnan(steps["scrub", 1])
    assert list(frame.collapsed) == [False, False, False, False, False, True]
    assert np.all(frame.passes == 2 * (70 + 30) + 100) and np.all(frame.updates == 4) and np.all(frame.seconds == 1)
    assert frame.passes_to_retrain["finetune", 0] == 300 and frame.passes_to_retrain["scrub", 0] == 100
    np.testing.assert_allclose(frame.retrain_val_accuracy, 0.9)


def test_the_cost_figure_shows_every_run(spent):
    cases = [("digits", "qnn", "label_flipping", 0.3)]
    figure = cost_figure.draw(tables.cost(*spent, [0, 1]), cases, list(ACCURACIES), {})
    axis = figure.axes[2]
    dots = sum(len(line.get_xdata()) for line in axis.lines if line.get_marker() == "o")
    censored = sum(int(text.get_text()) for text in axis.texts if text.get_text().isdigit())
    assert dots == 4 and censored == 2
    assert "1 of 6 runs collapsed" in axis.get_title()
    plt.close(figure)


def scan_table():
    rows = []
    for i, kl in enumerate((0.0, 0.1)):
        for j, fo in enumerate((0.0, 0.1, 0.2)):
            rows += [("scrub", np.nan, kl, fo, seed, 0.7 + 0.1 * i + 0.05 * j) for seed in (0, 1)]
    rows += [("gradient_ascent", beta, np.nan, np.nan, seed, 0.8) for beta in (0.0, 0.2) for seed in (0, 1)]
    frame = pd.DataFrame(rows, columns=["method", "beta", "lambda_kl", "lambda_fo", "seed", "val_accuracy"])
    return frame.assign(
        dataset="digits", model="qnn", corruption="label_flipping", alpha=0.3, forget_accuracy=frame.val_accuracy,
        retrain_val_accuracy=0.85, collapsed=False,
    )  # fmt: skip


def test_the_heat_map_has_the_means_in_place_and_marks_what_reaches_retraining():
    headline = {"gradient_ascent": {"beta": 0.2}, "scrub": {"lambda_ce": 1.0, "lambda_kl": 0.0, "lambda_fo": 0.2}}
    figure = scan_figure.draw(scan_table(), [("digits", "qnn", "label_flipping", 0.3)], headline, {})
    axis = figure.axes[1]
    np.testing.assert_allclose(axis.images[0].get_array(), [[0.7, 0.75, 0.8], [0.8, 0.85, 0.9]])
    (dots,) = axis.lines
    assert sorted(zip(dots.get_xdata(), dots.get_ydata())) == [(1, 1), (2, 1)]
    (box,) = axis.patches
    assert box.get_xy() == (1.5, -0.5)
    plt.close(figure)


def test_extras_follow_the_datasets_and_add_no_model():
    good = yaml.safe_load(SCHEMA_FILE.parents[2].joinpath("config.yaml").read_text())
    grid = Grid(validate(good))
    added = [case for case in grid.forgetting_cases() if case[2] == "feature_randomization"]
    assert added == [("xxz", model, "feature_randomization", 0.8) for model in ("mlp", "qnn")]
    assert {case[3] for case in grid.forgetting_cases() if case[2] == "label_flipping"} == {0.2, 0.3, 0.4}
    fewer = Grid(validate(good | {"datasets": ["digits"]}))
    assert {case[0] for case in fewer.forgetting_cases()} == {"digits"} and not fewer.forgetting_extras()
    alone = validate(good | {"supplement": good["supplement"] | {"forgetting": {"alphas": [0.1], "extras": []}}})
    assert not Grid(alone).forgetting_extras()
    good["supplement"]["forgetting"]["extras"][0]["alpha"] = 0.12345
    with pytest.raises(UserError, match=r"supplement\.forgetting\.extras\[0\]: 0\.12345 has more than four decimals"):
        validate(good)


SMALL = {
    "supplement": {
        "figures": ["forgetting", "scan", "cost"],
        "forgetting": {
            "alphas": [0.3],
            "extras": [{"dataset": "digits", "corruption": "label_flipping", "alpha": 0.3}],
        },
        "scan": {"gradient_ascent": {"beta": [0.0, 0.2]}, "scrub": {"lambda_kl": [0.0], "lambda_fo": [0.2, 0.4]}},
    }
}


@pytest.mark.workflow
def test_the_figures_of_a_reduced_study(study):
    (study / "small.yaml").write_text(yaml.safe_dump(SMALL))
    files = ["--configfile", "tiny.yaml", "small.yaml"]
    plan = planned(study, "supplement", *files)
    assert plan["scan_weights"] == 4 and plan["measure_cost"] == 2 and plan["unlearn_models"] == 2  # retrain
    snakemake(study, "supplement", *files)
    folder = study / "results" / "tables"
    forgetting = (folder / "forgetting.csv").read_bytes()
    assert forgetting == (folder / "unlearning.csv").read_bytes()  # the same cases
    scanned = pd.read_csv(folder / "scan.csv")
    assert scanned.groupby(["model", "method"]).size().to_dict() == {
        (model, method): 4 for model in ("mlp", "qnn") for method in SCANNED
    }
    ordinary = pd.read_csv(folder / "unlearning.csv")
    ordinary = ordinary[(ordinary.method == "scrub") & (ordinary.step == ordinary.step.max())].set_index("model")
    headline = scanned[(scanned.method == "scrub") & (scanned.lambda_fo == 0.2)].set_index("model")
    for name in ("val_accuracy", "retain_accuracy", "forget_accuracy"):
        np.testing.assert_array_equal(headline[name], ordinary[name])
    costs = pd.read_csv(folder / "cost.csv")
    assert set(costs.method) == {"retrain", "finetune", "scrub"} and len(costs) == 2 * 3 * 2
    assert np.all(costs[costs.method == "retrain"].steps_to_retrain <= 5)
    for name in ("forgetting", "scan", "cost"):
        assert (study / f"results/figs/figS_{name}.png").stat().st_size > 10_000
    assert planned(study, "supplement", *files) == {}
