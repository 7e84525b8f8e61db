"""Unlearning: each loss against a value computed by hand, KL, where methods start, and what they achieve."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project import plan
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.experiment.unlearn import method_loss, streams, unlearn
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import option
from qunlearn.parts.registry import find, known
from qunlearn.runtime.errors import UserError
from qunlearn.training.losses import bernoulli_kl, cross_entropy
from qunlearn.training.plan import grouped, planned, segments
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import Batch
from qunlearn.training.workload import Workload

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
    found = method_loss(part, BATCHES, {}, {"weights": one, "anchors": {}, "epoch": 1})
    assert float(found) == pytest.approx(0 if method == "scrub" else CE_RETAIN)


def test_one_sided_kl_is_that_of_class_1_alone():
    part = find("method", "scrub")(
        lambda_ce=0.0, lambda_kl=0.3, lambda_fo=0.2, divergence="one_sided"
    )

    def half(teacher, student):
        return sigmoid(teacher) * np.log(sigmoid(teacher) / sigmoid(student))

    expected = 0.3 * (half(0.5, 1.0) + half(-1.0, -2.0)) / 2 - 0.2 * half(-0.7, 0.3)
    assert float(part.loss(RETAIN, FORGET)) == pytest.approx(expected)


def leaving(divergence, teacher, student):
    """Where descent on -KL(forget) moves the logit of one forget sample: minus its gradient."""
    part = find("method", "scrub")(
        lambda_ce=0.0, lambda_kl=0.0, lambda_fo=1.0, divergence=divergence
    )

    def loss(logit):
        forget = FORGET._replace(teacher=jnp.array([teacher]), logits=logit[None])
        return part.loss(RETAIN, forget)

    return -float(jax.grad(loss)(jnp.asarray(student)))


@pytest.mark.parametrize("teacher", [-4.0, -0.5, 0.0, 0.5, 4.0])
def test_where_either_kl_sends_a_forget_sample(teacher):
    # of both outcomes: nowhere at the teacher, then farther away on the side it is on
    assert leaving("two_sided", teacher, teacher) == pytest.approx(0, abs=1e-12)
    assert (
        leaving("two_sided", teacher, teacher + 0.1)
        > 0
        > leaving("two_sided", teacher, teacher - 0.1)
    )
    # of class 1 alone: to class 0, whatever the teacher says
    for student in (teacher - 0.1, teacher, teacher + 0.1):
        assert leaving("one_sided", teacher, student) < 0


def test_scrub_of_a_saturated_teacher_is_gradient_ascent():
    for label, teacher in ((1.0, 30.0), (0.0, -30.0)):
        ascent = jax.grad(lambda z, label=label: cross_entropy(z, label))
        for student in (-2.0, 0.3, 5.0):
            expected = pytest.approx(float(ascent(student)), rel=1e-6)
            assert leaving("two_sided", teacher, student) == expected


def test_the_whole_forget_set_in_every_update(digits):
    """Ten samples at a time: an update that reads all forget samples takes their mean exactly."""
    problem = Problem(digits, "mlp", MLP, "label_flipping", [0])
    cells, schedule = [Cell(0.3, 0)], Schedule(1, 10, 0.02)
    streams_read = streams(problem, cells, problem.initial([0]), declared("gradient_ascent"))
    sizes = {name: stream.rows.shape[1] for name, stream in streams_read.items()}
    for whole in (False, True):
        workload = Workload(
            loss=None, start=(), pools={}, streams=streams_read, evals={},
            schedule=schedule._replace(whole_forget=whole),
            generators=problem.order_generators(cells, "test"),
        )  # fmt: skip
        cut = planned(workload)
        *_, last = segments(cut, grouped(1, 1)[0], workload.generators)
        forgotten = last.orders["forget"][0, 0]  # (updates, width)
        assert len(forgotten) == -(-sizes["retain"] // 10)
        if whole:
            assert np.all(np.sort(forgotten, axis=1) == np.arange(sizes["forget"]))
        else:
            assert sorted(forgotten[forgotten >= 0].tolist()) == list(range(sizes["forget"]))


def test_the_authors_choices_are_reached_by_names():
    study = plan()
    schedule = study.unlearning_schedule("xxz", "qnn~unlearning.whole_forget=true")
    assert schedule == study.unlearning_schedule("xxz", "qnn") | {"whole_forget": True}
    assert study.method("scrub~divergence=one_sided").divergence == "one_sided"
    with pytest.raises(UserError, match="divergence: 'both' is not"):
        study.method("scrub~divergence=both")


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
