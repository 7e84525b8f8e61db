"""Unlearning: each loss against a value computed by hand, KL, where methods start, and what they achieve."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qunlearn import unlearning
from qunlearn.experiment.train import train
from qunlearn.experiment.unlearn import unlearn
from qunlearn.problem import Cell, Problem
from qunlearn.training import Batch, Schedule

QNN = {
    "family": "qnn", "depth": 3, "entangler": "chain", "rotations": "xyx", "readout_scale": 5.0, "measure": "last",
}  # fmt: skip


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
    assert float(unlearning.REGISTRY[method].loss(**options)(BATCHES)) == pytest.approx(expected)


@settings(deadline=None)
@given(st.floats(-500, 500), st.floats(-500, 500))
def test_kl_is_not_negative_and_zero_for_equals(teacher, student):
    value = float(unlearning.bernoulli_kl(jnp.asarray(teacher), jnp.asarray(student)))
    assert np.isfinite(value) and value >= -1e-12
    assert float(unlearning.bernoulli_kl(jnp.asarray(teacher), jnp.asarray(teacher))) == 0


def test_kl_against_the_definition():
    for teacher, student in ((0.1, 2.0), (-3.0, 0.5), (4.0, -4.0)):
        found = float(unlearning.bernoulli_kl(jnp.asarray(teacher), jnp.asarray(student)))
        assert found == pytest.approx(kl(teacher, student))


@pytest.fixture(scope="module")
def poisoned(digits):
    jax.config.update("jax_enable_x64", True)
    problem = Problem(digits, "qnn", QNN, "label_flipping", [0, 1])
    cells = [Cell(0.4, 0), Cell(0.4, 1)]
    trained = train(problem, cells, Schedule(20, 32, 0.03))
    return problem, cells, trained


@pytest.mark.parametrize("method", list(unlearning.REGISTRY))
def test_each_method_starts_where_it_should_and_repairs(method, poisoned):
    problem, cells, trained = poisoned
    options = {"gradient_ascent": {"beta": 0.2}, "scrub": {"lambda_ce": 1.0, "lambda_kl": 0.0, "lambda_fo": 0.2}}
    start = (trained.params, trained.state)
    done = unlearn(problem, cells, start, method, options.get(method, {}), Schedule(60, 0, 0.03))
    history = done.history
    assert history["validation_accuracy"].shape == (2, 61)
    began = history["validation_loss"][:, 0]
    if method == "retrain":
        assert np.all(np.abs(began - trained.history["validation_loss"][:, -1]) > 1e-3)
    else:
        np.testing.assert_allclose(began, trained.history["validation_loss"][:, -1])
    assert np.all(history["retain_accuracy"][:, -1] > 0.85)
    # the two seeds are two models, each with its own poison
    assert np.any(done.params["theta"][0] != done.params["theta"][1])


def test_sets_are_clean_where_they_should_be(poisoned):
    problem, cells, _ = poisoned
    s = problem.samples(cells[0])
    np.testing.assert_array_equal(s.clean_labels, problem.dataset.y_train)
    np.testing.assert_array_equal(s.labels[s.forget], 1 - s.clean_labels[s.forget])
    np.testing.assert_array_equal(s.labels[~s.forget], s.clean_labels[~s.forget])
