"""Fig. X "detection": scores of suspicion, how they are judged, and what the study refuses."""

import jax
import numpy as np
import pandas as pd
import pytest

from project import configuration, plan, said_of
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.studies.detection import suspicion
from qunlearn.studies.detection.claims import CLAIMS
from qunlearn.studies.detection.table import against, found
from qunlearn.training.schedule import Schedule

LOGISTIC = {"family": "logistic_regression", "solver": "adam"}
SCHEDULE = Schedule(epochs=20, batch=0, learning_rate=0.1)


@pytest.fixture(scope="module")
def problem(digits):
    architecture = plan().architecture("digits", "logistic_adam")
    return Problem(digits, "logistic_adam", architecture, "label_flipping", [0, 1])


@pytest.fixture(scope="module")
def suspected(problem):
    return suspicion.suspect(problem, [Cell(0.2, 0), Cell(0.2, 1)], SCHEDULE, folds=3)


def test_a_model_that_learns_the_rule_points_at_flipped_labels(suspected):
    assert set(suspected.scores) == {"loss", "margin", "cross_validation", "influence"}
    for name, scores in suspected.scores.items():
        assert scores.shape == suspected.poison.shape
        for values, poison in zip(scores, suspected.poison):
            assert found(values, poison)["auroc"] > 0.9, name
    share = against(suspected.accused[0], suspected.poison[0])
    assert share["accused_precision"] > 0.8 and share["accused_recall"] > 0.8


def test_what_is_watched_is_the_training_of_the_study(problem):
    cells = [Cell(0.2, 0), Cell(0.2, 1)]
    own = train(problem, cells, SCHEDULE)
    seen = suspicion.watched(problem, cells, SCHEDULE, lambda *_: None)
    for ours, theirs in zip(jax.tree.leaves(own.params), jax.tree.leaves(seen.params)):
        np.testing.assert_array_equal(ours, theirs)
    logits = seen.learning_curves["train_logits"]
    labels = np.stack([problem.samples(cell).labels for cell in cells])
    right = ((logits[:, -1] > 0) == (labels > 0.5)).mean(axis=1)
    np.testing.assert_allclose(right, own.learning_curves["train_accuracy"][:, -1], atol=1e-6)


def test_every_sample_is_left_out_once_and_answered_by_who_did_not_see_it(problem, monkeypatch):
    cell, folds = Cell(0.2, 0), 4
    numbers = suspicion.fold_numbers(problem, cell, folds)
    sizes = np.bincount(numbers)
    assert len(sizes) == folds and sizes.max() - sizes.min() <= 1
    asked = {}
    optimise = problem.model.optimise

    def spy(workload, progress):
        asked["rows"] = workload.streams["train"].rows
        return optimise(workload, progress)

    monkeypatch.setattr(problem.model, "optimise", spy)
    suspicion.cross_validated(problem, [cell], SCHEDULE, folds, lambda *_: None)
    rows = problem.samples(cell).rows
    for fold, seen in enumerate(asked["rows"]):
        assert not set(seen) & set(rows[numbers == fold])
        assert len(set(seen)) == len(rows) - sizes.max()


def test_self_influence_by_hand():
    gradients = np.array([[1.0, 0.0], [0.0, 2.0]])
    matrix = np.diag([2.0, -4.0])  # a saddle: the curvature counts by its size
    np.testing.assert_allclose(suspicion.self_influence(gradients, matrix), [0.5, 1.0])
    flat = np.diag([1.0, 0.0])
    np.testing.assert_allclose(suspicion.self_influence(gradients, flat)[1], 4 / suspicion.SMALLEST)
    assert not suspicion.self_influence(gradients, np.zeros((2, 2))).any()


def test_rankings_are_judged_by_hand():
    poison = np.array([True, False, True, False])
    assert found(np.array([4, 3, 2, 1.0]), poison) == {"auroc": 0.75, "precision": 0.5}
    assert found(np.ones(4), poison)["auroc"] == 0.5
    assert np.isnan(found(np.array([np.nan, 1, 1, 1]), poison)["auroc"])
    nobody = against(np.zeros(4, bool), poison)
    assert nobody["accused"] == 0 and np.isnan(nobody["accused_precision"])
    assert against(np.array([True, True, False, False]), poison)["accused_recall"] == 0.5


def test_claims_compare_the_best_score_of_either_side():
    rows = [
        ("xxz", model, "label_flipping", 0.3, seed, score, value, kind, kind == "qnn", False)
        for seed in range(3)
        for model, kind, score, value in [
            ("qnn", "qnn", "loss", 0.9),
            ("qnn", "qnn", "margin", 0.6),
            ("mlp", "mlp", "loss", 0.7),
            ("logistic_adam", "linear", "loss", 0.95),
        ]
    ]
    names = ["dataset", "model", "corruption", "alpha", "seed", "score", "auroc", "kind", "quantum"]
    frame = pd.DataFrame(rows, columns=[*names, "collapsed"])
    for claim, value in {"qnn_points_at_poison": 0.2, "qnn_points_best": -0.05}.items():
        samples, statistic = CLAIMS[claim].measure(frame, "quantum", {"alphas": [0.3]})
        assert statistic(samples) == pytest.approx(value)
        assert len(samples) == 3
    fewer = frame[(frame["model"] == "qnn") | (frame["seed"] < 2)]  # seeds that all have count
    samples, _ = CLAIMS["qnn_points_best"].measure(fewer, "quantum", {"alphas": [0.3]})
    assert len(samples) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"models": ["qnn", "knn"]}, "'knn' is fitted in one call and has no margin"),
        ({"models": ["qnm"]}, "no architecture 'qnm'; did you mean 'qnn'"),
        ({"folds": 1}, "beyond.detection.folds: 1 is too small (at least 2)"),
        ({"alphas": [0]}, "beyond.detection.alphas[0]"),
        ({"corruptions": ["label_flip"]}, "no corruption 'label_flip'"),
    ],
)
def test_what_cannot_be_ranked_is_refused(changes, words):
    beyond = configuration()["beyond"]
    beyond["detection"] = beyond["detection"] | changes
    assert any(words in line for line in said_of("detection", beyond=beyond))
