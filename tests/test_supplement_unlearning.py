"""Unlearning in full: scans agree with ordinary runs, costs are counted as defined, figures show
every run."""

import json

import jax
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import yaml

from project import configuration, plan, planned, snakemake
from qunlearn.config.check import ask, check
from qunlearn.config.plan import Plan
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.experiment.unlearn import unlearn
from qunlearn.parts import registry
from qunlearn.plots.looks import Looks
from qunlearn.results.cells import write_cells
from qunlearn.runtime.errors import UserError
from qunlearn.studies.cost import figure as cost_figure
from qunlearn.studies.cost.measure import measure
from qunlearn.studies.cost.table import tabulate as cost_table
from qunlearn.studies.forgetting import figure as forgetting_figure
from qunlearn.studies.scan import figure as scan_figure
from qunlearn.studies.scan.scan import scan
from qunlearn.training.schedule import Schedule
from qunlearn.training.workload import Trained

MLP = {"family": "mlp", "hidden": [8]}
QNN = {
    "family": "qnn",
    "depth": 2,
    "entangler": "chain",
    "rotations": "xyx",
    "readout_scale": 5.0,
    "measure": "last",
}
CELLS = [Cell(0.3, 0), Cell(0.3, 1)]
HEADLINE = {
    "gradient_ascent": {"beta": 0.2},
    "scrub": {"lambda_ce": 1.0, "lambda_kl": 0.1, "lambda_fo": 0.2},
}
SCHEDULE = Schedule(4, 50, 0.02)
CASE = ("digits", "qnn", "label_flipping", 0.3)
LOOKS = Looks({}, {}, {}, {})


def method(name, **options):
    """An unlearning method, at the headline's weights unless told otherwise."""
    return registry.find("method", name)(**HEADLINE.get(name, {}) | options)


@pytest.fixture(scope="module", params=[MLP, QNN], ids=["mlp", "qnn"])
def poisoned(request, digits):
    jax.config.update("jax_enable_x64", True)
    problem = Problem(digits, request.param["family"], request.param, "label_flipping", [0, 1])
    trained = train(problem, CELLS, Schedule(3, 32, 0.02))
    return problem, (trained.params, trained.state)


def final(curves):
    return {name: values[:, -1] for name, values in curves.items() if name.endswith("accuracy")}


@pytest.mark.parametrize("name", HEADLINE)
def test_a_scan_at_the_headline_weights_is_the_ordinary_run(name, poisoned):
    problem, start = poisoned
    headline = HEADLINE[name]
    values = {weight: sorted({value, 0.5}) for weight, value in headline.items()}
    cells, weights, scanned = scan(problem, CELLS, start, method(name), values, SCHEDULE)
    assert len(cells) == 2 * 2 ** len(values)
    here = np.all([weights[weight] == value for weight, value in headline.items()], axis=0)
    assert [cells[i] for i in np.flatnonzero(here)] == CELLS
    alone = unlearn(problem, CELLS, start, method(name), SCHEDULE)
    found = final(scanned.learning_curves)
    for accuracy, ends in final(alone.learning_curves).items():
        np.testing.assert_array_equal(found[accuracy][here], ends)
    for one, many in zip(jax.tree.leaves(alone.params), jax.tree.leaves(scanned.params)):
        np.testing.assert_allclose(many[here], one, atol=1e-5)
        assert np.all(
            np.abs(many[~here] - many[here][0]).reshape(np.sum(~here), -1).max(axis=1) > 1e-5
        )


def test_without_its_term_a_method_is_finetuning(poisoned):
    problem, start = poisoned
    full = SCHEDULE._replace(batch=0)
    finetuned = unlearn(problem, CELLS, start, method("finetune"), full)
    off = {
        "gradient_ascent": {"beta": [0.0]},
        "scrub": {"lambda_ce": [1.0], "lambda_kl": [0.0], "lambda_fo": [0.0]},
    }
    for name, values in off.items():
        _, _, done = scan(problem, CELLS, start, method(name), values, full)
        for one, other in zip(jax.tree.leaves(done.params), jax.tree.leaves(finetuned.params)):
            np.testing.assert_allclose(one, other, atol=1e-8)


