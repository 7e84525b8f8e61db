"""Intervals, verdicts and transitions, where the answer is known."""

import math

import numpy as np
import pytest

from qunlearn.statistics import runs
from qunlearn.statistics.intervals import interval
from qunlearn.statistics.quantities import CORRELATION, SHARE, Extreme, Within
from qunlearn.statistics.transition import fit_transition, sigmoid
from qunlearn.statistics.verdicts import firm, verdict
from qunlearn.studies.claims import measures
from worlds import (
    ALPHAS,
    step,
    table,
)


@pytest.mark.parametrize(
    ("low", "high", "bounds", "words"),
    [
        (0.11, 0.2, {"above": 0.1}, "reproduced"),
        (0.09, 0.2, {"above": 0.1}, "undecided"),
        (0.04, 0.19, {"above": 0.1}, "undecided"),
        (0.06, 0.19, {"above": 0.1}, "at the threshold"),
        (-0.06, 0.01, {"above": 0.0}, "undecided"),
        (-0.19, -0.06, {"below": -0.1}, "at the threshold"),
        (0.01, 0.09, {"above": 0.1}, "not reproduced"),
        (0.01, 0.1, {"above": 0.1}, "not reproduced"),
        (0.46, 0.54, {"above": 0.45, "below": 0.55}, "reproduced"),
        (0.44, 0.54, {"above": 0.45, "below": 0.55}, "undecided"),
        (0.44, 0.47, {"above": 0.45, "below": 0.55}, "at the threshold"),
        (0.53, 0.59, {"above": 0.45, "below": 0.55}, "at the threshold"),
        (0.40, 0.60, {"above": 0.45, "below": 0.55}, "undecided"),
        (0.56, 0.60, {"above": 0.45, "below": 0.55}, "not reproduced"),
        (0.1, 1.0, {"below": 2.0}, "reproduced"),
        (np.nan, np.nan, {"below": 2.0}, "undecided"),
    ],
)
def test_verdicts_follow_from_the_interval_alone(low, high, bounds, words):
    assert verdict(low, high, bounds) == words


@pytest.mark.parametrize(
    ("low", "high", "bounds", "same"),
    [
        (0.3, 0.4, {"above": 0.1}, True),
        (0.12, 0.4, {"above": 0.1}, False),
        (0.21, 0.4, {"above": 0.1}, True),
        (0.06, 0.09, {"above": 0.1}, False),
        (0.01, 0.04, {"above": 0.1}, True),
        (0.001, 0.02, {"above": 0.0}, True),
        (0.48, 0.51, {"above": 0.45, "below": 0.55}, True),
        (0.47, 0.51, {"above": 0.45, "below": 0.55}, False),
        (0.57, 0.59, {"above": 0.45, "below": 0.55}, False),
        (0.61, 0.80, {"above": 0.45, "below": 0.55}, True),
    ],
)
def test_a_verdict_is_firm_if_half_and_twice_the_threshold_give_the_same(low, high, bounds, same):
    assert firm(low, high, bounds) is same


def test_a_range_of_a_ratio_is_widened_by_factors():
    """Half and twice of a factor of two on either side of 1: a factor of 1.41, and of four."""
    bounds = {"above": 0.5, "below": 2.0}
    assert firm(0.75, 1.3, bounds, is_ratio=True) and firm(0.1, 0.2, bounds, is_ratio=True)
    assert not firm(0.6, 1.3, bounds, is_ratio=True) and not firm(3, 3.5, bounds, is_ratio=True)
    assert firm(4.5, 5, bounds, is_ratio=True)
    assert verdict(1.5, 3.9, bounds, is_ratio=True) == "at the threshold"
    assert verdict(1.3, 3.9, bounds, is_ratio=True) == "undecided"


def test_noise_around_the_threshold_is_undecided():
    tables = {"resilience": table(lambda m, a: 0.9 - 0.5 * a, ["mlp", "qnn"], noise=0.05)}
    samples, statistic = measures.fall(tables["resilience"], "mlp", {"alphas": [0.2]})
    low, high = interval(samples, statistic, 0.95, 2000)
    assert low < 0.1 < high and verdict(low, high, {"above": 0.1}) == "undecided"


def test_the_interval_narrows_with_the_number_of_seeds(rng):
    def width(n):
        low, high = interval(rng.normal(size=n), np.mean, 0.95, 2000)
        return high - low

    assert np.median([width(40) for _ in range(10)]) < 0.5 * np.median(
        [width(5) for _ in range(10)]
    )


