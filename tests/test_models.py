"""The model protocol: multi-layer perceptron, exact column dropping, and models of every other kind."""

from dataclasses import replace

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from project import ROOT, plan
from qunlearn.config.plan import any_dataset
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.networks.convolution import Convolution
from qunlearn.parts import models
from qunlearn.parts.registry import find
from qunlearn.training.classifier import Classifier
from qunlearn.training.losses import cross_entropy, training_loss
from qunlearn.training.minimise import minimise
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import EvalSet, Stream
from qunlearn.training.workload import Workload

pytestmark = pytest.mark.usefixtures("compiled_quickly")

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
ARCHITECTURES = plan().config["architectures"]


def test_mlp_logits_by_hand():
    x = np.array([[1.0, 2.0]])
    model = models.build({"family": "mlp", "hidden": [2, 2]}, [x, x])
    params = {
        "w1": jnp.array([[1.0, -1.0], [1.0, 0.0]]), "b1": jnp.array([0.5, 0.5]),
        "w2": jnp.array([[2.0, -1.0], [1.0, 1.0]]), "b2": jnp.array([0.0, 1.0]),
        "w3": jnp.array([[0.5], [2.0]]), "b3": jnp.array([-1.0]),
    }  # fmt: skip
    # hidden 1: relu(3.5, -0.5) = (3.5, 0); hidden 2: relu(7, -2.5) = (7, 0); logit 3.5 - 1
    assert model.logits(params, {}, jnp.asarray(model.encode(x)))[0] == pytest.approx([2.5])


@pytest.mark.parametrize("replicas", [1, 3])
def test_a_wide_layer_has_the_derivatives_of_any_other_in_training(replicas, rng):
    """Whatever form the product has that computes them; both in single precision."""
    jax.config.update("jax_enable_x64", False)
    x = jnp.asarray(rng.normal(size=(12, 30)))
    model = models.build({"family": "mlp", "hidden": [64, 4]}, [np.asarray(x)] * 2)
    keys = jax.random.split(jax.random.key(2), replicas)
    params, _ = jax.vmap(model.init)(keys)

    def gradient(train):
        def loss(params):
            z, _ = model.logits(params, {}, x, jnp.arange(5, 12), train=train)
            return jnp.sum(jnp.sin(z))

        return jax.vmap(jax.grad(loss))(params)

    trained, plain = gradient(True), gradient(False)
    for name, values in plain.items():
        np.testing.assert_allclose(trained[name], values, atol=2e-6)
    assert np.any(plain["w1"])


def test_mlp_initial_weights_are_glorot_uniform():
    x = np.ones((3, 300))
    model = models.build({"family": "mlp", "hidden": [100, 16]}, [x, x])
    params, _ = model.init(jax.random.key(0))
    bound = np.sqrt(6 / 400)
    assert np.abs(params["w1"]).max() <= bound
    assert np.std(params["w1"]) == pytest.approx(bound / np.sqrt(3), rel=0.02)
    assert all(not np.any(params[f"b{i}"]) for i in (1, 2, 3))
    count = sum(leaf.size for leaf in jax.tree.leaves(params))
    assert count == 300 * 100 + 100 + 100 * 16 + 16 + 16 + 1


def test_columns_without_signal_are_dropped_exactly(rng):
    """Training with and without an all-zero column gives the same weights on the others."""
    x = rng.normal(size=(20, 6))
    x[:, 2] = 0
    full = models.build({"family": "mlp", "hidden": [5, 3]}, [x + 0, x])
    assert full.columns.tolist() == [0, 1, 3, 4, 5]
    params, _ = full.init(jax.random.key(1))
    assert params["w1"].shape == (5, 5)
    padded = jnp.zeros((6, 5)).at[full.columns].set(params["w1"]).at[2].set(0.3)
    keep_all = models.build({"family": "mlp", "hidden": [5, 3]}, [np.ones((1, 6)), x])
    y = jnp.asarray(rng.integers(0, 2, 20), float)

    def loss(model, p):
        z, _ = model.logits(p, {}, jnp.asarray(model.encode(x)))
        return cross_entropy(z, y).mean()

    narrow = jax.grad(lambda p: loss(full, p))(params)
    wide = jax.grad(lambda p: loss(keep_all, p))({**params, "w1": padded})
    np.testing.assert_allclose(narrow["w1"], wide["w1"][full.columns], atol=1e-15)
    assert not np.any(wide["w1"][2])


