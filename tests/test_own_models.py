"""Models of a user's own behind the small face, and any classifier of scikit-learn."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import LinearSVC

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.experiment.unlearn import unlearn
from qunlearn.parts import models
from qunlearn.parts.models import FittedModel, Model, StatefulModel
from qunlearn.parts.models.mlp import Mlp
from qunlearn.parts.registry import find
from qunlearn.runtime.errors import UserError
from qunlearn.training.schedule import Schedule

pytestmark = pytest.mark.usefixtures("compiled_quickly")

CELLS = [Cell(0.0, 0), Cell(0.0, 1)]


def problem_of(declaration, dataset, monkeypatch, corruption="label_flipping"):
    """A problem whose model is declared here and not in a file."""
    monkeypatch.setattr(models, "declared", lambda architecture: declaration)
    return Problem(dataset, "own", {}, corruption, [0, 1])


# -- the small face ------------------------------------------------------------------------------------------------
class Line(Model):
    """An MLP without hidden layers, by init and logit alone."""

    def init(self, key, inputs):
        return {"w": jnp.zeros(inputs), "b": jnp.zeros(())}

    def logit(self, params, x):
        return params["w"] @ x + params["b"]


class Squares(Line):
    """On features of its own."""

    def encode(self, x):
        return np.abs(x) ** 2


@pytest.mark.parametrize("data_name", ["digits", "small_xxz"])
def test_a_small_model_trains_as_the_shipped_one_does(data_name, request, monkeypatch):
    dataset = request.getfixturevalue(data_name)
    problem = problem_of(Line(), dataset, monkeypatch)
    assert problem.model.inputs == dataset.x_train.shape[1] * (
        2 if np.iscomplexobj(dataset.x_train) else 1
    )
    mine = train(problem, CELLS, Schedule(10, 32, 0.02))
    shipped = problem_of(Mlp(hidden=[]), dataset, monkeypatch)
    start = jax.tree.map(jnp.zeros_like, shipped.initial([0, 1]))
    monkeypatch.setattr(shipped, "initial", lambda *_: start)
    theirs = train(shipped, CELLS, Schedule(10, 32, 0.02))
    np.testing.assert_allclose(
        mine.learning_curves["train_loss"], theirs.learning_curves["train_loss"], rtol=1e-9
    )
    norms = problem.model.squared_gradient_norms(
        jax.tree.map(lambda a: jnp.asarray(a[0]), mine.params),
        {},
        jnp.asarray(problem.pools["train"]),
        np.arange(5),
    )
    x = problem.pools["train"][:5]
    np.testing.assert_allclose(norms, (x**2).sum(1) + 1)


def test_features_of_ones_own_are_computed_once_for_all_samples(small_xxz, monkeypatch):
    problem = problem_of(Squares(), small_xxz, monkeypatch)
    np.testing.assert_array_equal(problem.pools["validation"], np.abs(small_xxz.x_validation) ** 2)
    done = train(problem, CELLS, Schedule(100, 32, 0.05))
    assert np.all(done.learning_curves["validation_accuracy"][:, -1] > 0.9)  # the phase is gone


class Centred(StatefulModel):
    """A linear model on features from which a running mean is taken."""

    def init(self, key, inputs):
        return {"w": jnp.zeros(inputs)}, {"mean": jnp.zeros(inputs), "seen": jnp.zeros(())}

    def logits(self, params, state, x, weight, train):
        mean = state["mean"]
        if train:
            mean = weight @ x / weight.sum()
            state = {"mean": 0.9 * state["mean"] + 0.1 * mean, "seen": state["seen"] + weight.sum()}
        return (x - mean) @ params["w"], state


def test_a_stateful_model_keeps_its_statistics_and_padding_enters_none(digits, monkeypatch):
    problem = problem_of(Centred(), digits, monkeypatch)
    done = train(problem, CELLS, Schedule(20, 32, 0.05))
    np.testing.assert_array_equal(done.state["seen"], 20 * len(digits.y_train))
    assert np.all(done.learning_curves["validation_accuracy"][:, -1] > 0.9)
    assert np.all(np.any(done.state["mean"] != 0, axis=1))


class Means(FittedModel):
    """Between the means of the classes."""

    def fit(self, x, y):
        one, zero = x[y == 1].mean(axis=0), x[y == 0].mean(axis=0)
        return {"w": one - zero, "middle": (one + zero) / 2}

    def logit(self, params, x):
        return params["w"] @ (x - params["middle"]) / jnp.sum(params["w"] ** 2)


def test_a_fitted_model_is_fitted_to_what_it_may_see(digits, monkeypatch):
    problem = problem_of(Means(), digits, monkeypatch)
    cells = [Cell(0.3, 0), Cell(0.3, 1)]
    done = train(problem, cells, Schedule(1, 0, 0.0))
    curves = done.learning_curves
    np.testing.assert_allclose(curves["validation_loss"][:, 0], np.log(2))  # before the fit
    assert np.all(curves["validation_accuracy"][:, -1] > 0.85)
    again = unlearn(
        problem, cells, (done.params, done.state), find("method", "retrain")(), Schedule(1, 0, 0.0)
    )
    for i, cell in enumerate(cells):
        kept = ~problem.samples(cell).forget
        x, y = digits.x_train[kept], digits.y_train[kept]
        expected = Means().fit(x, y)
        np.testing.assert_allclose(again.params["found"]["w"][i], expected["w"])
    assert not problem.model.diverged(curves["train_loss"]).any()
    assert problem.model.parameters() == {"all": 2 * 64, "live": 2 * 64}


class Two(Line):
    def logit(self, params, x):
        return jnp.stack([x[0], x[1]])


class Whole(Line):
    def logit(self, params, x):
        return 3


class Integers(Line):
    def init(self, key, inputs):
        return {"w": jnp.zeros(inputs, int)}


class Flat(Line):
    def encode(self, x):
        return x[:, 0]


class Complex(Line):
    def encode(self, x):
        return x * 1j


class Forgetful(Centred):
    def logits(self, params, state, x, weight, train):
        return x @ params["w"], {}


class Alone(Centred):
    def logits(self, params, state, x, weight, train):
        return x @ params["w"]


class Ragged(Means):
    def fit(self, x, y):
        return {"w": x[y == 1]}

    def logit(self, params, x):
        return (params["w"] @ x).sum()


class Nothing(Means):
    def fit(self, x, y):
        return None


@pytest.mark.parametrize(
    ("declaration", "words"),
    [
        (
            Two(),
            r"test_own_models.py, line \d+: Two.logit returns shape \(2,\); one number is asked for",
        ),
        (Whole(), r"Whole.logit returns int\d*; one number is asked for, a real one"),
        (
            Integers(),
            r"Integers.init returns int\d* among its arrays; a dictionary of arrays of real",
        ),
        (
            Flat(),
            r"Flat.encode returns shape \(3,\); rows of real numbers, \(3, inputs\), are asked for",
        ),
        (Complex(), r"Complex.encode returns complex128; rows of real numbers"),
        (Forgetful(), r"Forgetful.logits returns \{\}, not .*'mean'.*; a state like that of init"),
        (Alone(), r"Alone.logits returns shape \(3,\); \(logits, state\) is asked for"),
        (Ragged(), r"Ragged.fit returns .*; arrays of one shape for all training sets"),
        (Nothing(), r"Nothing.fit returns NoneType; a dictionary of arrays"),
    ],
)
def test_what_a_function_gives_is_checked_once_and_named(declaration, words, digits, monkeypatch):
    with pytest.raises(UserError, match=words):
        problem = problem_of(declaration, digits, monkeypatch)
        train(problem, [Cell(0.0, 0), Cell(0.4, 1)], Schedule(1, 0, 0.1))


# -- scikit-learn --------------------------------------------------------------------------------------------------
FOREST = {
    "family": "scikit_learn", "estimator": "sklearn.ensemble.RandomForestClassifier", "arguments": {"n_estimators": 20},
}  # fmt: skip


@pytest.mark.parametrize(
    ("architecture", "estimator", "answer"),
    [
        (FOREST, RandomForestClassifier(20, random_state=0), "predict_proba"),
        (
            {
                "family": "scikit_learn",
                "estimator": "sklearn.svm.LinearSVC",
                "arguments": {"C": 10.0},
            },
            LinearSVC(C=10.0, random_state=0),
            "decision_function",
        ),
    ],
)
def test_logits_are_the_estimators_own(architecture, estimator, answer, digits):
    jax.config.update("jax_enable_x64", False)
    problem = Problem(digits, "own", architecture, "feature_randomization", [0, 1])
    cells = [Cell(0.3, 0), Cell(0.3, 1)]
    trained = train(problem, cells, Schedule(1, 0, 0.0))
    np.testing.assert_allclose(
        trained.learning_curves["validation_loss"][:, 0], np.log(2), rtol=1e-6
    )
    method, poisoned = find("method", "finetune")(), (trained.params, trained.state)
    kept = unlearn(problem, cells, poisoned, method, Schedule(1, 0, 0.0))
    x = problem.pools["validation"]
    for i, cell in enumerate(cells):
        samples = problem.samples(cell)
        for done, mask in ((trained, slice(None)), (kept, ~samples.forget)):
            rows, labels = samples.rows[mask], samples.labels[mask]
            expected = getattr(estimator.fit(problem.pools["train"][rows], labels), answer)(x)
            if answer == "predict_proba":
                expected = np.clip(
                    np.log(expected[:, 1] + 1e-300) - np.log(expected[:, 0] + 1e-300), -14, 14
                )
            # anew from what is stored, as another process would
            again = Problem(digits, "own", architecture, "feature_randomization", [0, 1]).model
            one = jax.tree.map(lambda a, i=i: jnp.asarray(a[i]), (done.params, done.state))
            logits = jax.jit(lambda pool, one=one, again=again: again.logits(*one, pool)[0])(
                jnp.asarray(x)
            )
            np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
    assert (
        np.all(kept.learning_curves["retain_accuracy"][:, -1] == 1) or answer == "decision_function"
    )


def test_a_fit_is_made_once_in_a_process(digits, monkeypatch):
    fits = []
    original = RandomForestClassifier.fit
    monkeypatch.setattr(
        RandomForestClassifier, "fit", lambda *a, **k: fits.append(1) or original(*a, **k)
    )
    problem = Problem(digits, "own", FOREST, "label_flipping", [0, 1])
    train(problem, CELLS + CELLS, Schedule(1, 0, 0.0))
    assert len(fits) == 1  # clean sets of both seeds are the same
    train(problem, [Cell(0.3, 0)], Schedule(1, 0, 0.0))
    assert len(fits) == 2


def test_one_class_alone_needs_no_estimator(digits):
    ones = replace(digits, y_train=np.zeros_like(digits.y_train))
    done = train(
        Problem(ones, "own", FOREST, "label_flipping", [0]), [Cell(0.0, 0)], Schedule(1, 0, 0.0)
    )
    assert (
        done.learning_curves["train_accuracy"][0, -1] == 1
        and done.learning_curves["train_loss"][0, -1] < 1e-5
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"estimator": "sklearn.ensemble.RandomForrest"},
            "sklearn.ensemble.RandomForrest cannot be imported",
        ),
        ({"estimator": "sklearm.ensemble.RandomForestClassifier"}, "No module named 'sklearm'"),
        (
            {"estimator": "sklearn.preprocessing.StandardScaler"},
            "has neither decision_function nor predict_proba",
        ),
        (
            {"estimator": "sklearn.linear_model.Ridge", "arguments": {}},
            "has neither decision_function",
        ),
        ({"estimator": "math.sqrt"}, "no class with a method fit"),
        (
            {"arguments": {"trees": 3}},
            "scikit_learn.arguments: .*unexpected keyword argument 'trees'",
        ),
    ],
)
def test_a_wrong_estimator_is_one_sentence(change, words, digits):
    with pytest.raises(UserError, match=words):
        models.build(FOREST | change, [digits.x_train, digits.x_validation])


@pytest.mark.parametrize(
    "change",
    [
        {"arguments": {"n_estimators": -3}},
        {"estimator": "sklearn.neural_network.MLPClassifier", "arguments": {"max_iter": 1}},
    ],
)
def test_a_fit_that_fails_is_one_sentence(change, digits):
    problem = Problem(digits, "own", FOREST | change, "label_flipping", [0])
    with pytest.raises(
        UserError, match=r"cannot be fitted to 217 samples \(.*\); change scikit_learn.arguments"
    ):
        train(problem, [Cell(0.0, 0)], Schedule(1, 0, 0.0))


# -- density matrices ----------------------------------------------------------------------------------------------
ON_MATRICES = [
    {"family": "mlp", "hidden": [8]},
    {"family": "random_features", "features": 20, "width": 1.0},
    {"family": "nearest_neighbours", "k": 3},
    {"family": "cnn", "channels": [4], "kernel": 3, "dense": 4},
]


@pytest.mark.parametrize(
    ("architecture", "corruption"),
    [(ON_MATRICES[0], "label_flipping"), *((a, "feature_randomization") for a in ON_MATRICES)],
)
def test_models_take_density_matrices(architecture, corruption, rng, digits):
    states = rng.normal(size=(60, 4, 2)) + 1j * rng.normal(size=(60, 4, 2))
    states[::2, 0] += 3
    matrices = states @ states.conj().transpose(0, 2, 1)
    matrices /= np.trace(matrices, axis1=1, axis2=2)[:, None, None]
    labels = np.arange(60) % 2
    dataset = replace(
        digits,
        x_train=matrices[:40], y_train=labels[:40], x_validation=matrices[40:], y_validation=labels[40:],
    )  # fmt: skip
    problem = Problem(dataset, "own", architecture, corruption, [0])
    done = train(problem, [Cell(0.3, 0)], Schedule(30, 0, 0.02))
    assert done.learning_curves["validation_accuracy"].shape[0] == 1
    assert done.learning_curves["validation_accuracy"][0, -1] > 0.6
    if architecture["family"] == "mlp":
        flat = matrices.reshape(60, 16)[40:]
        parts = np.concatenate([flat.real, flat.imag], axis=1)
        np.testing.assert_array_equal(problem.pools["validation"], parts[:, problem.model.columns])
