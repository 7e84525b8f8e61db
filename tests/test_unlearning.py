"""Unlearning: each loss against a value computed by hand, KL, where methods start, and what they achieve."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.experiment.unlearn import method_loss, unlearn
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import option
from qunlearn.parts.registry import find, known
from qunlearn.runtime.errors import UserError
from qunlearn.training.losses import bernoulli_kl
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import Batch

pytestmark = pytest.mark.usefixtures("compiled_quickly")

QNN = {
    "family": "qnn", "depth": 3, "entangler": "chain", "rotations": "xyx", "readout_scale": 5.0, "measure": "last",
}  # fmt: skip
MLP = {"family": "mlp", "hidden": [8]}
#: Values of the options that have no default.
WEIGHTS = {
    "gradient_ascent": {"beta": 0.2},
    "scrub": {"lambda_ce": 1.0, "lambda_kl": 0.0, "lambda_fo": 0.2},
}
OF_PAPER = [name for name, method in known("method").items() if method.of_paper]


def declared(name):
    return find("method", name)(**WEIGHTS.get(name, {}))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


RETAIN = Batch(jnp.array([1.0, -2.0]), jnp.array([1.0, 1.0]), jnp.array([0.5, -1.0]), jnp.ones(2))
FORGET = Batch(jnp.array([0.3]), jnp.array([0.0]), jnp.array([-0.7]), jnp.ones(1))
BATCHES = {"retain": RETAIN, "forget": FORGET}
CE_RETAIN = -(np.log(sigmoid(1.0)) + np.log(sigmoid(-2.0))) / 2
CE_FORGET = -np.log(1 - sigmoid(0.3))


def kl(teacher, student):
    p, q = sigmoid(teacher), sigmoid(student)
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))


@pytest.mark.parametrize(
    ("method", "options", "expected"),
    [
        ("retrain", {}, CE_RETAIN),
        ("finetune", {}, CE_RETAIN),
        ("gradient_ascent", {"beta": 0.2}, CE_RETAIN - 0.2 * CE_FORGET),
        (
            "scrub",
            {"lambda_ce": 1.0, "lambda_kl": 0.3, "lambda_fo": 0.2},
            CE_RETAIN + 0.3 * (kl(0.5, 1.0) + kl(-1.0, -2.0)) / 2 - 0.2 * kl(-0.7, 0.3),
        ),
    ],
)
def test_loss_by_hand(method, options, expected):
    part = find("method", method)(**options)
    given = {name: batch for name, batch in BATCHES.items() if name in part.reads()}
    assert float(part.loss(**given)) == pytest.approx(expected)
    # a weight of the replica's own takes the place of the option
    one = {name: jnp.asarray(0.0) for name in options}
    found = method_loss(part, BATCHES, {}, {"weights": one, "anchors": {}})
    assert float(found) == pytest.approx(0 if method == "scrub" else CE_RETAIN)


@settings(deadline=None)
@given(st.floats(-500, 500), st.floats(-500, 500))
def test_kl_is_not_negative_and_zero_for_equals(teacher, student):
    value = float(bernoulli_kl(jnp.asarray(teacher), jnp.asarray(student)))
    assert np.isfinite(value) and value >= -1e-12
    assert float(bernoulli_kl(jnp.asarray(teacher), jnp.asarray(teacher))) == 0


def test_kl_against_the_definition():
    for teacher, student in ((0.1, 2.0), (-3.0, 0.5), (4.0, -4.0)):
        found = float(bernoulli_kl(jnp.asarray(teacher), jnp.asarray(student)))
        assert found == pytest.approx(kl(teacher, student))


@pytest.fixture(scope="module")
def poisoned(digits):
    jax.config.update("jax_enable_x64", True)
    problem = Problem(digits, "qnn", QNN, "label_flipping", [0, 1])
    cells = [Cell(0.4, 0), Cell(0.4, 1)]
    trained = train(problem, cells, Schedule(20, 32, 0.03))
    return problem, cells, trained


@pytest.mark.parametrize("method", OF_PAPER)
def test_each_method_starts_where_it_should_and_repairs(method, poisoned):
    problem, cells, trained = poisoned
    start = (trained.params, trained.state)
    done = unlearn(problem, cells, start, declared(method), Schedule(60, 0, 0.03))
    curves = done.learning_curves
    assert curves["validation_accuracy"].shape == (2, 61)
    began = curves["validation_loss"][:, 0]
    if method == "retrain":
        assert np.all(np.abs(began - trained.learning_curves["validation_loss"][:, -1]) > 1e-3)
    else:
        np.testing.assert_allclose(began, trained.learning_curves["validation_loss"][:, -1])
    assert np.all(curves["retain_accuracy"][:, -1] > 0.85)
    # the two seeds are two models, each with its own poison
    assert np.any(done.params["theta"][0] != done.params["theta"][1])


def test_sets_are_clean_where_they_should_be(poisoned):
    problem, cells, _ = poisoned
    s = problem.samples(cells[0])
    np.testing.assert_array_equal(s.clean_labels, problem.dataset.y_train)
    np.testing.assert_array_equal(s.labels[s.forget], 1 - s.clean_labels[s.forget])
    np.testing.assert_array_equal(s.labels[~s.forget], s.clean_labels[~s.forget])


# -- methods of one's own ------------------------------------------------------------------------------------------
def distance(one, other):
    return sum(jnp.sum((a - b) ** 2) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other)))


class PullBack(UnlearningMethod):
    """Towards where training began, or towards where unlearning did."""

    to_start: float = option(0.0, ge=0, says="weight of the pull to the start of training")
    to_poisoned: float = option(0.0, ge=0, says="weight of the pull to the poisoned model")

    def loss(self, retain, params, start, poisoned):
        pull = self.to_start * distance(params, start) + self.to_poisoned * distance(
            params, poisoned
        )
        return 1e-6 * retain.cross_entropy() + pull


class Untaught(UnlearningMethod):
    """Reads outputs of a teacher without asking for one."""

    def loss(self, retain):
        return retain.divergence()


class ByTheSample(UnlearningMethod):
    """Returns no single number."""

    def loss(self, retain):
        return retain.logits


def test_a_loss_is_given_parameters_the_start_of_training_and_the_poisoned_ones(digits):
    problem, cells = (
        Problem(digits, "mlp", MLP, "label_flipping", [0, 1]),
        [Cell(0.3, 0), Cell(0.3, 1)],
    )
    trained = train(problem, cells, Schedule(10, 32, 0.02))
    poisoned, schedule = (trained.params, trained.state), Schedule(400, 0, 0.02)
    first, _ = problem.initial([0, 1])
    done = unlearn(problem, cells, poisoned, PullBack(to_start=1.0), schedule)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-3), done.params, first)
    done = unlearn(problem, cells, poisoned, PullBack(to_poisoned=1.0), schedule)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-3), done.params, trained.params
    )
    # a weight for each cell: the first one goes back, the second one stays
    weights = {"to_start": np.array([1.0, 0.0]), "to_poisoned": np.array([0.0, 1.0])}
    done = unlearn(problem, cells, poisoned, PullBack(), schedule, weights=weights)
    for name, values in done.params.items():
        np.testing.assert_allclose(values[0], first[name][0], atol=1e-3)
        np.testing.assert_allclose(values[1], trained.params[name][1], atol=1e-3)


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (Untaught(), "set `teacher = True`"),
        (
            ByTheSample(),
            r"test_unlearning.py, line \d+: ByTheSample.loss returns shape \(.*\); one number",
        ),
    ],
)
def test_a_loss_that_cannot_be_is_named(method, words, digits):
    problem, cells = Problem(digits, "mlp", MLP, "label_flipping", [0]), [Cell(0.3, 0)]
    start = problem.initial([0])
    with pytest.raises(UserError, match=words):
        unlearn(problem, cells, start, method, Schedule(2, 0, 0.02))


def test_a_model_fitted_in_one_call_follows_methods_of_the_retain_set_alone(digits):
    problem = Problem(
        digits, "knn", {"family": "nearest_neighbours", "k": 3}, "label_flipping", [0]
    )
    cells, schedule = [Cell(0.3, 0)], Schedule(1, 0, 0.0)
    trained = train(problem, cells, schedule)
    poisoned = (trained.params, trained.state)
    for method in (declared("retrain"), declared("finetune")):
        done = unlearn(problem, cells, poisoned, method, schedule)
        assert (
            done.learning_curves["retain_accuracy"][0, -1]
            > trained.learning_curves["train_accuracy"][0, -1]
        )
    for method in (declared("scrub"), declared("gradient_ascent"), PullBack()):
        with pytest.raises(
            UserError, match=f"nearest_neighbours is fitted in one call.*'{method.name()}'"
        ):
            unlearn(problem, cells, poisoned, method, schedule)
