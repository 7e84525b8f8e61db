"""Training: minibatches, loss, determinism, independence of grouping, and what a trained model must reach."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from qunlearn import training
from qunlearn.experiment.train import train
from qunlearn.problem import Cell, Problem
from qunlearn.training import Batch, Schedule

MLP = {"family": "mlp", "hidden": [16, 4]}
QNN = {
    "family": "qnn", "depth": 3, "entangler": "chain", "rotations": "xyx", "readout_scale": 5.0, "measure": "last",
}  # fmt: skip
OPTIONS = {"mlp": MLP, "qnn": QNN}


def test_loss_by_hand():
    batch = Batch(jnp.array([0.0, 2.0, -1.0]), jnp.array([1.0, 0.0, 1.0]), jnp.zeros(3), jnp.array([1.0, 1.0, 0.0]))
    expected = (np.log(2) + np.log(1 + np.exp(2))) / 2  # the third is padding
    assert float(training.training_loss({"train": batch})) == pytest.approx(expected)


def test_loss_stays_finite_for_huge_logits():
    assert float(training.cross_entropy(jnp.array(-1e6), jnp.array(1.0))) == pytest.approx(1e6)


def test_adam_is_optax_adam(rng):
    ours, theirs = training.adam(0.03), optax.adam(0.03)
    params = {"a": jnp.asarray(rng.normal(size=(4, 3))), "b": jnp.asarray(rng.normal(size=5))}
    memory = ours.init(params), theirs.init(params)
    for scale in (1.0, 1e-9, 1e3, 0.0, 2.0):
        gradient = jax.tree.map(lambda p, scale=scale: scale * jnp.sin(17 * p), params)
        one, left = ours.update(gradient, memory[0], params)
        two, right = theirs.update(gradient, memory[1], params)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10), one, two)
        memory, params = (left, right), optax.apply_updates(params, one)


@pytest.mark.parametrize(("size", "batch"), [(197, 32), (10, 0), (7, 3), (5, 50), (64, 32)])
def test_every_sample_once_per_epoch(size, batch, rng):
    steps, (width,) = training.widths([size], batch)
    order = training.minibatch_order(rng, 4, size, steps, width, dealt=False)
    assert order.shape == (4, steps, width)
    for epoch in order:
        assert sorted(epoch[epoch >= 0].tolist()) == list(range(size))
    if steps > 1:
        assert np.any(order[0] != order[1])
        assert np.all(order[:, :-1] >= 0)  # only the last minibatch is short


def test_a_second_stream_is_spread_over_all_updates(rng):
    steps, (_, width) = training.widths([350, 12], 64)
    order = training.minibatch_order(rng, 3, 12, steps, width, dealt=True)
    assert np.all((order >= 0).sum(axis=2) == 2)
    assert sorted(order[0][order[0] >= 0].tolist()) == list(range(12))


@pytest.mark.parametrize(
    ("name", "corruption", "precision", "batch"),
    [
        ("mlp", "label_flipping", "single", 32),
        ("mlp", "feature_randomization", "single", 32),
        ("qnn", "label_flipping", "single", 32),
        ("qnn", "label_flipping", "single", 128),  # a matrix product with the whole pool
        ("qnn", "feature_randomization", "single", 30),  # no multiple of the rows that are read together
        ("qnn", "feature_randomization", "double", 32),
    ],
)
def test_a_cell_does_not_depend_on_its_company(name, corruption, precision, batch, digits):
    jax.config.update("jax_enable_x64", precision == "double")
    schedule = Schedule(8, batch, 0.02)

    def run(alphas, seeds):
        problem = Problem(digits, name, OPTIONS[name], corruption, seeds)
        cells = [Cell(a, s) for a in alphas for s in seeds]
        trained = train(problem, cells, schedule)
        found = (trained.params, trained.history)
        return {cell: jax.tree.map(lambda x, i=i: x[i], found) for i, cell in enumerate(cells)}

    together = run([0.0, 0.3, 0.6], [0, 1, 2, 3])
    for other in (run([0.3], [2]), run([0.3, 0.6], [1, 2])):
        for cell, (params, history) in other.items():
            jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), params, together[cell][0])
            for key, values in history.items():
                if key.endswith("accuracy"):
                    np.testing.assert_array_equal(values, together[cell][1][key])


@pytest.mark.parametrize("name", ["mlp", "qnn"])
def test_overfits_twenty_clean_samples_and_repeats_exactly(name, digits):
    first = np.concatenate([np.flatnonzero(digits.y_train == c)[:10] for c in (0, 1)])
    few = replace(digits, x_train=digits.x_train[first], y_train=digits.y_train[first])
    problem = Problem(few, name, OPTIONS[name] | ({"depth": 6} if name == "qnn" else {}), "label_flipping", [0])
    runs = [train(problem, [Cell(0.0, 0)], Schedule(150, 0, 0.05)) for _ in range(2)]
    assert runs[0].history["train_accuracy"][0, -1] == 1
    assert runs[0].history["train_loss"].shape == (1, 151)
    jax.tree.map(np.testing.assert_array_equal, runs[0].params, runs[1].params)


@pytest.mark.parametrize("name", ["mlp", "qnn"])
def test_a_sparse_record_is_part_of_the_full_one(name, digits):
    """Also where it does not divide the number of epochs: 4 becomes 3."""
    problem, cells = Problem(digits, name, OPTIONS[name], "label_flipping", [0, 1]), [Cell(0.3, 0), Cell(0.3, 1)]
    full, sparse = (train(problem, cells, Schedule(9, 32, 0.02, record=n)) for n in (1, 4))
    for key, values in full.history.items():
        assert values.shape == (2, 10)
        np.testing.assert_array_equal(sparse.history[key], values[:, ::3])
    jax.tree.map(np.testing.assert_array_equal, full.params, sparse.params)


def test_initial_parameters_depend_on_model_and_seed_alone(digits):
    flip, noise = (Problem(digits, "mlp", MLP, c, [0, 1]) for c in ("label_flipping", "feature_randomization"))
    again = flip.initial([0, 1])[0]["w2"]
    np.testing.assert_array_equal(again, noise.initial([0, 1])[0]["w2"])
    assert np.any(again[0] != again[1])
    assert np.any(again != Problem(digits, "other", MLP, "label_flipping", [0, 1]).initial([0, 1])[0]["w2"])
    assert np.any(again != flip.initial([0, 1], "retrain")[0]["w2"])


def test_progress_reaches_the_end(digits):
    seen = []
    problem = Problem(digits, "mlp", MLP, "label_flipping", [0])
    train(problem, [Cell(0.0, 0)], Schedule(7, 0, 0.01), lambda f, text: seen.append((f, text)))
    assert seen[-1][0] == 1 and [f for f, _ in seen] == sorted(f for f, _ in seen)
    assert "s left" in seen[-1][1]
