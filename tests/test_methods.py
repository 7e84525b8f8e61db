"""Unlearning methods of the field: losses by hand, and cases whose answer is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from scipy.optimize import minimize

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.unlearn import method_loss, unlearn
from qunlearn.parts.datasets import Dataset
from qunlearn.parts.registry import find
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import Batch
from unlearned import flat, sample_set

pytestmark = pytest.mark.usefixtures("compiled_quickly")

LOGISTIC = {"family": "mlp", "hidden": []}
CELL = Cell(0.1, 0)
STEPS = Schedule(5, 0, 0.02)
RETAIN = Batch(jnp.array([1.0, -2.0]), jnp.array([1.0, 1.0]), jnp.array([0.5, -1.0]), jnp.ones(2))
FORGET = Batch(jnp.array([0.3]), jnp.array([0.0]), jnp.array([-0.7]), jnp.ones(1), jnp.array([0.1]))
PARAMS = {"w": jnp.array([1.0, -2.0])}


def method(name, **options):
    return find("method", name)(**options)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def kl(teacher, student):
    p, q = sigmoid(teacher), sigmoid(student)
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))


CE_RETAIN = -(np.log(sigmoid(1.0)) + np.log(sigmoid(-2.0))) / 2
CE_FORGET = -np.log(1 - sigmoid(0.3))
KL_RETAIN = (kl(0.5, 1.0) + kl(-1.0, -2.0)) / 2


# -- losses ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "options", "step", "expected"),
    [
        ("neg_grad", {}, 1, -CE_FORGET),
        ("neg_grad_plus", {"beta": 0.9}, 1, 0.9 * CE_RETAIN - 0.1 * CE_FORGET),
        ("random_labels", {"weight": 0.5}, 1, CE_RETAIN + 0.5 * CE_FORGET),
        ("salun", {"weight": 0.5}, 1, CE_RETAIN + 0.5 * CE_FORGET),
        ("bad_teacher", {"weight": 0.4}, 1, KL_RETAIN + 0.4 * kl(0.1, 0.3)),
        ("l1_sparse", {"gamma": 0.1, "fade": 10.0}, 1, CE_RETAIN + 0.1 * 3),
        ("l1_sparse", {"gamma": 0.1, "fade": 10.0}, 6, CE_RETAIN + 0.05 * 3),
        ("l1_sparse", {"gamma": 0.1, "fade": 10.0}, 20, CE_RETAIN),
        ("noisy_finetune", {"l2": 0.2}, 1, CE_RETAIN + 0.1 * 5),
        ("finetune_last", {}, 1, CE_RETAIN),
        ("retrain_last", {}, 1, CE_RETAIN),
        # SCRUB as published leaves the teacher in odd steps, and stays near it in even ones
        ("scrub_alternating", {}, 1, -kl(-0.7, 0.3)),
        ("scrub_alternating", {}, 2, CE_RETAIN + 0.5 * KL_RETAIN),
        ("scrub_alternating", {}, 31, CE_RETAIN + 0.5 * KL_RETAIN),
    ],
)
def test_loss_by_hand(name, options, step, expected):
    data = {"weights": {}, "anchors": {}, "epoch": step}
    batches = {"retain": RETAIN, "forget": FORGET}
    found = method_loss(method(name, **options), batches, PARAMS, data)
    assert float(found) == pytest.approx(expected)


def test_neg_grad_plus_and_gradient_ascent_have_the_same_gradient():
    plus = method("neg_grad_plus", beta=1 / 1.2).loss(RETAIN, FORGET)
    ascent = method("gradient_ascent", beta=0.2).loss(RETAIN, FORGET)
    assert float(plus) == pytest.approx(float(ascent) / 1.2)


# -- a logistic regression, whose loss has one minimum -----------------------------------------------
@pytest.fixture(scope="module")
def logistic():
    """A problem of two overlapping clouds, and the minimum of its training loss."""
    jax.config.update("jax_enable_x64", True)
    rng = np.random.default_rng(3)
    y = np.arange(120) % 2
    x = rng.normal(size=(120, 3)) + (y - 0.5)[:, None]
    nowhere = np.full(60, np.nan)
    clouds = Dataset("clouds", x[:60], y[:60], x[60:], y[60:], ("a", "b"), nowhere, nowhere)
    problem = Problem(clouds, "mlp", LOGISTIC, "label_flipping", [0])
    return problem, minimum(problem, "train")


def minimum(problem, name, cell=CELL, l2=0.0):
    """Parameters of least loss, with l2/2 |theta|^2 in it, without a leading axis."""
    params, _ = problem.initial([0])
    one = jax.tree.map(lambda leaf: np.asarray(leaf[0], float), params)
    start, unravel = ravel_pytree(one)
    samples = sample_set(problem, name, cell)

    def loss(vector):
        return samples.cross_entropy(unravel(vector)) + l2 / 2 * jnp.sum(vector**2)

    value_and_slope = jax.jit(jax.value_and_grad(loss))
    found = minimize(
        lambda v: tuple(np.asarray(part, float) for part in value_and_slope(v)),
        start, jac=True, tol=1e-12,
    )  # fmt: skip
    return unravel(jnp.asarray(found.x))


def inputs_and_labels(samples):
    """(n, features) and (n,) of a set's members."""
    members = np.asarray(samples.weights) > 0
    return np.asarray(samples.pool)[samples.rows[members]], samples.labels[members]


