"""Flips that an attacker chooses: as many as at random, of the samples that the attack says."""

import numpy as np
import pytest

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.parts import corruptions
from qunlearn.parts.registry import shipped
from test_corruption import MLP

CHOSEN = [
    "nearest_flipping",
    "farthest_flipping",
    "influence_flipping",
    "state_distance_flipping",
    "clustered_flipping",
]
#: Attacks that look at the training set alone, without a draw.
DETERMINISTIC = CHOSEN[:-1]


def order_of(data, name, seed=0, x=None, **options):
    part = corruptions.declared(name, options)
    samples = data.x_train if x is None else x
    return corruptions.poison_order(data.name, samples, data.y_train, part, 0.3, seed)


def first(order, alpha=0.3):
    return set(order[: round(alpha * len(order))].tolist())


@pytest.mark.parametrize("name", CHOSEN)
def test_as_many_of_either_class_as_at_random_and_nested(name, digits):
    problem = Problem(digits, "mlp", MLP, name, [3])
    masks = [problem.samples(Cell(alpha, 3)).forget for alpha in (0.1, 0.3, 0.4)]
    for mask, alpha in zip(masks, (0.1, 0.3, 0.4)):
        assert mask.sum() == round(alpha * len(mask))
        flipped = np.bincount(digits.y_train[mask], minlength=2)
        assert abs(flipped[0] - flipped[1]) <= 1
    assert np.all(masks[1][masks[0]]) and np.all(masks[2][masks[1]])
    labels = problem.samples(Cell(0.3, 3)).labels
    np.testing.assert_array_equal(labels != digits.y_train, masks[1])


@pytest.mark.parametrize("name", CHOSEN)
def test_seeds_matter_where_something_is_drawn(name, digits):
    found = [first(order_of(digits, name, seed)) for seed in (0, 1)]
    common = len(found[0] & found[1]) / len(found[0])
    assert common > 0.96 if name in DETERMINISTIC else common < 0.9


@pytest.mark.parametrize("name", CHOSEN)
def test_the_phase_of_a_state_changes_no_choice(name, small_xxz, rng):
    phases = np.exp(2j * np.pi * rng.random(len(small_xxz.x_train)))
    turned = small_xxz.x_train * phases[:, None]
    plain = order_of(small_xxz, name)
    np.testing.assert_array_equal(plain, order_of(small_xxz, name, x=turned))


def test_ties_fall_at_random_and_by_no_rounding(rng):
    labels = np.repeat([0, 1], 30)
    scores = np.ones(60)
    orders = [corruptions.ranked_order(scores, labels, np.random.default_rng(s)) for s in (0, 1)]
    assert first(orders[0]) != first(orders[1])
    noisy = scores + 1e-14 * rng.standard_normal(60)
    again = corruptions.ranked_order(noisy, labels, np.random.default_rng(0))
    np.testing.assert_array_equal(orders[0], again)


def test_the_boundary_is_where_the_phases_meet(small_xxz):
    """Ground states lie along a line, their boundary at Delta = 1."""
    away = np.abs(small_xxz.coordinate_train - 1)
    near, far = (
        list(first(order_of(small_xxz, f"{name}_flipping"))) for name in ("nearest", "farthest")
    )
    assert not set(near) & set(far)
    assert np.max(away[near]) < np.min(away[far])


def test_clusters_are_stretches_of_the_line(small_xxz):
    chosen = list(first(order_of(small_xxz, "clustered_flipping", seed=4)))
    for label in (0, 1):
        mine = [i for i in chosen if small_xxz.y_train[i] == label]
        assert np.ptp(np.sort(mine)) == len(mine) - 1  # neighbours, one after the other


def test_the_surrogate_is_logistic_regression(digits):
    from sklearn.linear_model import LogisticRegression

    part = corruptions.declared("nearest_flipping", {"C": 3.0})
    features = part.features(digits.x_train)
    weights = part.fit(features, digits.y_train)
    other = LogisticRegression(C=3.0, fit_intercept=False, tol=1e-10, max_iter=10_000)
    other.fit(features, digits.y_train)
    np.testing.assert_allclose(weights, other.coef_[0], rtol=1e-4, atol=1e-4)
    # all of them keep the products of samples
    np.testing.assert_allclose(
        features[:, :-1] @ features[:, :-1].T, digits.x_train @ digits.x_train.T, atol=1e-8
    )


def test_harm_is_what_a_flip_and_a_new_fit_cost(digits):
    part = corruptions.declared("influence_flipping", {"C": 1.0, "components": 8})
    y = digits.y_train.astype(float)
    features = part.features(digits.x_train)
    flipped = y.copy()
    flipped[:20] = 1 - flipped[:20]
    weights = part.fit(features, flipped)

    def cost(labels):
        logits = features @ part.fit(features, labels, weights)
        return np.mean(np.logaddexp(0, logits) - y * logits)

    expected = []
    for i in range(20, 80):
        labels = flipped.copy()
        labels[i] = 1 - labels[i]
        expected.append(cost(labels) - cost(flipped))
    harm = part.harm(features, y, flipped, weights)[20:80]
    np.testing.assert_allclose(harm, expected, rtol=0.05, atol=1e-4)
    assert np.corrcoef(harm, expected)[0, 1] > 0.99


def test_flips_by_influence_hurt_the_surrogate_more_than_others(digits):
    part = corruptions.declared("influence_flipping", {})
    features = part.features(digits.x_train)
    y = digits.y_train.astype(float)
    right = {}
    for name in ("label_flipping", "nearest_flipping", "influence_flipping"):
        labels = y.copy()
        chosen = list(first(order_of(digits, name), 0.4))
        labels[chosen] = 1 - labels[chosen]
        logits = features @ part.fit(features, labels)
        right[name] = np.mean((logits > 0) == y)
    assert right["influence_flipping"] < min(right["label_flipping"], right["nearest_flipping"])


@pytest.mark.parametrize("kind", ["real", "complex", "matrices"])
def test_state_distance_by_density_matrices(kind, small_xxz, digits):
    data = digits if kind == "real" else small_xxz
    some = slice(None, None, 9)
    x, y = data.x_train[some][:, :32], data.y_train[some]
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    rho = np.einsum("na,nb->nab", x, x.conj())
    apart = np.linalg.norm(rho[:, None] - rho[None], axis=(2, 3))
    expected = [apart[i][y != y[i]].mean() - apart[i][y == y[i]].mean() for i in range(len(y))]
    part = corruptions.declared("state_distance_flipping", {})
    given = rho if kind == "matrices" else x
    np.testing.assert_allclose(part.scores(given, y, None), expected, atol=1e-6)


def test_every_corruption_says_what_it_aims_at():
    found = {name: part.aims_at() for name, part in shipped("corruption").items()}
    assert {found[name] for name in CHOSEN} == {found["label_flipping"]} == {"labels"}
    assert found["feature_noise"] == "features" and found["pixel_patch"] == "backdoor"