@pytest.mark.parametrize("poisoned", [MLP], indirect=True, ids=["mlp"])
def test_stronger_ascent_forgets_more(poisoned):
    problem, start = poisoned
    values, schedule = {"beta": [0.0, 0.4, 2.0]}, Schedule(10, 0, 0.02)
    _, weights, done = scan(problem, CELLS, start, method("gradient_ascent"), values, schedule)
    share = np.mean(problem.samples(CELLS[0]).forget)
    curves = done.learning_curves
    train, retain = (curves[f"{name}_loss"][:, -1].reshape(3, 2) for name in ("train", "retain"))
    polluted = (train - (1 - share) * retain) / share  # what is ascended, at polluted labels
    assert np.all(np.diff(polluted, axis=0) > 0)
    np.testing.assert_array_equal(weights["beta"], [0, 0, 0.4, 0.4, 2, 2])


def test_fitted_models_cannot_be_scanned(digits):
    problem = Problem(
        digits, "knn", {"family": "nearest_neighbours", "k": 3}, "label_flipping", [0]
    )
    trained = train(problem, CELLS[:1], Schedule(1, 0, 0.0))
    start = trained.params, trained.state
    ascent = method("gradient_ascent")
    with pytest.raises(UserError, match="fitted in one call, to the retain set alone"):
        scan(problem, CELLS[:1], start, ascent, {"beta": [0.1]}, SCHEDULE)


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


# -- figures of scans ------------------------------------------------------------------------------
def scan_table(values):
    """A table of two seeds, from method -> (weights, validation accuracy)."""
    rows = [
        {"method": name, "seed": seed, "val_accuracy": accuracy} | weights
        for name, points in values.items()
        for weights, accuracy in points
        for seed in (0, 1)
    ]
    frame = pd.DataFrame(rows)
    names = dict(zip(("dataset", "model", "corruption", "alpha"), CASE))
    return frame.assign(
        **names,
        forget_accuracy=frame.val_accuracy,
        retrain_val_accuracy=0.85,
        collapsed=False,
    )


def draw_scan(values, headline):
    table = scan_table(values)
    scanned = {}
    for name, points in values.items():
        columns = pd.DataFrame([weights for weights, _ in points])
        scanned[name] = {weight: sorted(set(columns[weight])) for weight in columns}
    return scan_figure.draw(
        scan=table,
        cases=[CASE],
        scanned=scanned,
        headline=headline,
        reference="retrain",
        looks=LOOKS,
    )


PAIRS = [(kl, fo) for kl in (0.0, 0.1) for fo in (0.0, 0.1, 0.2)]
SCRUBBED = [({"lambda_kl": kl, "lambda_fo": fo}, 0.7 + kl + fo / 2) for kl, fo in PAIRS]
ASCENDED = [({"beta": beta}, 0.8) for beta in (0.0, 0.2)]


def test_the_heat_map_has_the_means_in_place_and_marks_what_reaches_retraining():
    headline = HEADLINE | {"scrub": {"lambda_ce": 1.0, "lambda_kl": 0.0, "lambda_fo": 0.2}}
    figure = draw_scan({"gradient_ascent": ASCENDED, "scrub": SCRUBBED}, headline)
    axis = figure.axes[1]
    means = [[0.7, 0.75, 0.8], [0.8, 0.85, 0.9]]
    np.testing.assert_allclose(axis.images[0].get_array(), means)
    (dots,) = axis.lines
    assert sorted(zip(dots.get_xdata(), dots.get_ydata())) == [(1, 1), (2, 1)]
    (box,) = axis.patches
    assert box.get_xy() == (1.5, -0.5)
    plt.close(figure)


