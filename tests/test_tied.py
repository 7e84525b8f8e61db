"""Inputs that are copies of each other: what their training as one comes to, and when it is done."""

import jax
import numpy as np
import pytest

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train, training
from qunlearn.experiment.unlearn import unlearn
from qunlearn.parts.methods.finetune import Finetune
from qunlearn.parts.methods.l1_sparse import L1Sparse
from qunlearn.training.minimise import minimise
from qunlearn.training.schedule import Schedule
from qunlearn.training.tied import tied, tied_inputs

CELLS = [Cell(0.3, 0), Cell(0.3, 1)]
#: What changes an update, and what is kept of it.
SCHEDULES = {
    "plain": Schedule(8, 16, 3e-3),
    "decayed": Schedule(8, 16, 3e-3, weight_decay=0.5),
    "stopped": Schedule(8, 16, 3e-2, early_stopping=0.2, weight_decay=0.1),
    "whole": Schedule(8, 0, 3e-3),
}


def problem_of(data, hidden=(6, 3), corruption="label_flipping"):
    return Problem(data, "mlp", {"family": "mlp", "hidden": list(hidden)}, corruption, [0, 1])


def largest_difference(found, expected):
    differences = jax.tree.map(lambda a, b: np.max(np.abs(a - b)), found, expected)
    return max(jax.tree.leaves(differences))


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("hidden", [(), (6, 3), (64,)])
def test_trained_as_one_or_each_by_itself_the_same_comes_out(small_xxz, name, hidden):
    problem = problem_of(small_xxz, hidden)
    with jax.enable_x64(True):
        workload = training(problem, CELLS, SCHEDULES[name])
        apart = training(problem, CELLS, SCHEDULES[name])._replace(reads_parameters=True)
        assert tied_inputs(problem.model, workload) is not None
        assert tied_inputs(problem.model, apart) is None
        found, expected = minimise(problem.model, workload), minimise(problem.model, apart)
    assert found.params["w1"].shape == (2, len(problem.model.columns), (*hidden, 1)[0])
    assert largest_difference(found[:2], expected[:2]) < 1e-12
    assert largest_difference(found.optimiser_state, expected.optimiser_state) < 1e-12
    for curve, values in expected.learning_curves.items():
        np.testing.assert_allclose(found.learning_curves[curve], values, atol=1e-12)


@pytest.mark.parametrize(("method", "is_tied"), [(Finetune(), True), (L1Sparse(), False)])
def test_unlearning_is_the_same_and_a_loss_of_parameters_reads_all_of_them(
    small_xxz, method, is_tied, monkeypatch
):
    problem, schedule = problem_of(small_xxz), Schedule(4, 16, 1e-2)
    assert method.reads_parameters() != is_tied
    with jax.enable_x64(True):
        poisoned = train(problem, CELLS, SCHEDULES["plain"])[:2]
        rates = np.array([1e-2, 5e-3])
        found = unlearn(problem, CELLS, poisoned, method, schedule, rates=rates)
        monkeypatch.setattr(type(problem.model), "input_weights", None)
        expected = unlearn(problem, CELLS, poisoned, method, schedule, rates=rates)
    assert largest_difference(found.params, expected.params) < 1e-12


def test_copies_are_told_by_their_numbers_and_signs():
    features = np.array([[1.0, -1, 2, 0, -0.0, 1], [0.0, -0.0, 3, 4, -4, 1e-300]])
    found = tied(features)
    np.testing.assert_array_equal(found.group, [0, 0, 1, 2, 2, 3])
    np.testing.assert_array_equal(found.sign, [1, -1, 1, 1, -1, 1])
    np.testing.assert_array_equal(found.count, [2, 1, 2, 1])
    np.testing.assert_array_equal(found.one_of_each(features), [[2, 2, 0, 1], [0, 3, 8, 1e-300]])
    weights = np.arange(12.0).reshape(1, 6, 2)
    np.testing.assert_array_equal(
        np.einsum("nk,rkh->rnh", found.one_of_each(features), found.mean(weights)),
        np.einsum("nc,rch->rnh", features, weights),
    )


def test_samples_without_copies_are_left_as_they_are(small_xxz, digits):
    of_digits = problem_of(digits)
    assert tied_inputs(of_digits.model, training(of_digits, CELLS, SCHEDULES["plain"])) is None
    randomised = problem_of(small_xxz, corruption="feature_randomization")
    assert tied_inputs(randomised.model, training(randomised, CELLS, SCHEDULES["plain"])) is None


@pytest.mark.parametrize("schedule", ["plain", "stopped"])
def test_clean_cells_among_corrupted_ones_are_trained_as_alone(small_xxz, schedule):
    """Of random features none are copies; those of a clean cell are, all that vanish there among them."""
    problem = problem_of(small_xxz, corruption="feature_randomization")
    cells = [Cell(0.3, 0), Cell(0.0, 0), Cell(0.3, 1), Cell(0.0, 1)]
    schedule = SCHEDULES[schedule]
    together = train(problem, cells, schedule)
    alone = train(problem, cells[1:2], schedule), train(problem, cells[2:3], schedule)
    jax.tree.map(lambda a, b: np.testing.assert_array_equal(a[1], b[0]), together, alone[0])
    jax.tree.map(lambda a, b: np.testing.assert_array_equal(a[2], b[0]), together, alone[1])
    with jax.enable_x64(True):
        found = train(problem, cells, schedule)
        each = training(problem, cells, schedule)._replace(reads_parameters=True)
        expected = minimise(problem.model, each)
    assert largest_difference(found[:3], expected[:3]) < 1e-12


def test_what_goes_on_or_masks_weights_updates_each(small_xxz):
    problem = problem_of(small_xxz)
    workload = training(problem, CELLS, SCHEDULES["plain"])
    params, state = workload.start
    zeros = jax.tree.map(np.zeros_like, params)
    going_on = workload._replace(start=(params, state, (np.zeros(2), zeros, zeros)))
    masked = workload._replace(data={"mask": zeros})
    assert tied_inputs(problem.model, going_on) is None
    assert tied_inputs(problem.model, masked) is None


def test_the_dataset_says_about_how_many_differ(small_xxz):
    from qunlearn.parts.datasets.xxz import Xxz

    problem = problem_of(small_xxz)
    length = small_xxz.x_train.shape[1].bit_length() - 1
    found = len(tied(problem.pools["train"]).first)
    said = Xxz(length=length, gauge="random", seed=0).distinct * 2 ** (length + 1)
    assert said / 2 < found < 2 * said