def test_rows_that_use_only_clean_columns_come_narrow_and_give_the_same_logits(rng):
    clean, twin = rng.normal(size=(5, 6)), rng.normal(size=(5, 6))
    clean[:, [0, 3]] = 0
    model = models.build({"family": "mlp", "hidden": [4, 3]}, [clean, twin, clean])
    assert model.columns.tolist() == [1, 2, 4, 5, 0, 3]
    assert model.encode(clean).shape == (5, 4) and model.encode(
        np.concatenate([clean, twin])
    ).shape == (10, 6)
    params, _ = model.init(jax.random.key(0))
    narrow = model.logits(params, {}, jnp.asarray(model.encode(clean)))[0]
    wide = model.logits(params, {}, jnp.asarray(model.encode(np.concatenate([clean, twin]))))[0]
    np.testing.assert_allclose(narrow, wide[:5], atol=1e-14)


def test_complex_input_enters_as_real_and_imaginary_part(rng):
    x = rng.normal(size=(4, 3)) + 1j * rng.normal(size=(4, 3))
    model = models.build({"family": "mlp", "hidden": [2]}, [x, x])
    np.testing.assert_array_equal(model.encode(x), np.concatenate([x.real, x.imag], axis=1))


class Normalised(Classifier):
    """A linear model on shaped input behind a batch normalisation with running statistics and a fixed random map:
    mutable state, padding weights and non-trainable arrays, as convolutional and kernel models need them."""

    def encode(self, x):
        return x.reshape(-1, 8, 8)

    def init(self, key):
        maps = jax.random.normal(key, (64, 48))
        return {"w": jnp.zeros(48), "b": jnp.zeros(())}, {
            "map": maps,
            "mean": jnp.zeros(48),
            "seen": jnp.zeros(()),
        }

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        x = (pool if rows is None else pool[rows]).reshape(-1, 64)
        features = jnp.maximum(x @ state["map"], 0)
        mean = state["mean"]
        if train:
            mean = jnp.sum(features * weight[:, None], axis=0) / jnp.sum(weight)
            state = {
                **state,
                "mean": 0.9 * state["mean"] + 0.1 * mean,
                "seen": state["seen"] + jnp.sum(weight),
            }
        return (features - mean) @ params["w"] + params["b"], state


def test_the_trainer_carries_state_and_padding(digits):
    model = Normalised()
    start = jax.vmap(model.init)(jax.random.split(jax.random.key(0), 2))
    n = len(digits.y_train)
    rows, labels = np.tile(np.arange(n), (2, 1)), np.tile(digits.y_train, (2, 1))
    pools = {"train": model.encode(digits.x_train), "validation": model.encode(digits.x_validation)}
    evals = {
        "train": EvalSet("train", rows, labels),
        "validation": EvalSet("validation", None, np.tile(digits.y_validation, (2, 1))),
    }
    workload = Workload(
        training_loss, start, pools, {"train": Stream(rows, labels)}, evals, Schedule(60, 32, 0.05),
        [np.random.default_rng(i) for i in range(2)],
    )  # fmt: skip
    trained = minimise(model, workload)
    np.testing.assert_array_equal(
        trained.state["seen"], 60 * n
    )  # each sample once per epoch, padding never
    np.testing.assert_array_equal(trained.state["map"], start[1]["map"])
    assert np.all(np.any(trained.state["mean"] != 0, axis=1))
    assert np.all(trained.learning_curves["validation_accuracy"][:, -1] > 0.9)


def test_a_model_fitted_in_one_call_runs_through_the_same_experiment(digits):
    problem = Problem(digits, "logistic", ARCHITECTURES["logistic"], "label_flipping", [0, 1])
    trained = train(problem, [Cell(a, s) for a in (0.0, 0.3) for s in (0, 1)], Schedule(1, 0, 1.0))
    accuracy = trained.learning_curves["validation_accuracy"]
    assert accuracy.shape == (4, 2)
    assert np.all(accuracy[:2, -1] > 0.95) and np.all(accuracy[2:, -1] > 0.8)


