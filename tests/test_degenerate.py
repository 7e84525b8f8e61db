"""Fractions that come to nothing or everything, and sets too small for what is done with them: a sentence, or a model
that answers always the same; never a number that is none."""

import numpy as np
import pytest

from project import built, plan
from qunlearn.config.blocks import for_dataset
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import held_out, train
from qunlearn.parts.corruptions import forget_mask
from qunlearn.parts.datasets import stratified
from qunlearn.runtime.counts import share
from qunlearn.runtime.errors import UserError
from qunlearn.studies.overview.embed import embed
from qunlearn.training.schedule import Schedule

ONE_CALL = Schedule(epochs=1, batch=0, learning_rate=0.0)


@pytest.mark.parametrize(("fraction", "count"), [(0, 0), (0.3, 6), (0.025001, 1), (0.97, 19)])
def test_a_share_is_a_rounded_fraction(fraction, count):
    assert share(fraction, 20, "") == count


@pytest.mark.parametrize(("fraction", "what"), [(0.01, "none"), (0.99, "all"), (0.9999, "all")])
def test_a_share_of_none_or_all_is_named_with_what_is_possible(fraction, what):
    words = f"alpha {fraction:g} of the 20 samples is {what} of them.*above 0.025 and below 0.97"
    with pytest.raises(UserError, match=words):
        share(fraction, 20, "alpha {fraction:g} of the {available} samples")


@pytest.mark.parametrize("alpha", [0.0001, 0.9999])
@pytest.mark.parametrize("corruption", ["label_flipping", "feature_randomization"])
def test_no_forget_or_retain_set_is_empty(digits, corruption, alpha):
    with pytest.raises(UserError, match=r"alpha 0.* of the .* training samples of digits is"):
        forget_mask("digits", digits.x_train, digits.y_train, corruption, alpha, 0)


@pytest.mark.parametrize("fraction", [0.001, 0.999])
def test_early_stopping_holds_out_some(digits, fraction):
    problem = Problem(digits, "logistic", architecture("logistic"), "label_flipping", [0])
    with pytest.raises(UserError, match="early_stopping"):
        held_out(problem, Cell(0.0, 0), fraction, np.zeros(len(digits.y_train), bool))


@pytest.mark.parametrize("fraction", [0.001, 0.002, 0.998, 0.999])
def test_a_split_leaves_both_classes_on_both_sides(fraction):
    with pytest.raises(UserError, match="train_fraction"):
        built("digits", train_fraction=fraction, seed=0)
    with pytest.raises(UserError, match="train_fraction"):
        stratified(np.repeat([0, 1], 20), fraction, 0, "train_fraction")


def test_one_sample_of_a_class_cannot_be_on_both_sides():
    with pytest.raises(UserError, match=r"split|none to"):
        stratified(np.array([0] * 20 + [1]), 0.5, 0, "mine.csv: train_fraction = 0.5")


def architecture(name, **changes):
    study = plan()
    family, block = study.family(name), study.block(name)
    options = {key: value for key, value in block.items() if key != "family"}
    options, _ = for_dataset(family, options, "digits")
    return {"family": block["family"], **options, **changes}


def fitted(dataset, name, alpha, **changes):
    """A model after one fit, under one_class_flipping."""
    problem = Problem(dataset, name, architecture(name, **changes), "one_class_flipping", [0])
    return train(problem, [Cell(alpha, 0)], ONE_CALL)


@pytest.mark.parametrize("name", ["logistic", "svm_linear", "svm_rbf", "knn", "observable"])
def test_models_that_are_fitted_stand_one_class(small_digits, name):
    half = round(len(small_digits.y_train) / 2) / len(small_digits.y_train)
    trained = fitted(small_digits, name, half)
    curves = trained.learning_curves
    assert all(np.isfinite(curve).all() for curve in curves.values())
    assert curves["train_accuracy"][0, -1] == 1.0  # all labels are alike, and so are all answers
    ones = small_digits.y_validation.mean()
    accuracy = curves["validation_accuracy"][0, -1]
    assert min(abs(accuracy - ones), abs(accuracy - (1 - ones))) < 1e-6


@pytest.fixture(scope="module")
def small_digits():
    return built("digits", train_fraction=0.6, seed=0, train_per_class=6)


def test_more_neighbours_than_samples_are_named(small_digits):
    with pytest.raises(UserError, match="k = 13 neighbours of 12 training samples"):
        fitted(small_digits, "knn", 0.3, k=13)


def test_too_few_samples_for_a_map_are_named():
    with pytest.raises(UserError, match="mine: 3 training samples are too few"):
        embed(np.eye(3), 30.0, "mine")
