"""Intervals cover what they say, and many verdicts stand together: on runs whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from project import ROOT
from qunlearn.statistics.coverage import KINDS, SEEDS, coverage
from qunlearn.statistics.intervals import estimate, interval, share_at_most
from qunlearn.statistics.jackknife import moments, skewed, student
from qunlearn.statistics.multiplicity import seeds_needed, smallest_level, stand_together
from qunlearn.statistics.quantities import Extreme, Positive
from qunlearn.statistics.roughening import geometric_mean
from qunlearn.statistics.transition import Width, fit_transition, sigmoid

ALPHAS = np.round(np.arange(0, 1, 0.1), 1)
BY_WORDS = {kind.words: kind for kind in KINDS}


@pytest.mark.parametrize(
    ("words", "seeds", "least"),
    [
        ("Gaussian", 5, 0.93),
        ("skewed (exponential)", 5, 0.89),
        ("skewed (exponential)", 20, 0.92),
        ("bounded, most near 1 (beta 9, 0.5)", 20, 0.92),
        ("the same, draws that hold a failure", 5, 0.95),
        ("best of four equal means", 5, 0.93),
    ],
)
def test_the_interval_covers_the_truth_as_often_as_the_page_says(words, seeds, least):
    """`least`: three standard errors below what the table in docs/claims.md has."""
    found = coverage(BY_WORDS[words], seeds, draws=200, resamples=20)
    assert found.ours >= least and found.ours >= max(found.student, found.bootstrap) - 0.01


def test_no_interval_covers_failures_that_no_run_shows():
    found = coverage(BY_WORDS["one in ten fails"], 5, draws=200, resamples=20)
    assert found.ours < 0.55  # 0.41 of draws hold one


def test_the_page_has_the_table_of_all_kinds():
    page = (ROOT / "docs/claims.md").read_text(encoding="utf-8")
    table = page.partition("<!-- coverage -->")[2].partition("<!-- /coverage -->")[0]
    rows = [line.split(" | ") for line in table.strip().splitlines()]
    assert [row[0].removeprefix("| ") for row in rows[2:]] == list(BY_WORDS)
    assert len(rows[0]) == 1 + len(SEEDS)
    gaussian = [float(cell.split("**")[1]) for cell in rows[2][1:]]
    assert min(gaussian) > 0.93


def test_of_a_mean_the_two_are_students_interval_and_one_for_skewed_runs(rng):
    runs = rng.exponential(size=12)
    found = moments(runs, lambda some: np.atleast_1d(some.mean()))
    expected = stats.t.interval(0.95, 11, runs.mean(), stats.sem(runs))
    np.testing.assert_allclose(student(found, 0.95)[:, 0], expected)
    assert found.skewness[0] == pytest.approx(stats.skew(runs, bias=False))
    low, high = skewed(found, 0.95)[:, 0]
    assert high - runs.mean() > runs.mean() - low  # the tail is on the right
    even = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    found = moments(even, lambda some: np.atleast_1d(some.mean()))
    np.testing.assert_allclose(skewed(found, 0.9), student(found, 0.9))


def test_the_quantile_for_skewed_runs_inverts_halls_transformation(rng):
    runs = rng.exponential(size=20)
    found = moments(runs, lambda some: np.atleast_1d(some.mean()))
    low = skewed(found, 0.95)[0, 0]
    t = (runs.mean() - low) / (found.errors[0] * np.sqrt(20))
    g = found.skewness[0]
    v = t + g * t**2 / 3 + g**2 * t**3 / 27 + g / (6 * 20)
    assert v * np.sqrt(20) == pytest.approx(stats.t.ppf(0.975, 19))


def test_a_ratio_has_the_interval_of_its_logarithm(rng):
    ratios = np.exp(rng.normal(size=8))
    found = interval(ratios, Positive(geometric_mean), 0.95, 200)
    logs = interval(np.log(ratios), np.mean, 0.95, 200)
    np.testing.assert_allclose(np.log(found), logs)
    with np.errstate(invalid="ignore"):
        assert np.isnan(interval(ratios - 1, Positive(geometric_mean), 0.95, 200)).all()


def test_an_extreme_pays_for_the_choice_on_one_side_only(rng):
    runs = rng.normal(size=(10, 3))
    best = Extreme("max", lambda some: some.mean(0))
    low, high = interval(runs, best, 0.95, 200)
    each = [interval(runs[:, [i]], np.mean, 0.95, 200) for i in range(3)]
    assert best(runs) == runs.mean(0).max()
    assert high == pytest.approx(max(end for _, end in each))
    rarely = [interval(runs[:, [i]], np.mean, 1 - 0.05 / 3, 200)[0] for i in range(3)]
    assert low == pytest.approx(max(rarely)) and low < max(start for start, _ in each)


def test_the_bound_on_failures_is_clopper_and_pearsons():
    assert share_at_most(0, 5, 0.95) == pytest.approx(1 - 0.05 ** (1 / 5))
    assert share_at_most(5, 5, 0.95) == 1
    assert stats.binom.cdf(3, 40, share_at_most(3, 40, 0.95)) == pytest.approx(0.05)


def test_the_smallest_level_is_where_the_interval_meets_the_threshold(rng):
    runs = rng.normal(1, 0.3, size=10)
    found, bounds = estimate(runs, np.mean, 200), {"above": 0.6}
    level = smallest_level(found, "reproduced", bounds)
    assert 1e-4 < level < 0.05
    assert found.interval(1 - level)[0] == pytest.approx(0.6, abs=1e-3)
    assert smallest_level(found, "reproduced", {"above": runs.mean()}) == 1
    on_it = smallest_level(found, "at the threshold", {"above": runs.mean()})
    low, high = found.interval(1 - on_it)  # as wide as half to twice of it, on one side
    assert min(low - runs.mean() / 2, 2 * runs.mean() - high) == pytest.approx(0, abs=1e-3)
    assert smallest_level(found, "reproduced", {"above": -100.0}) == 1e-4
    assert smallest_level(None, "undecided", bounds) == 1


def test_holm_keeps_verdicts_until_the_first_that_is_too_weak():
    levels = np.array([0.012, 0.6, np.nan, 0.001, 0.03])
    # of four that were asked: 0.001 < 0.05/4, 0.012 < 0.05/3, 0.03 > 0.05/2
    assert stand_together(levels, 0.05).tolist() == [True, False, False, True, False]
    assert not stand_together(np.array([0.02, 0.02, 0.02]), 0.05).any()


def test_verdicts_that_stand_together_are_rarely_wrong(rng):
    """Twelve true values on their thresholds: any verdict is wrong. Single ones are in most draws,
    those that stand together in one of twenty."""
    single, together = 0, 0
    for _ in range(40):
        levels = []
        for runs in rng.normal(size=(12, 10)):
            levels.append(smallest_level(estimate(runs, np.mean, 2), "undecided", {"above": 0.0}))
        single += min(levels) < 0.05
        together += stand_together(np.array(levels), 0.05).any()
    assert single > 10 and together <= 6


def test_seeds_needed_follow_from_the_distance_to_the_threshold():
    assert seeds_needed(5, 0.02, (-0.08, 0.12), {"below": 0.1}) == 8
    assert seeds_needed(5, 0.0, (-0.02, 0.02), {"below": 0.0}) == np.inf
    assert seeds_needed(10, 0.5, (0.4, 0.6), {"above": 0.45, "below": 0.55}) == 40
    # near the threshold it is sooner known that the value is there than on which side
    assert seeds_needed(5, 0.08, (0.04, 0.12), {"below": 0.1}) == 9
    assert seeds_needed(20, 0.1, (0.0, 0.3), {"below": 0.1}) == 80
    assert seeds_needed(5, 0.02, (0.01, 0.03), {"below": 0.1}) == 5
    assert np.isnan(seeds_needed(1, 0.02, (np.nan, np.nan), {"below": 0.1}))


def test_a_width_that_the_alphas_do_not_resolve_is_their_spacing():
    jump = np.where(ALPHAS < 0.55, 0.97, 0.03)[None]
    smooth = sigmoid(ALPHAS, 0.97, 0.03, 0.5, 0.1)[None]
    width = Width(ALPHAS, lambda runs: fit_transition(ALPHAS, runs.mean(0)))
    assert width(jump) == pytest.approx(0.1)
    assert width.remark(jump) == "below the resolution, 0.1"
    assert width(smooth) == pytest.approx(2 * np.log(9) * 0.1, rel=1e-2)
    assert width.remark(smooth) == ""


def test_rows_of_a_table_are_judged_together():
    from qunlearn.statistics.multiplicity import judged_together

    rows = pd.DataFrame({"level": [0.01, 0.04, np.nan]})
    assert judged_together(rows, 0.95)["stands"].tolist() == [True, True, False]
