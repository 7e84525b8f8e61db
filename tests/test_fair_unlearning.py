"""What fair comparisons of unlearning need: samples set aside, losses that know the step, retraining for as long as
training took."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from project import configuration, plan
from qunlearn.config.check import check
from qunlearn.config.plan import Plan
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.experiment.unlearn import evaluation_sets, streams, unlearn
from qunlearn.parts.methods import UnlearningMethod, squared_distance
from qunlearn.parts.registry import find
from qunlearn.runtime.errors import UserError
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import Batch
from unlearned import CELLS, MLP, SCHEDULE, method

pytestmark = pytest.mark.usefixtures("compiled_quickly")
only_mlp = pytest.mark.parametrize("poisoned", [MLP], indirect=True, ids=["mlp"])


# -- samples set aside -----------------------------------------------------------------------------
@pytest.fixture(scope="module")
def problem(digits):
    return Problem(digits, "mlp", MLP, "label_flipping", [0, 1, 2])


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5])
@pytest.mark.parametrize("fraction", [0.2, 0.5])
def test_what_is_set_aside_is_poisoned_as_the_rest(problem, alpha, fraction):
    everything = len(problem.dataset.y_train)
    counts = set()
    for seed in (0, 1, 2):
        samples = problem.samples(Cell(alpha, seed), fraction)
        aside, forget = samples.aside, samples.forget
        assert np.sum(aside) == round(fraction * everything)
        assert abs(np.sum(aside & forget) - fraction * np.sum(forget)) < 1
        for part in (forget, ~forget):
            ones = samples.clean_labels[part]
            held = samples.clean_labels[part & aside]
            assert abs(np.sum(held) - fraction * np.sum(ones)) <= 1
        counts.add((np.sum(aside & forget), np.sum(aside & ~forget)))
    assert len(counts) == 1  # as many for every seed


def test_seeds_set_other_samples_aside_and_nothing_is_by_default(problem):
    first, second = (problem.samples(Cell(0.3, seed), 0.2).aside for seed in (0, 1))
    assert np.any(first != second)
    assert not problem.samples(Cell(0.3, 0)).aside.any()
    with pytest.raises(UserError, match=r"set_aside 0\.001 of the 217 training samples is none"):
        problem.samples(Cell(0.3, 0), 0.001)


def test_nobody_reads_what_is_set_aside(problem):
    scrub, cell = method("scrub"), Cell(0.3, 0)
    start = problem.initial([0])
    samples = problem.samples(cell, 0.2)
    read = streams(problem, [cell], start, scrub, 0.2)
    rows = np.concatenate([stream.rows[0] for stream in read.values()])
    np.testing.assert_array_equal(np.sort(rows), samples.rows[~samples.aside])
    found = evaluation_sets(problem, [cell], 0.2)
    assert set(found["set_aside"].rows[0]) == set(samples.rows[samples.aside & ~samples.forget])
    for name in ("train", "retain", "forget"):
        assert not set(found[name].rows[0]) & set(samples.rows[samples.aside])
    assert "set_aside" not in evaluation_sets(problem, [cell])


@pytest.mark.long
def test_training_and_unlearning_with_samples_set_aside(problem):
    """Both run; unlearning records accuracy on the clean part of what is set aside."""
    cells, schedule = [Cell(0.3, 0)], Schedule(3, 32, 0.02, set_aside=0.2)
    trained = train(problem, cells, schedule)
    poisoned = trained.params, trained.state
    done = unlearn(problem, cells, poisoned, method("finetune"), SCHEDULE._replace(set_aside=0.2))
    held = problem.samples(cells[0], 0.2)
    chosen = held.aside & ~held.forget
    logits, _ = problem.model.logits(
        *jax.tree.map(lambda leaf: leaf[0], (done.params, done.state)),
        jnp.asarray(problem.pools["train"])[held.rows[chosen]],
    )
    accuracy = np.mean((logits > 0) == held.clean_labels[chosen])
    assert done.learning_curves["set_aside_accuracy"][0, -1] == pytest.approx(accuracy)


def test_a_change_of_a_name_sets_samples_aside_for_training_and_unlearning():
    study = plan()
    name = "mlp~set_aside=0.2,unlearning.learning_rate=0.003"
    assert study.training_schedule("digits", name)["set_aside"] == 0.2
    assert study.unlearning_schedule("digits", name)["set_aside"] == 0.2
    assert "set_aside" not in study.unlearning_schedule("digits", "mlp")
    with pytest.raises(UserError, match=r"set_aside: 0\.6 is too large"):
        study.training_schedule("digits", "mlp~set_aside=0.6")


# -- losses that know the step ---------------------------------------------------------------------
class OnlyAtThree(UnlearningMethod):
    """Pulls the parameters to 0 in the third step alone."""

    def loss(self, retain, params, step):
        zero = jax.tree.map(jnp.zeros_like, params)
        pull = squared_distance(params, zero)
        return 0 * retain.cross_entropy() + jnp.where(step == 3, pull, 0 * pull)


@only_mlp
def test_a_loss_is_told_the_step(poisoned):
    problem, start = poisoned
    done = unlearn(problem, CELLS, start, OnlyAtThree(), Schedule(4, 0, 0.02))
    losses = done.learning_curves["validation_loss"]
    np.testing.assert_array_equal(losses[:, 1:3], losses[:, :1].repeat(2, axis=1))
    assert np.all(losses[:, 3] != losses[:, 2])


TEACHER = np.array([-0.7, 2.0])
RETAIN = Batch(np.array([1.0, -2.0]), np.array([1.0, 1.0]), np.array([0.5, -1.0]), np.ones(2))
FORGET = Batch(np.array([0.3, 0.1]), np.array([0.0, 1.0]), TEACHER, np.ones(2))


def test_scrub_as_published_maximises_and_minimises_in_turns():
    part = find("method", "scrub_alternating")(lambda_ce=0.9, lambda_kl=0.4, max_steps=3)
    leave = -float(FORGET.divergence())
    stay = 0.4 * float(RETAIN.divergence()) + 0.9 * float(RETAIN.cross_entropy())
    expected = {1: leave, 2: stay, 3: leave, 4: stay, 5: leave, 6: stay, 7: stay, 9: stay}
    found = {step: float(part.loss(RETAIN, FORGET, jnp.asarray(step))) for step in expected}
    assert found == pytest.approx(expected)
    at_teacher = FORGET._replace(logits=TEACHER)
    slope = jax.grad(lambda z: part.loss(RETAIN, at_teacher._replace(logits=z), jnp.asarray(1)))
    np.testing.assert_allclose(slope(TEACHER), 0, atol=1e-12)


# -- retraining for as long as training took -------------------------------------------------------
def test_retraining_as_trained_has_the_values_of_the_training():
    study = plan()
    name = "mlp~label_smoothing=0.2,weight_decay=0.1,early_stopping=0.2"
    found = study.method_schedule("xxz", name, "retrain_as_trained")
    assert found == study.training_schedule("xxz", "mlp") | {"weight_decay": 0.1}
    for other in ("retrain", "scrub~divergence=one_sided"):
        found = study.method_schedule("xxz", "mlp", other)
        assert found == study.unlearning_schedule("xxz", "mlp")
    config = configuration(methods=["retrain", "retrain_as_trained"])
    with pytest.raises(UserError, match=r"methods\[1\]"):
        Plan(check(config))


@only_mlp
def test_both_ways_of_retraining_begin_alike(poisoned):
    problem, start = poisoned
    first = [
        unlearn(problem, CELLS, start, find("method", name)(), SCHEDULE).learning_curves
        for name in ("retrain", "retrain_as_trained")
    ]
    for name, values in first[0].items():
        np.testing.assert_array_equal(values[:, 0], first[1][name][:, 0])