def test_a_method_with_one_weight_is_drawn_against_it():
    figure = draw_scan({"pull_back": [({"gamma": g}, 1 - g) for g in (0.0, 0.1, 0.4)]},
                       {"pull_back": {"gamma": 0.1}})  # fmt: skip
    (axis,) = figure.axes
    validation, *_ = axis.lines
    np.testing.assert_allclose(validation.get_xdata(), [0, 0.1, 0.4])
    np.testing.assert_allclose(validation.get_ydata(), [1, 0.9, 0.6])
    assert axis.get_xlabel() == "γ"
    plt.close(figure)


# -- what is scanned and unlearned -----------------------------------------------------------------
PULL_BACK = """
from qunlearn.parts.methods import UnlearningMethod, squared_distance
from qunlearn.parts.part import option

class PullBack(UnlearningMethod):
    gamma: float = option(0.1, ge=0, says="weight of the pull")

    def loss(self, retain, params, start):
        return retain.cross_entropy() + self.gamma * squared_distance(params, start)
"""


@pytest.fixture
def own_method(tmp_path):
    """Path of a user's method with one weight."""
    path = tmp_path / "pull_back.py"
    path.write_text(PULL_BACK)
    yield str(path)
    registry.load([])


def with_scan(config, **scan):
    config["supplement"]["scan"] |= scan
    return Plan(check(config))


def test_a_method_of_a_users_own_is_scanned_by_a_block_of_its_name(own_method):
    config = configuration(parts=[own_method])
    study = with_scan(config, pull_back={"gamma": [0, 0.1]})
    ask(study, ["scan"])
    found = study.study("scan")
    assert found.weights(study, "pull_back") == {"gamma": [0.0, 0.1]}
    assert any("/pull_back/" in path for path in found.needs(study)["cells"])
    assert found.settings(study)["weights"][-1] == "gamma"


@pytest.mark.parametrize("poisoned", [MLP], indirect=True, ids=["mlp"])
def test_without_its_pull_a_method_of_a_users_own_is_finetuning(poisoned, own_method):
    problem, start = poisoned
    registry.load([own_method])
    full = SCHEDULE._replace(batch=0)
    finetuned = unlearn(problem, CELLS, start, method("finetune"), full)
    values = {"gamma": [0.0, 1.0]}
    _, weights, done = scan(problem, CELLS, start, method("pull_back"), values, full)
    assert weights["gamma"].tolist() == [0, 0, 1, 1]
    for many, alone in zip(jax.tree.leaves(done.params), jax.tree.leaves(finetuned.params)):
        np.testing.assert_allclose(many[:2], alone, atol=1e-8)
        assert np.abs(many[2:] - alone).max() > 1e-4


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"scrubb": {"lambda_kl": [0.0]}}, "scan.scrubb: unknown key; did you mean 'scrub'?"),
        ({"retrain": {"gamma": [0.0]}}, "scan.retrain: unknown key"),
        ({"scrub": {"lambda_k": [0.0]}}, "scan.scrub.lambda_k: unknown key; did you mean"),
        ({"scrub": {"lambda_kl": [-1.0]}}, "scan.scrub.lambda_kl: -1.0 is too small (at least 0)"),
        ({"scrub": {"lambda_kl": []}}, "scan.scrub.lambda_kl: must not be empty"),
        ({"scrub": {name: [0.0] for name in HEADLINE["scrub"]}}, "scan.scrub: 3 weights; name one"),
        ({"gradient_ascent": {"beta": ["x"]}}, "'x' is not of type number"),
    ],
)
def test_what_cannot_be_scanned_is_said(block, words):
    study = with_scan(configuration(), **block)
    with pytest.raises(UserError) as error:
        ask(study, ["scan"])
    assert f"supplement.{words}" in str(error.value) or words in str(error.value)


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