def stacked(params):
    return jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], params), {}


def unlearned(problem, params, part, schedule=STEPS, cell=CELL):
    """Parameters of the one cell after a method, as a vector."""
    done = unlearn(problem, [cell], stacked(params), part, schedule)
    return flat(jax.tree.map(lambda leaf: leaf[0], done.params))


def test_the_gradient_and_its_squares_are_those_of_the_textbook(logistic):
    problem, params = logistic
    samples = sample_set(problem, "forget", CELL)
    x, y = inputs_and_labels(samples)
    weight, offset = np.asarray(params["w1"])[:, 0], np.asarray(params["b1"])[0]
    p = sigmoid(x @ weight + offset)
    slopes = (p - y)[:, None] * x  # (N, features)
    of_weights = samples.gradient(params)["w1"][:, 0]
    np.testing.assert_allclose(of_weights, slopes.mean(axis=0), atol=1e-10)
    squares = samples.squared_gradients(params)["w1"][:, 0]
    np.testing.assert_allclose(squares, (slopes**2).mean(axis=0), rtol=1e-10)
    fisher = samples.fisher(params)["w1"][:, 0]
    np.testing.assert_allclose(fisher, ((p * (1 - p))[:, None] * x**2).mean(axis=0), rtol=1e-10)
    assert samples.passes == 3


@pytest.mark.parametrize("exact", [512, 0], ids=["hessian", "conjugate gradients"])
def test_a_newton_step_goes_to_the_minimum_on_the_retain_set(logistic, exact):
    problem, _ = logistic
    few = Cell(0.04, 0)  # 2 of 60
    begun, target = (minimum(problem, name, few) for name in ("train", "retain"))

    def moved(scale):
        part = method("newton", damping=1e-9, exact=exact, scale=scale)
        return unlearned(problem, begun, part, cell=few)

    def missed(scale):
        return np.linalg.norm(moved(scale) - flat(target))

    assert missed(1.0) < 0.4 * missed(0.0)
    assert missed(1.0) < missed(0.5) < missed(0.0)
    # by hand: Newton's step on the retain loss from there
    x, y = inputs_and_labels(sample_set(problem, "retain", few))
    x = np.c_[np.ones(len(x)), x]
    p = sigmoid(x @ flat(begun))
    hessian = (x * (p * (1 - p))[:, None]).T @ x
    expected = flat(begun) - np.linalg.solve(hessian, x.T @ (p - y))
    np.testing.assert_allclose(moved(1.0), expected, atol=1e-5)


def test_both_newton_steps_are_one_where_the_logit_is_linear(logistic):
    problem, params = logistic
    whole, products = (
        unlearned(problem, params, method("newton", damping=0.1, exact=exact)) for exact in (512, 0)
    )
    np.testing.assert_allclose(whole, products, atol=1e-8)


