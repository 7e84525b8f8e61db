"""Training: minibatches, loss, determinism, independence of grouping, and what a trained model must reach."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import failed, train
from qunlearn.runtime.keys import jax_key
from qunlearn.training import packing
from qunlearn.training.losses import cross_entropy, training_loss
from qunlearn.training.optimiser import adam
from qunlearn.training.plan import grouped, planned
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import Batch, EvalSet, Stream, minibatch_order, whole_order, widths
from qunlearn.training.workload import Workload

MLP = {"family": "mlp", "hidden": [16, 4]}
QNN = {
    "family": "qnn", "depth": 3, "entangler": "chain", "rotations": "xyx", "readout_scale": 5.0, "measure": "last",
}  # fmt: skip
OPTIONS = {"mlp": MLP, "qnn": QNN}


def test_loss_by_hand():
    batch = Batch(
        jnp.array([0.0, 2.0, -1.0]), jnp.array([1.0, 0.0, 1.0]), None, jnp.array([1.0, 1.0, 0.0])
    )
    expected = (np.log(2) + np.log(1 + np.exp(2))) / 2  # the third is padding
    assert float(training_loss({"train": batch}, {}, {})) == pytest.approx(expected)
    assert float(batch.cross_entropy()) == pytest.approx(expected)


def test_loss_stays_finite_for_huge_logits():
    assert float(cross_entropy(jnp.array(-1e6), jnp.array(1.0))) == pytest.approx(1e6)


def test_adam_is_optax_adam(rng):
    ours, theirs = adam(0.03), optax.adam(0.03)
    params = {"a": jnp.asarray(rng.normal(size=(4, 3))), "b": jnp.asarray(rng.normal(size=5))}
    states = ours.init(params), theirs.init(params)
    for scale in (1.0, 1e-9, 1e3, 0.0, 2.0):
        gradient = jax.tree.map(lambda p, scale=scale: scale * jnp.sin(17 * p), params)
        one, left = ours.update(gradient, states[0], params)
        two, right = theirs.update(gradient, states[1], params)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10), one, two)
        states, params = (left, right), optax.apply_updates(params, one)


def test_packed_parameters_come_out_as_they_went_in(rng):
    one = {
        "w": rng.normal(size=(3, 2)),
        "wide": rng.normal(size=packing.SMALL + 1),
        "b": rng.normal(size=()),
    }
    packed = packing.Packing(one)
    several = jax.tree.map(lambda leaf: np.stack([leaf, 2 * leaf]), one)
    for params in (one, several):
        small, wide = packed.pack(params)
        assert small.shape[-1] == 7 and wide is params["wide"]
        for found in (
            packed.unpack([small, wide]),
            jax.jit(lambda p: packed.unpack(packed.pack(p)))(params),
        ):
            jax.tree.map(np.testing.assert_array_equal, found, params)
    for nothing_to_gain in ({"a": np.ones(3)}, {"a": np.ones(3), "b": np.ones(3, np.float32)}):
        assert len(packing.Packing(nothing_to_gain).pack(nothing_to_gain)) == len(nothing_to_gain)


@pytest.mark.parametrize(("size", "batch"), [(197, 32), (10, 0), (7, 3), (5, 50), (64, 32)])
def test_every_sample_once_per_epoch(size, batch, rng):
    steps, (width,) = widths([size], batch)
    order = minibatch_order(rng, 4, size, steps, width, dealt=False)
    assert order.shape == (4, steps, width)
    for epoch in order:
        assert sorted(epoch[epoch >= 0].tolist()) == list(range(size))
    if steps > 1:
        assert np.any(order[0] != order[1])
        assert np.all(order[:, :-1] >= 0)  # only the last minibatch is short


def test_a_second_stream_is_spread_over_all_updates(rng):
    steps, (_, width) = widths([350, 12], 64)
    order = minibatch_order(rng, 3, 12, steps, width, dealt=True)
    assert np.all((order >= 0).sum(axis=2) == 2)
    assert sorted(order[0][order[0] >= 0].tolist()) == list(range(12))


def test_a_second_stream_may_be_read_whole_by_every_update():
    steps, (first, width) = widths([350, 12], 64, whole=True)
    order = whole_order(3, 12, steps)
    assert (steps, first) == (6, 64) and order.shape == (3, 6, width)
    assert np.all(order == np.arange(12))


@pytest.mark.parametrize(("replicas", "lanes"), [(1, 1), (7, 3), (6, 3), (2, 10)])
def test_every_replica_is_in_one_group_and_groups_are_full(replicas, lanes):
    groups = grouped(replicas, lanes)
    assert [member for group in groups for member in group.members] == list(range(replicas))
    for group in groups:
        assert len(group.index) == lanes
        values = group.take({"a": np.arange(replicas)})
        np.testing.assert_array_equal(group.members_of(values)["a"], group.members)


@pytest.mark.parametrize(
    ("epochs", "record", "every"), [(12, 1, 1), (12, 5, 4), (7, 3, 1), (10, 10, 10), (1, 5, 1)]
)
def test_the_plan_cuts_epochs_into_equal_segments_and_records_the_last(epochs, record, every):
    stream = Stream(np.zeros((2, 10), int), np.zeros((2, 10)))
    schedule = Schedule(epochs, 4, 0.1, record=record)
    plan = planned(Workload(None, (), {}, {"train": stream}, {}, schedule, [None, None]))
    assert plan.due.size == epochs and plan.steps == 3 and plan.widths == {"train": 4}
    assert (np.flatnonzero(plan.due.ravel()) + 1).tolist() == list(range(every, epochs + 1, every))
    watched = {"held_out": EvalSet("train", None, None)}
    assert planned(Workload(None, (), {}, {"train": stream}, watched, schedule, [None])).due.all()


@pytest.mark.parametrize(
    ("name", "corruption", "precision", "batch"),
    [
        ("mlp", "label_flipping", "single", 32),
        pytest.param("mlp", "feature_randomization", "single", 32, marks=pytest.mark.long),
        ("qnn", "label_flipping", "single", 32),
        ("qnn", "label_flipping", "single", 128),  # a matrix product with the whole pool
        (
            "qnn",
            "feature_randomization",
            "single",
            30,
        ),  # no multiple of the rows that are read together
        pytest.param("qnn", "feature_randomization", "double", 32, marks=pytest.mark.long),
    ],
)
def test_a_cell_does_not_depend_on_its_company(name, corruption, precision, batch, digits):
    jax.config.update("jax_enable_x64", precision == "double")
    schedule = Schedule(8, batch, 0.02)

    def run(alphas, seeds):
        problem = Problem(digits, name, OPTIONS[name], corruption, seeds)
        cells = [Cell(a, s) for a in alphas for s in seeds]
        trained = train(problem, cells, schedule)
        found = (trained.params, trained.learning_curves)
        return {cell: jax.tree.map(lambda x, i=i: x[i], found) for i, cell in enumerate(cells)}

    together = run([0.0, 0.3, 0.6], [0, 1, 2, 3])
    for other in (run([0.3], [2]), run([0.3, 0.6], [1, 2])):
        for cell, (params, curves) in other.items():
            jax.tree.map(
                lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), params, together[cell][0]
            )
            for key, values in curves.items():
                if key.endswith("accuracy"):
                    np.testing.assert_array_equal(values, together[cell][1][key])


@pytest.mark.parametrize("name", ["mlp", pytest.param("qnn", marks=pytest.mark.long)])
def test_overfits_twenty_clean_samples_and_repeats_exactly(name, digits):
    first = np.concatenate([np.flatnonzero(digits.y_train == c)[:10] for c in (0, 1)])
    few = replace(digits, x_train=digits.x_train[first], y_train=digits.y_train[first])
    problem = Problem(
        few, name, OPTIONS[name] | ({"depth": 6} if name == "qnn" else {}), "label_flipping", [0]
    )
    runs = [train(problem, [Cell(0.0, 0)], Schedule(150, 0, 0.05)) for _ in range(2)]
    assert runs[0].learning_curves["train_accuracy"][0, -1] == 1
    assert runs[0].learning_curves["train_loss"].shape == (1, 151)
    jax.tree.map(np.testing.assert_array_equal, runs[0].params, runs[1].params)


def test_how_parameters_are_packed_changes_the_last_digits_alone(digits, monkeypatch):
    problem = Problem(digits, "mlp", MLP, "label_flipping", [0, 1])
    cells = [Cell(0.3, 0), Cell(0.3, 1)]
    packed = train(problem, cells, Schedule(10, 8, 0.01))
    monkeypatch.setattr(packing, "SMALL", 0)
    plain = train(problem, cells, Schedule(10, 8, 0.01))
    near = partial(np.testing.assert_allclose, rtol=0, atol=1e-12)  # of double precision
    jax.tree.map(near, packed, plain)


@pytest.mark.parametrize("name", ["mlp", "qnn"])
def test_a_sparse_record_is_part_of_the_full_one(name, digits):
    """Also where it does not divide the number of epochs: 4 becomes 3."""
    problem, cells = (
        Problem(digits, name, OPTIONS[name], "label_flipping", [0, 1]),
        [Cell(0.3, 0), Cell(0.3, 1)],
    )
    full, sparse = (train(problem, cells, Schedule(9, 32, 0.02, record=n)) for n in (1, 4))
    for key, values in full.learning_curves.items():
        assert values.shape == (2, 10)
        np.testing.assert_array_equal(sparse.learning_curves[key], values[:, ::3])
    jax.tree.map(np.testing.assert_array_equal, full.params, sparse.params)


def test_initial_parameters_depend_on_model_and_seed_alone(digits):
    flip, noise = (
        Problem(digits, "mlp", MLP, c, [0, 1]) for c in ("label_flipping", "feature_randomization")
    )
    again = flip.initial([0, 1])[0]["w2"]
    np.testing.assert_array_equal(again, noise.initial([0, 1])[0]["w2"])
    assert np.any(again[0] != again[1])
    assert np.any(
        again != Problem(digits, "other", MLP, "label_flipping", [0, 1]).initial([0, 1])[0]["w2"]
    )
    assert np.any(again != flip.initial([0, 1], "retrain")[0]["w2"])


def test_how_the_draw_of_initial_parameters_is_compiled_changes_no_number(digits):
    mine = Problem(digits, "mlp", {"family": "mlp", "hidden": [16, 4]}, "label_flipping", [0, 1])
    keys = jnp.stack([jax_key("mlp", seed, "init") for seed in (0, 1)])
    compiled = jax.jit(jax.vmap(mine.model.init))(keys)
    drawn = mine.initial([0, 1])
    jax.tree.map(np.testing.assert_array_equal, compiled, drawn)


def test_progress_reaches_the_end(digits):
    seen = []
    problem = Problem(digits, "mlp", MLP, "label_flipping", [0])
    train(problem, [Cell(0.0, 0)], Schedule(7, 0, 0.01), lambda f, text: seen.append((f, text)))
    assert seen[-1][0] == 1 and [f for f, _ in seen] == sorted(f for f, _ in seen)
    assert "s left" in seen[-1][1]


def test_a_training_that_ends_above_its_start_has_failed(digits):
    problem, cells = Problem(digits, "mlp", MLP, "label_flipping", [0]), [Cell(0.3, 0)]
    wild, calm = (Schedule(5, 32, rate) for rate in (300.0, 0.01))
    assert failed(problem, train(problem, cells, wild), wild).all()
    assert not failed(problem, train(problem, cells, calm), calm).any()
    robust = wild._replace(gce=0.7)  # gives wrong labels up: their cross-entropy may grow
    assert not failed(problem, train(problem, cells, wild), robust).any()
