"""The model protocol: multi-layer perceptron, exact column dropping, and room for models of other kinds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from qunlearn import models, training
from qunlearn.experiment.train import train
from qunlearn.models import base
from qunlearn.problem import Cell, Problem
from qunlearn.training import EvalSet, Schedule, Stream


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
        return training.cross_entropy(z, y).mean()

    narrow = jax.grad(lambda p: loss(full, p))(params)
    wide = jax.grad(lambda p: loss(keep_all, p))({**params, "w1": padded})
    np.testing.assert_allclose(narrow["w1"], wide["w1"][full.columns], atol=1e-15)
    assert not np.any(wide["w1"][2])


def test_rows_that_use_only_clean_columns_come_narrow_and_give_the_same_logits(rng):
    clean, twin = rng.normal(size=(5, 6)), rng.normal(size=(5, 6))
    clean[:, [0, 3]] = 0
    model = models.build({"family": "mlp", "hidden": [4, 3]}, [clean, twin, clean])
    assert model.columns.tolist() == [1, 2, 4, 5, 0, 3]
    assert model.encode(clean).shape == (5, 4) and model.encode(np.concatenate([clean, twin])).shape == (10, 6)
    params, _ = model.init(jax.random.key(0))
    narrow = model.logits(params, {}, jnp.asarray(model.encode(clean)))[0]
    wide = model.logits(params, {}, jnp.asarray(model.encode(np.concatenate([clean, twin]))))[0]
    np.testing.assert_allclose(narrow, wide[:5], atol=1e-14)


def test_complex_input_enters_as_real_and_imaginary_part(rng):
    x = rng.normal(size=(4, 3)) + 1j * rng.normal(size=(4, 3))
    model = models.build({"family": "mlp", "hidden": [2]}, [x, x])
    np.testing.assert_array_equal(model.encode(x), np.concatenate([x.real, x.imag], axis=1))


class Normalised(base.Model):
    """A linear model on shaped input behind a batch normalisation with running statistics and a fixed random map:
    mutable state, padding weights and non-trainable arrays, as convolutional and kernel models need them."""

    def encode(self, x):
        return x.reshape(-1, 8, 8)

    def init(self, key):
        maps = jax.random.normal(key, (64, 48))
        return {"w": jnp.zeros(48), "b": jnp.zeros(())}, {"map": maps, "mean": jnp.zeros(48), "seen": jnp.zeros(())}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        x = (pool if rows is None else pool[rows]).reshape(-1, 64)
        features = jnp.maximum(x @ state["map"], 0)
        mean = state["mean"]
        if train:
            mean = jnp.sum(features * weight[:, None], axis=0) / jnp.sum(weight)
            state = {**state, "mean": 0.9 * state["mean"] + 0.1 * mean, "seen": state["seen"] + jnp.sum(weight)}
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
    trained = training.minimise(
        model, training.training_loss, start, pools, {"train": Stream(rows, labels, np.zeros(rows.shape))}, evals,
        Schedule(60, 32, 0.05), [np.random.default_rng(i) for i in range(2)],
    )  # fmt: skip
    np.testing.assert_array_equal(trained.state["seen"], 60 * n)  # each sample once per epoch, padding never
    np.testing.assert_array_equal(trained.state["map"], start[1]["map"])
    assert np.all(np.any(trained.state["mean"] != 0, axis=1))
    assert np.all(trained.history["validation_accuracy"][:, -1] > 0.9)


class Fitted(base.Model):
    """Logistic regression by scikit-learn: fitted in one call, one replica after the other."""

    def encode(self, x):
        return x

    def init(self, key):
        return {"w": jnp.zeros(64), "b": jnp.zeros(())}, {}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        return (pool if rows is None else pool[rows]) @ params["w"] + params["b"], state

    def optimise(self, loss, start, pools, streams, evals, schedule, generators, progress):
        stream = streams["train"]
        fits = [LogisticRegression().fit(pools["train"][r], y) for r, y in zip(stream.rows, stream.labels)]
        params = {"w": np.stack([f.coef_[0] for f in fits]), "b": np.array([f.intercept_[0] for f in fits])}
        before, after = (training.evaluate(self, p, {}, pools, evals) for p in (start[0], params))
        return training.Trained(params, {}, {name: np.stack([before[name], after[name]], 1) for name in after})


def test_a_model_fitted_in_one_call_runs_through_the_same_experiment(digits, monkeypatch):
    monkeypatch.setattr(models, "build", lambda options, inputs: Fitted())
    problem = Problem(digits, "logistic", {}, "label_flipping", [0, 1])
    trained = train(problem, [Cell(a, s) for a in (0.0, 0.3) for s in (0, 1)], Schedule(1, 0, 1.0))
    accuracy = trained.history["validation_accuracy"]
    assert accuracy.shape == (4, 2)
    assert np.all(accuracy[:2, -1] > 0.95) and np.all(accuracy[2:, -1] > 0.8)