def test_finetuning_with_noise_ends_at_the_minimum_with_that_noise(logistic):
    problem, params = logistic
    target = flat(minimum(problem, "retain"))
    slow = Schedule(300, 0, 0.02)
    still = unlearned(problem, params, method("noisy_finetune", sigma=0.0), slow)
    np.testing.assert_allclose(still, target, atol=1e-3)
    noises = []
    for sigma in (0.1, 0.2):
        noisy = unlearned(problem, params, method("noisy_finetune", sigma=sigma), slow)
        noises.append((noisy - still) / sigma)
    np.testing.assert_allclose(noises[0], noises[1], atol=1e-9)  # one draw, scaled
    assert 0.1 < np.std(noises[0]) < 3


def test_what_is_certified_holds(logistic):
    """Finetuning with l2 ends within |gradient| / l2 of the one minimum on the retain set."""
    problem, params = logistic
    part = method("noisy_finetune", l2=0.5, sigma=0.0)
    retain = sample_set(problem, "retain", CELL)
    found = unlearn(problem, [CELL], stacked(params), part, STEPS).params
    found = jax.tree.map(lambda leaf: leaf[0], found)
    least = minimum(problem, "retain", l2=0.5)
    gradient = flat(retain.gradient(found)) + 0.5 * flat(found)
    distance = np.linalg.norm(flat(found) - flat(least))
    assert 0.01 < distance <= np.linalg.norm(gradient) / 0.5


def test_dampening_is_by_hand(logistic):
    problem, params = logistic
    ratio = np.asarray(
        flat(sample_set(problem, "forget", CELL).squared_gradients(params))
        / flat(sample_set(problem, "train", CELL).squared_gradients(params))
    )
    before = flat(params)
    selection = float(np.median(ratio))
    found = unlearned(problem, params, method("ssd", selection=selection, dampening=0.5))
    selected = ratio > selection
    expected = np.where(selected, before * np.minimum(0.5 / ratio, 1), before)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert selected.any() and not selected.all()
    assert np.allclose(unlearned(problem, params, method("ssd", selection=1e9)), before)


def test_fisher_noise_is_largest_where_the_retain_set_says_least(logistic):
    problem, params = logistic
    before = flat(params)
    fisher = flat(sample_set(problem, "retain", CELL).fisher(params))
    one = unlearned(problem, params, method("fisher_forgetting", strength=1e-3)) - before
    two = unlearned(problem, params, method("fisher_forgetting", strength=2e-3)) - before
    np.testing.assert_allclose(two, 2 * one, rtol=1e-6)
    capped = method("fisher_forgetting", strength=1e9, largest=0.1)
    normal = (unlearned(problem, params, capped) - before) / 0.1
    np.testing.assert_allclose(one, 1e-3 * fisher**-0.25 * normal, rtol=1e-6)
    still = unlearned(problem, params, method("fisher_forgetting", strength=0.0))
    np.testing.assert_allclose(still, before)


# -- what is untouched -------------------------------------------------------------------------------
HARMLESS = {
    "newton": {}, "ssd": {"selection": 1.0}, "neg_grad": {}, "scrub_alternating": {"max_steps": 2},
    "bad_teacher": {"weight": 0.0}, "fisher_forgetting": {"strength": 0.0},
}  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS)
def test_a_model_that_knows_nothing_of_the_forget_set_is_left_alone(name, logistic):
    """All samples alike, half of either label: the minimum is p = 1/2 with or without those to forget."""
    problem, _ = logistic
    data = problem.dataset
    alike = Dataset(
        "alike", np.ones((60, 3)), np.arange(60) % 2, data.x_validation, data.y_validation,
        ("a", "b"), *(np.full(60, np.nan),) * 2,
    )  # fmt: skip
    problem = Problem(alike, "mlp", LOGISTIC, "label_flipping", [0])
    params, _ = problem.initial([0])
    nothing = jax.tree.map(lambda leaf: np.zeros(leaf.shape[1:]), params)
    found = unlearned(problem, nothing, method(name, **HARMLESS[name]))
    np.testing.assert_allclose(found, 0, atol=1e-6)