def test_one_seed_decides_nothing_and_agreeing_seeds_have_no_width():
    assert all(map(math.isnan, interval(np.array([0.3]), np.mean, 0.95, 100)))
    assert interval(np.full(5, 0.25), np.mean, 0.95, 100) == (0.25, 0.25)


def test_seeds_are_paired_whatever_the_order_of_rows():
    """Runs that differ much between seeds but by a constant between models: the paired difference
    has no spread."""
    frame = table(lambda m, a: {"qnn": 0.9, "mlp": 0.7}[m], ["mlp", "qnn"])
    frame["val_accuracy"] += 0.1 * (frame["seed"] - 2)
    shuffled = frame.sample(frac=1, random_state=3)
    low, high = interval(
        *measures.advantage(shuffled, "qnn", {"alphas": [0.3]}, over="mlp"), 0.95, 2000
    )
    assert low == pytest.approx(0.2) and high == pytest.approx(0.2)
    unpaired = frame.copy()
    rows = unpaired.model == "mlp"
    unpaired.loc[rows, "seed"] = 3 - unpaired.loc[rows, "seed"]
    low, high = interval(
        *measures.advantage(unpaired, "qnn", {"alphas": [0.3]}, over="mlp"), 0.95, 2000
    )
    assert high - low > 0.3


@pytest.mark.parametrize(("critical", "scale"), [(0.5, 0.08), (0.35, 0.05), (0.6, 0.15)])
def test_the_fit_recovers_a_known_transition_within_its_interval(critical, scale, rng):
    exact = sigmoid(ALPHAS, 0.97, 0.04, critical, scale)
    found, width = fit_transition(ALPHAS, exact)
    assert found == pytest.approx(critical, abs=1e-3) and width == pytest.approx(
        2 * np.log(9) * scale, rel=1e-2
    )
    frame = table(lambda m, a: step(a, critical, scale), ["qnn"], range(10), noise=0.02, rng=rng)
    for measure, truth in (
        (measures.critical_alpha, critical),
        (measures.transition_width, 2 * np.log(9) * scale),
    ):
        low, high = interval(*measure(frame, "qnn", {}), 0.99, 60)
        assert low < truth < high and high - low < 0.35 * truth + 0.05


def test_ten_to_ninety_per_cent_width_is_what_it_says():
    scale = 0.07
    width = 2 * np.log(9) * scale
    edges = sigmoid(np.array([0.5 - width / 2, 0.5 + width / 2]), 1, 0, 0.5, scale)
    np.testing.assert_allclose(edges, [0.9, 0.1])


def test_a_line_is_wide_and_a_jump_is_narrow():
    assert fit_transition(ALPHAS, 1 - ALPHAS)[1] > 0.6
    critical, width = fit_transition(
        ALPHAS, np.where(ALPHAS < 0.5, 0.97, np.where(ALPHAS > 0.5, 0.03, 0.5))
    )
    assert critical == pytest.approx(0.5, abs=0.01) and width < 0.15


def test_runs_are_paired_over_the_seeds_that_all_models_have():
    """What is costly has fewer seeds; a hole among those that a model has is said."""
    frame = table(lambda m, a: {"qnn": 0.9, "mlp": 0.7}[m], ["mlp", "qnn"], range(6))
    few = frame[(frame["model"] == "qnn") | (frame["seed"] < 2)]
    axes = {"model": ["qnn", "mlp"], "alpha": [0.3]}
    assert runs.cells(few, "val_accuracy", {}, axes).shape == (2, 2, 1)
    assert runs.cells(few, "val_accuracy", {"model": "qnn"}, {"alpha": [0.3]}).shape == (6, 1)
    hole = few.drop(few.index[(few["model"] == "mlp") & (few["seed"] == 1) & (few["alpha"] == 0.3)])
    with pytest.raises(runs.Missing, match=r"no row with seed 1, model mlp, alpha 0\.3"):
        runs.cells(hole, "val_accuracy", {}, axes)


def test_a_number_per_seed_needs_no_other_axis():
    frame = table(lambda m, a: 0.7, ["mlp"])
    found = runs.cells(frame, "val_accuracy", {"alpha": 0.3}, {})
    np.testing.assert_allclose(found, np.full(4, 0.7))


def test_no_interval_passes_what_is_possible():
    shares = np.array([0.7, 0.9, 1.0, 1.0, 1.0])[:, None]
    assert interval(shares, lambda runs: runs.mean(), 0.95, 200)[1] > 1
    assert interval(shares, Extreme("max", lambda runs: runs.mean(0), SHARE), 0.95, 200)[1] == 1
    low, high = interval(2 * shares - 1, Within(lambda runs: runs.mean(), CORRELATION), 0.95, 200)
    assert high == 1 and -1 <= low < 0.84