COMPARED = [name for name in CONFIG["supplement"]["models"] if name not in ("mlp", "qnn")]
#: Models whose penalty, or whose neighbours, leave errors on few samples.
PENALISED = ("knn", "logistic_strong", "logistic_rho", "svm_linear", "svm_fidelity")
#: Networks whose programs take long to compile.
WIDE = ("cnn", "resnet")
COMPARISONS = [
    pytest.param(name, data, marks=[pytest.mark.long] if name in WIDE else [])
    for name in COMPARED
    for data in ("digits", "small_xxz")
]


def few(dataset):
    """Ten clean samples of each class."""
    rows = np.concatenate([np.flatnonzero(dataset.y_train == c)[:10] for c in (0, 1)])
    return replace(dataset, x_train=dataset.x_train[rows], y_train=dataset.y_train[rows])


@pytest.mark.parametrize(("name", "data_name"), COMPARISONS)
def test_a_comparison_model_learns_twenty_clean_samples_the_same_way_twice(
    name, data_name, request
):
    dataset = few(request.getfixturevalue(data_name))
    architecture = any_dataset(find("model", ARCHITECTURES[name]["family"]), ARCHITECTURES[name])
    problem = Problem(dataset, name, architecture, "feature_randomization", [0])
    params, state = problem.initial([0])
    first = jax.tree.map(lambda a: a[0], (params, state))
    if not problem.declared.fitted:
        logits, _ = problem.model.logits(*first, jnp.asarray(problem.pools["validation"]))
        assert logits.shape == dataset.y_validation.shape and np.isfinite(logits).all()
    runs = [train(problem, [Cell(0.0, 0)], Schedule(150, 0, 0.02)) for _ in range(2)]
    history = runs[0].learning_curves
    network = name in ("cnn", "resnet")  # random phases and penalties leave the others errors
    if network or (data_name == "digits" and name not in PENALISED):
        assert history["train_accuracy"][0, -1] == 1, history["train_accuracy"]
    assert history["train_loss"][0, -1] < history["train_loss"][0, 0]
    jax.tree.map(np.testing.assert_array_equal, runs[0], runs[1])


def of_scikit_learn(name: str, model):
    """The estimator that a fitted model stands for, unfitted."""
    if name == "logistic":
        return model.estimator()
    if name == "knn":
        return KNeighborsClassifier(model.k)
    return SVC(kernel=model.kernel, gamma=model.gamma, C=model.C)


@pytest.mark.parametrize("name", ["logistic", "svm_linear", "svm_rbf", "knn"])
def test_a_fitted_models_logits_are_those_of_scikit_learn(name, digits):
    problem = Problem(digits, name, ARCHITECTURES[name], "label_flipping", [0])
    model, cell = problem.model, Cell(0.3, 0)
    trained = train(problem, [cell], Schedule(1, 0, 0.0))
    sample = problem.samples(cell)
    fitted = of_scikit_learn(name, model).fit(model.known[sample.rows], sample.labels)
    params, state = jax.tree.map(lambda a: a[0], (trained.params, trained.state))
    logits, _ = model.logits(params, state, jnp.asarray(problem.pools["validation"]))
    x = model.features(digits.x_validation)[:, model.columns]
    if name == "knn":
        share = fitted.predict_proba(x)[:, 1]
        np.testing.assert_allclose(
            logits, np.log((5 * share + 0.5) / (5.5 - 5 * share)), atol=1e-12
        )
    else:
        np.testing.assert_allclose(logits, fitted.decision_function(x), atol=1e-9)
    assert not model.diverged(trained.learning_curves["train_loss"]).any()


@pytest.mark.parametrize("name", ["svm_linear", "svm_rbf", "svm_fidelity", "knn"])
def test_only_samples_that_meet_in_a_model_are_compared(name, digits):
    """Twins of two seeds never do."""
    seeds = [3, 0]
    problem = Problem(digits, name, ARCHITECTURES[name], "feature_randomization", seeds)
    known = problem.model.known
    count = len(digits.x_train)
    pool = problem.pools["train"]
    assert pool.shape == (3 * count, 3 * count)
    for seed in seeds:
        rows = problem.samples(Cell(0.4, seed)).rows
        everything = problem.model.likeness(known[rows], known[rows])
        np.testing.assert_allclose(pool[np.ix_(rows, rows)], everything, rtol=1e-12)
    one, other = slice(count, 2 * count), slice(2 * count, None)
    assert np.isnan(pool[one, other]).all() and np.isnan(pool[other, one]).all()
    assert np.isnan(pool).sum() == 2 * count**2


