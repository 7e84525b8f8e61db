"""Poisoning, word by word: size, balanced, nested in alpha, paired across models, seeded."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qunlearn.experiment.problem import Cell, Problem
from qunlearn.parts import corruptions
from qunlearn.parts.datasets.digits import Digits
from qunlearn.parts.registry import shipped

MLP = {"family": "mlp", "hidden": [4, 3]}
QNN = {
    "family": "qnn", "depth": 2, "entangler": "chain", "rotations": "xyx", "readout_scale": 5.0, "measure": "last",
}  # fmt: skip


def mask_of(dataset, labels, name, alpha, seed):
    """Corruptions of the project choose by labels alone."""
    return corruptions.forget_mask(dataset, None, labels, name, alpha, seed)


def labels_of(zeros, ones):
    return np.random.default_rng(0).permutation(np.repeat([0, 1], [zeros, ones]))


@settings(max_examples=60, deadline=None)
@given(
    zeros=st.integers(5, 60),
    extra=st.integers(0, 6),
    alphas=st.lists(st.just(0.0) | st.floats(0.06, 0.9), min_size=2, max_size=2).map(sorted),
    seed=st.integers(0, 1000),
    name=st.sampled_from(["label_flipping", "feature_randomization"]),
)
def test_size_balance_and_nesting(zeros, extra, alphas, seed, name):
    labels = labels_of(zeros, zeros + extra)
    small, large = (mask_of("digits", labels, name, alpha, seed) for alpha in alphas)
    for mask, alpha in ((small, alphas[0]), (large, alphas[1])):
        assert mask.sum() == round(alpha * len(labels))
        counts = np.bincount(labels[mask], minlength=2)
        from_half = abs(mask.sum() - len(labels) / 2)
        if mask.sum() <= 2 * zeros and from_half > extra / 2 + 1:  # neither class has run out
            assert abs(counts[0] - counts[1]) <= 1
    assert np.all(large[small])


@pytest.mark.parametrize(
    ("sizes", "flipped"),
    [
        ((97, 100), (48, 50)),
        ((109, 108), (54, 54)),
        ((250, 250), (125, 125)),
        ((97, 99), (49, 49)),
        ((20, 180), (20, 80)),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_half_of_the_labels_flipped_says_nothing_on_either_class(sizes, flipped, seed):
    labels = labels_of(*sizes)
    mask = mask_of("xxz", labels, "label_flipping", 0.5, seed)
    assert tuple(np.bincount(labels[mask])) == flipped


def test_only_the_half_is_not_balanced_by_count():
    """Ground states: 97 and 100, at the alphas of the study and of the finite-size scaling."""
    labels = labels_of(97, 100)
    alphas = [0.1, 0.2, 0.3, 0.35, 0.4, 0.42, 0.44, 0.46, 0.48, 0.52, 0.54, 0.56, 0.58, 0.6, 0.9]
    for alpha in alphas:
        counts = np.bincount(labels[mask_of("xxz", labels, "label_flipping", alpha, 3)])
        assert abs(counts[0] - counts[1]) <= 1


def test_the_subset_depends_on_each_of_its_names():
    labels = labels_of(50, 50)
    base = mask_of("digits", labels, "label_flipping", 0.3, 0)
    np.testing.assert_array_equal(base, mask_of("digits", labels, "label_flipping", 0.3, 0))
    others = [
        ("xxz", "label_flipping", 0),
        ("digits", "feature_randomization", 0),
        ("digits", "label_flipping", 1),
    ]
    for dataset, name, seed in others:
        assert np.any(base != mask_of(dataset, labels, name, 0.3, seed))


def test_label_flipping(digits):
    x, y = corruptions.twins("digits", digits.x_train, digits.y_train, "label_flipping", 0)
    assert x is None
    np.testing.assert_array_equal(y + digits.y_train, 1)


@pytest.mark.parametrize("kind", ["real", "complex"])
def test_feature_randomization(kind, digits, small_xxz):
    dataset = digits if kind == "real" else small_xxz
    x, y = corruptions.twins(
        dataset.name, dataset.x_train, dataset.y_train, "feature_randomization", 0
    )
    assert y is None and x.shape == dataset.x_train.shape
    assert np.iscomplexobj(x) == (kind == "complex")
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1)
    # i.i.d. components of a unit vector: mean 0, variance 1/d
    assert abs(x.mean()) < 5 / np.sqrt(x.size * x.shape[1])
    assert np.mean(np.abs(x) ** 2) * x.shape[1] == pytest.approx(1)
    overlaps = np.abs(np.sum(x.conj() * dataset.x_train, axis=1))
    assert overlaps.mean() < 2 / np.sqrt(x.shape[1])


@pytest.mark.parametrize("name", shipped("corruption"))
def test_every_model_meets_the_same_poison(name, digits, small_xxz):
    misfit = corruptions.declared(name, {}).misfit(Digits(train_fraction=0.6, seed=0), "digits")
    data = small_xxz if misfit else digits
    mlp, qnn = Problem(data, "mlp", MLP, name, [0, 1]), Problem(data, "qnn", QNN, name, [0, 1])
    for cell in (Cell(0.3, 0), Cell(0.7, 1)):
        for left, right in zip(mlp.samples(cell), qnn.samples(cell)):
            np.testing.assert_array_equal(left, right)


def test_a_poisoned_sample_keeps_its_twin_at_larger_alpha(digits):
    problem = Problem(digits, "mlp", MLP, "feature_randomization", [0, 1])
    small, large = problem.samples(Cell(0.2, 1)), problem.samples(Cell(0.6, 1))
    np.testing.assert_array_equal(small.rows[small.forget], large.rows[small.forget])
    np.testing.assert_array_equal(small.rows[~small.forget], np.flatnonzero(~small.forget))
    assert np.all(
        small.rows[small.forget] >= 2 * len(digits.y_train)
    )  # the second seed's block of twins
