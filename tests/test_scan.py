"""Scans of weights agree with ordinary runs; what cannot be scanned is said."""

import jax
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from project import configuration
from qunlearn.config.check import ask, check
from qunlearn.config.plan import Plan
from qunlearn.experiment.problem import Problem
from qunlearn.experiment.train import train
from qunlearn.experiment.unlearn import unlearn
from qunlearn.parts import registry
from qunlearn.runtime.errors import UserError
from qunlearn.studies.scan import figure as scan_figure
from qunlearn.studies.scan.scan import scan
from qunlearn.training.schedule import Schedule
from unlearned import CASE, CELLS, HEADLINE, LOOKS, MLP, SCHEDULE, method


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
    with pytest.raises(UserError) as error:
        ask(with_scan(configuration(), **block), ["scan"])
    assert f"supplement.{words}" in str(error.value) or words in str(error.value)