@pytest.mark.parametrize("name", ["svm_linear", "svm_rbf", "knn"])
def test_samples_may_be_whole_numbers(name, digits):
    """Their likeness need not be one."""
    whole = replace(
        digits,
        x_train=np.round(16 * digits.x_train).astype(int),
        x_validation=np.round(16 * digits.x_validation).astype(int),
    )
    problem = Problem(whole, name, ARCHITECTURES[name], "label_flipping", [0])
    known = problem.model.known
    pool = problem.pools["train"]
    np.testing.assert_allclose(pool, problem.model.likeness(known, known))
    trained = train(problem, [Cell(0.0, 0)], Schedule(1, 0, 0.0))
    assert trained.learning_curves["train_accuracy"][0, -1] > 0.9


@pytest.mark.parametrize("name", ["svm_rbf", "knn"])
def test_no_program_holds_the_known_samples(name, digits):
    """As constants they were compiled, and kept on disk, with each."""
    problem = Problem(digits, name, ARCHITECTURES[name], "feature_randomization", [0, 1])
    trained = train(problem, [Cell(0.3, 0)], Schedule(1, 0, 0.0))
    one = jax.tree.map(lambda a: a[0], (trained.params, trained.state))
    program = jax.jit(problem.model.logits).lower(*one, problem.pools["validation"])
    assert len(program.as_text()) < 10_000


def test_within_the_span_of_few_samples_a_logistic_regression_is_the_same(small_xxz):
    problem = Problem(small_xxz, "logistic", ARCHITECTURES["logistic"], "label_flipping", [0])
    model, rows = problem.model, np.arange(0, 197, 4)
    x, labels = problem.pools["train"][rows], small_xxz.y_train[rows]
    assert len(x) < x.shape[1]
    apart = model.estimator().set_params(tol=1e-10).fit(x, labels)
    model.estimator = lambda: LogisticRegression(C=model.C, max_iter=10_000, tol=1e-10)
    found = model.fitted(x, labels)
    np.testing.assert_allclose(found.coef_, apart.coef_, atol=1e-6)
    np.testing.assert_allclose(found.intercept_, apart.intercept_, atol=1e-6)


def test_parameters_that_can_move_the_output_are_counted(small_xxz):
    """36 of 188 for the XXZ chain; an MLP's weights of amplitudes that are zero in every ground state are not live."""
    qnn = Problem(
        small_xxz, "qnn", {**ARCHITECTURES["qnn"], "depth": 4}, "label_flipping", [0]
    ).model
    assert qnn.parameters() == {"all": 4 * (3 * 8 + 7), "live": 36}
    mlp = Problem(small_xxz, "mlp", ARCHITECTURES["mlp_8_2"], "label_flipping", [0]).model
    used = 2 * np.count_nonzero(
        np.any(np.concatenate([small_xxz.x_train, small_xxz.x_validation]) != 0, axis=0)
    )
    assert mlp.parameters() == {"all": 513 * 8 + 9 * 2 + 3, "live": (used + 1) * 8 + 9 * 2 + 3}
    assert used <= 2 * 70  # C(8, 4) amplitudes of zero magnetisation
    cnn = Problem(small_xxz, "cnn", ARCHITECTURES["cnn"], "label_flipping", [0]).model
    assert cnn.parameters()["all"] == cnn.parameters()["live"] > 0


@pytest.mark.parametrize(
    "shape, kernel, stride",
    [((64, 2), 3, 16), ((61, 2), 3, 8), ((8, 8, 3), 3, 2), ((7, 9, 1), 5, 1)],
)
def test_a_convolution_is_flax_own(shape, kernel, stride):
    window, axes = kernel + stride - 1, len(shape) - 1
    x = jax.random.normal(jax.random.key(0), (4, *shape))
    mine = Convolution(width=5, kernel=kernel, stride=stride)
    params = mine.init(jax.random.key(1), x)["params"]["Dense_0"]
    theirs = nn.Conv(5, (window,) * axes, stride, padding="SAME")
    weights = params["kernel"].reshape(*[window] * axes, shape[-1], 5)
    if axes == 2:  # the last axis is gathered last: its offset runs slowest
        weights = weights.swapaxes(0, 1)
    expected = theirs.apply({"params": {"kernel": weights, "bias": params["bias"]}}, x)
    np.testing.assert_allclose(mine.apply({"params": {"Dense_0": params}}, x), expected, atol=1e-5)
