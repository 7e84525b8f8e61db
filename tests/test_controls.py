"""Controls: each changed choice against its definition."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from project import plan
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import held_out, train
from qunlearn.experiment.unlearn import unlearn
from qunlearn.landscape.curvature import dense_terms, split_trace
from qunlearn.landscape.hessian import Point
from qunlearn.parts import corruptions, models
from qunlearn.parts.datasets import normalised_images
from qunlearn.parts.registry import find
from qunlearn.quantum import lightcone
from qunlearn.quantum.best_observable import BestObservable
from qunlearn.results.cells import read_cells, write_cells
from qunlearn.runtime.errors import UserError
from qunlearn.training.losses import cross_entropy, generalised_cross_entropy, training_loss
from qunlearn.training.optimiser import adam
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import Batch

pytestmark = pytest.mark.usefixtures("compiled_quickly")

MLP = {"family": "mlp", "hidden": [16, 4]}
QNN = {
    "family": "qnn", "depth": 3, "entangler": "chain", "rotations": "xyx", "readout_scale": 5.0, "measure": "last",
}  # fmt: skip
CELLS = [Cell(0.3, 0), Cell(0.3, 1)]


# -- outputs ------------------------------------------------------------------------------------------------------
def test_a_bounded_mlp_is_the_hyperbolic_tangent_of_the_free_one(rng):
    x = rng.normal(size=(12, 8))
    free, bounded = (models.build(MLP | more, [x, x]) for more in ({}, {"logit_bound": 2.0}))
    params, state = free.init(jax.random.key(1))
    params = jax.tree.map(lambda a: 3 * a, params)
    pool, rows = jnp.asarray(x), np.arange(12)
    z, bound = (np.asarray(jax.jit(m.logits)(params, state, pool)[0]) for m in (free, bounded))
    np.testing.assert_allclose(bound, 2 * np.tanh(z / 2))
    assert np.abs(bound).max() < 2 < np.abs(z).max()
    # the closed form of its gradient, and a landscape that no longer takes it for piecewise linear
    plain = super(type(bounded), bounded).squared_gradient_norms
    found, expected = (
        jax.jit(norms)(params, state, pool, rows)
        for norms in (bounded.squared_gradient_norms, plain)
    )
    np.testing.assert_allclose(found, expected)
    labels = jnp.asarray(rng.integers(0, 2, 12), float)
    point = Point(params, state, pool, rows, labels)
    gauss_newton, residual = jax.jit(partial(split_trace, bounded))(point)
    dense = jax.jit(partial(dense_terms, bounded))(point)
    np.testing.assert_allclose(
        [gauss_newton, residual], [np.trace(part) for part in dense], rtol=1e-8
    )
    assert abs(residual) > 1e-6


def test_a_free_scale_begins_as_the_fixed_one_and_is_one_more_parameter(digits):
    fixed, free = (
        Problem(digits, "qnn", QNN | more, "label_flipping", [0])
        for more in ({}, {"free_scale": True})
    )
    (params, state), (wider, _) = fixed.initial([0]), free.initial([0])
    np.testing.assert_array_equal(params["theta"], wider["theta"])
    pool = jnp.asarray(fixed.pools["train"])
    first = {name: leaf[0] for name, leaf in wider.items()}
    z, _ = fixed.model.logits({"theta": params["theta"][0]}, state, pool)
    np.testing.assert_array_equal(free.model.logits(first, state, pool)[0], z)
    doubled, _ = free.model.logits(first | {"log_scale": jnp.log(2.0)}, state, pool)
    np.testing.assert_allclose(doubled, 2 * z)
    assert free.model.parameters() == {name: n + 1 for name, n in fixed.model.parameters().items()}
    trained = train(free, [Cell(0.0, 0)], Schedule(5, 32, 0.03))
    assert abs(trained.params["log_scale"][0]) > 0.01


# -- losses and optimiser -----------------------------------------------------------------------------------------
def test_weight_decay_is_optax_adamw(rng):
    ours, theirs = adam(0.03, weight_decay=0.5), optax.adamw(0.03, weight_decay=0.5)
    params = {"a": jnp.asarray(rng.normal(size=(4, 3))), "b": jnp.asarray(rng.normal(size=5))}
    states = ours.init(params), theirs.init(params)
    for scale in (1.0, 1e-3, 0.0):
        gradient = jax.tree.map(lambda p, scale=scale: scale * jnp.sin(17 * p), params)
        one, left = ours.update(gradient, states[0], params)
        two, right = theirs.update(gradient, states[1], params)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10), one, two)
        states, params = (left, right), optax.apply_updates(params, one)


def test_smoothed_and_generalised_losses_by_hand():
    z, y = np.array([0.7, -2.0]), np.array([1.0, 1.0])
    p = 1 / (1 + np.exp(-z))
    batch = {"train": Batch(jnp.asarray(z), jnp.asarray(y), None, jnp.ones(2))}
    smooth = -np.mean(0.9 * np.log(p) + 0.1 * np.log(1 - p))
    assert float(training_loss(batch, {}, {}, label_smoothing=0.2)) == pytest.approx(smooth)
    assert float(training_loss(batch, {}, {}, gce=0.7)) == pytest.approx(np.mean(1 - p**0.7) / 0.7)
    assert float(training_loss(batch, {}, {}, gce=1.0)) == pytest.approx(np.mean(1 - p))
    assert float(training_loss(batch, {}, {}, gce=1e-6)) == pytest.approx(
        -np.mean(np.log(p)), rel=1e-4
    )
    slope = jax.grad(lambda z: generalised_cross_entropy(z, 1.0, 0.7))
    assert abs(slope(-20.0)) < 1e-5  # a label that is contradicted for certain pulls no more


def test_early_stopping_returns_the_best_epoch_on_poisoned_samples_held_out(digits):
    problem = Problem(digits, "mlp", MLP, "label_flipping", [0, 1])
    done = train(problem, CELLS, Schedule(40, 32, 0.02, early_stopping=0.25))
    curves = done.learning_curves
    for i, cell in enumerate(CELLS):
        mask = held_out(problem, cell, 0.25, np.zeros(len(digits.y_train), bool))
        assert mask.sum() == round(0.25 * len(mask)) and np.any(mask & problem.samples(cell).forget)
        losses = curves["held_out_loss"][i, 1:]
        best = 1 + losses.argmin()
        assert (
            best < 40 and np.all(losses[best - 1 :] == losses[best - 1]) and losses[0] > losses[-1]
        )
        # the parameters are those of that epoch
        params, samples = (
            {name: leaf[i] for name, leaf in done.params.items()},
            problem.samples(cell),
        )
        z, _ = problem.model.logits(
            params, {}, jnp.asarray(problem.pools["train"]), np.flatnonzero(mask)
        )
        loss = cross_entropy(z, samples.labels[mask]).mean()
        assert float(loss) == pytest.approx(losses[-1], rel=1e-9)


def test_a_long_training_passes_through_every_shorter_one(digits):
    problem = Problem(digits, "mlp", MLP, "label_flipping", [0])
    long, short = (
        train(problem, CELLS[:1], Schedule(epochs, 32, 0.03)).learning_curves for epochs in (20, 7)
    )
    for name, values in short.items():
        np.testing.assert_allclose(long[name][:, :8], values, rtol=1e-9)


def test_the_default_schedule_changes_nothing():
    assert plan().training_schedule("digits", "mlp") == {
        "epochs": 100,
        "batch": 32,
        "learning_rate": 0.01,
    }
    switches = Schedule(1, 0, 0.1)._asdict()
    assert (switches.pop("record"), switches.pop("stream"), switches.pop("epsilon")) == (
        1,
        "epochs",
        1e-8,
    )
    assert not any(list(switches.values())[3:])  # nothing else is on
    usual = {"length": 12, "gauge": "random", "grid": "text", "seed": 0}
    assert plan().data_options("xxz") == usual


# -- the best observable -------------------------------------------------------------------------------------------
def test_the_observable_of_one_pure_state_is_its_sign():
    """One sample of each class in orthogonal states: O = |1><1| - |0><0|, as far as the norm allows."""
    states = np.array([np.diag([1.0, 0, 0, 0]), np.diag([0, 0, 1.0, 0])])
    fit = BestObservable(5.0, gap=1e-9).fit(states.reshape(2, -1), np.array([0, 1]))
    found = fit.coef_.reshape(4, 4)
    assert found[0, 0] == pytest.approx(-1) and found[2, 2] == pytest.approx(1)
    # and by the mixture of both labels in one state: sigmoid(s o) is the share of ones
    twice = BestObservable(5.0, gap=1e-12).fit(
        np.repeat(states[:1], 4, axis=0).reshape(4, -1), np.array([1, 1, 1, 0])
    )
    assert twice.coef_[0] == pytest.approx(np.log(3) / 5, rel=1e-5)


@pytest.mark.parametrize("name", ["digits", "small_xxz"])
def test_the_best_observable_is_the_ceiling_of_every_qnn(name, request):
    dataset = request.getfixturevalue(name)
    ceiling = Problem(dataset, "observable", QNN | {"family": "observable"}, "label_flipping", [0])
    best = train(ceiling, CELLS[:1], Schedule(1, 0, 0.0))
    (row,) = best.params["observable"]
    solver = BestObservable(5.0)
    solver.size, solver.real = 8, len(row) == 64
    assert np.linalg.norm(solver._matrix(row), 2) <= 1 + 1e-9
    lowest = best.learning_curves["train_loss"][0, -1]
    qnn = Problem(dataset, "qnn", QNN, "label_flipping", [0])
    losses = train(qnn, CELLS[:1], Schedule(60, 32, 0.03)).learning_curves["train_loss"][0]
    assert lowest <= losses.min() + solver.gap and losses.min() < losses[0]
    # a QNN's own observable lies in the set, with the same logits
    theta = jnp.asarray(np.random.default_rng(0).uniform(-3, 3, qnn.model.circuit.parameters))
    strings = np.asarray(lightcone.observable(qnn.model.circuit, theta)).reshape((4,) * 3)
    matrix = np.einsum("abc,aij,bkl,cmn->ikmjln", strings, *[lightcone.PAULIS] * 3).reshape(8, 8)
    assert np.linalg.norm(matrix, 2) == pytest.approx(1)
    parts = [matrix.real.ravel()] if solver.real else [matrix.real.ravel(), matrix.imag.ravel()]
    z = 5 * ceiling.pools["validation"] @ np.concatenate(parts)
    np.testing.assert_allclose(
        z,
        qnn.model.logits({"theta": theta}, {}, jnp.asarray(qnn.pools["validation"]))[0],
        atol=1e-9,
    )


def test_the_gap_bounds_the_distance_from_the_minimum(rng):
    vectors = rng.normal(size=(40, 4)) + 1j * rng.normal(size=(40, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    states = np.einsum("na,nb->nab", vectors, vectors.conj()).reshape(40, -1)
    rows, labels = np.concatenate([states.real, states.imag], axis=1), rng.integers(0, 2, 40)

    def loss(fit):
        z = 3 * rows @ fit.coef_
        return np.mean(np.logaddexp(0, z) - labels * z)

    exact, rough = (BestObservable(3.0, gap).fit(rows, labels) for gap in (1e-6, 0.05))
    assert 0 < loss(rough) - loss(exact) <= rough.gap_ < 0.05


def test_too_wide_a_light_cone_is_refused():
    x = np.eye(1024)[:3]
    with pytest.raises(UserError, match="light cone has 9 qubits"):
        models.build(QNN | {"family": "observable", "depth": 9}, [x, x])


# -- data and poison -----------------------------------------------------------------------------------------------
def test_pixels_are_normalised_over_the_training_set(rng):
    train_rows, other = rng.uniform(size=(30, 6)), rng.uniform(size=(10, 6))
    train_rows[:, 2] = 0
    found, validation = normalised_images(train_rows, other, "pixel", 3)
    norms = np.linalg.norm(found, axis=0)
    np.testing.assert_allclose(norms[[0, 1, 3, 4, 5]], norms[0])
    assert norms[2] == 0 and not np.any(validation[:, 2])
    assert np.mean(np.sum(found**2, axis=1)) == pytest.approx(1)
    np.testing.assert_allclose(validation[:, 0] / other[:, 0], found[0, 0] / train_rows[0, 0])
    np.testing.assert_allclose(
        np.linalg.norm(normalised_images(train_rows, other, "image", 3)[1], axis=1), 1
    )


def test_flips_begin_in_one_class():
    labels = np.random.default_rng(0).permutation(np.repeat([0, 1], 50))
    for alpha, flipped in ((0.2, (0, 20)), (0.5, (0, 50)), (0.7, (20, 50))):
        mask = corruptions.forget_mask(
            "digits", np.zeros((100, 2)), labels, "one_class_flipping", alpha, 3
        )
        assert tuple(np.bincount(labels[mask], minlength=2)) == flipped
        _, twins = corruptions.twins("digits", np.zeros((100, 2)), labels, "one_class_flipping", 3)
        poisoned = np.where(mask, twins, labels)
        # the majority of labels in class 1 turns over at alpha = 1/4 of the whole, in class 0 at 3/4
        assert (poisoned[labels == 1].mean() < 0.5) == (alpha > 0.25)
        assert poisoned[labels == 0].mean() < 0.5


# -- unlearning ----------------------------------------------------------------------------------------------------
def test_adam_goes_on_where_its_state_is_kept(digits, tmp_path):
    """Training of 3 epochs, kept, then 2 epochs of 'unlearning' nothing by the same loss: full-batch training of 5."""
    problem = Problem(digits, "mlp", MLP, "label_flipping", [0, 1])
    whole = train(problem, CELLS, Schedule(5, 0, 0.01))
    first = train(problem, CELLS, Schedule(3, 0, 0.01))
    path = tmp_path / "cells.h5"
    write_cells(path, CELLS, first, np.zeros(2, bool), {}, "cpu", keep_adam=True)
    kept, _ = read_cells([path], CELLS[::-1], adam=True)
    anew, _ = read_cells([path], CELLS[::-1])
    assert len(anew) == 2 and np.all(kept[2][0] == 3)
    goes_on, restarts = (
        unlearn(
            problem, CELLS[::-1], start, find("method", "finetune_poisoned")(), Schedule(2, 0, 0.01)
        )
        for start in (kept, anew)
    )
    np.testing.assert_allclose(
        goes_on.params["w1"][::-1], whole.params["w1"], rtol=1e-9, atol=1e-12
    )
    assert np.abs(restarts.params["w1"][::-1] - whole.params["w1"]).max() > 1e-4


def test_the_loss_of_finetuning_on_poisoned_data_is_that_of_training():
    retain = Batch(jnp.array([1.0, -2.0]), jnp.array([1.0, 1.0]), None, jnp.ones(2))
    forget = Batch(jnp.array([0.3]), jnp.array([0.0]), None, jnp.ones(1))
    logits, labels, weight = (
        jnp.concatenate([getattr(batch, name) for batch in (retain, forget)])
        for name in ("logits", "labels", "weight")
    )
    found = find("method", "finetune_poisoned")().loss(retain, forget)
    both = Batch(logits, labels, None, weight)
    assert float(found) == pytest.approx(float(training_loss({"train": both}, {}, {})))
