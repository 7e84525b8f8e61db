"""Fig. X "known" and "amenability": unlearning that is told a part of the poison, or wrongly, and what is regained."""

import jax
import numpy as np
import pandas as pd
import pytest

from project import configuration, plan, said_of
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.stored import Stored
from qunlearn.experiment.telling import INNOCENT, ITSELF, KNOWN, Telling, tellings
from qunlearn.experiment.train import train
from qunlearn.experiment.unlearn import evaluation_sets, streams
from qunlearn.parts.registry import find
from qunlearn.runtime.errors import UserError
from qunlearn.statistics.runs import Missing
from qunlearn.studies.amenability.claims import CLAIMS
from qunlearn.studies.amenability.contrast import Pair
from qunlearn.studies.amenability.table import tabulate
from qunlearn.studies.known.sweep import MEASURED, accusations, sweep
from qunlearn.training.schedule import Schedule

CELLS = [Cell(0.2, 0), Cell(0.2, 1)]
CORRUPTED = np.arange(20) < 8
LOSSES = np.arange(20.0)


def rng():
    return np.random.default_rng(3)


# -- who is accused --------------------------------------------------------------------------------
def test_a_part_of_the_poison_is_poison_and_lies_in_larger_parts():
    masks = [Telling(KNOWN, share).accused(CORRUPTED, LOSSES, rng()) for share in (0.25, 0.5, 1)]
    assert [mask.sum() for mask in masks] == [2, 4, 8]
    for small, large in zip(masks, [*masks[1:], CORRUPTED]):
        assert np.all(large[small])


def test_innocent_samples_stand_beside_all_of_the_poison():
    mask = Telling(INNOCENT, 0.5).accused(CORRUPTED, LOSSES, rng())
    assert np.all(mask[CORRUPTED]) and mask.sum() == 12


def test_a_model_accuses_those_that_it_believes_least():
    mask = Telling(ITSELF).accused(CORRUPTED, LOSSES, rng())
    assert list(np.flatnonzero(mask)) == list(range(12, 20))


@pytest.mark.parametrize(
    ("telling", "words"),
    [
        (Telling(KNOWN, 0.01), "0.01 of the 8 corrupted samples is none of them"),
        (Telling(INNOCENT, 0.01), "0.01 times the 8 corrupted samples is none"),
        (Telling(INNOCENT, 1.5), "more than the 12 that are innocent"),
    ],
)
def test_what_comes_to_no_sample_or_leaves_none_is_refused(telling, words):
    with pytest.raises(UserError, match=words):
        telling.accused(CORRUPTED, LOSSES, rng())


# -- what unlearning reads -------------------------------------------------------------------------
@pytest.fixture(scope="module")
def poisoned(digits):
    architecture = plan().architecture("digits", "logistic_adam")
    problem = Problem(digits, "logistic_adam", architecture, "label_flipping", [0, 1])
    done = train(problem, CELLS, Schedule(epochs=20, batch=0, learning_rate=0.1))
    return Stored(problem, CELLS, (done.params, done.state), np.zeros(2, bool))


def test_what_is_not_told_is_retained_with_its_wrong_label(poisoned):
    problem, models = poisoned.problem, poisoned.models
    accused = accusations(poisoned, Telling(KNOWN, 0.5))
    told = problem.telling(dict(zip(CELLS, accused)))
    read = streams(told, CELLS, models, plan().method("scrub"))
    for number, cell in enumerate(CELLS):
        truth = problem.samples(cell)
        assert set(read["forget"].rows[number]) == set(truth.rows[accused[number]])
        missed = truth.rows[truth.forget & ~accused[number]]
        places = np.flatnonzero(np.isin(read["retain"].rows[number], missed))
        assert len(places) == len(missed) > 0
        wrong = 1 - problem.dataset.y_train[read["retain"].rows[number][places]]
        np.testing.assert_array_equal(read["retain"].labels[number][places], wrong)


def test_what_is_measured_knows_the_truth(poisoned):
    problem = poisoned.problem
    told = problem.telling(dict(zip(CELLS, accusations(poisoned, Telling(ITSELF)))))
    for name, known in evaluation_sets(problem, CELLS).items():
        found = evaluation_sets(told, CELLS)[name]
        jax.tree.map(np.testing.assert_array_equal, known[1:], found[1:])


def test_all_that_is_known_is_the_problem_as_it_is(poisoned):
    problem = poisoned.problem
    accused = accusations(poisoned, Telling(KNOWN))
    np.testing.assert_array_equal(accused, [problem.samples(cell).corrupted for cell in CELLS])


def test_every_telling_is_measured_with_how_right_it_was(poisoned):
    schedule = Schedule(epochs=5, batch=0, learning_rate=0.1)
    methods = {"retrain": (find("method", "retrain")(), schedule)}
    told = tellings([0.25, 1.0], [0.5])
    found = sweep(poisoned, methods, told)
    assert list(found.ended) == ["known=0.25", "known=1", "innocent=0.5", "itself"]
    for name in MEASURED[:3]:
        assert found.begun[name].shape == (2,)
        assert found.ended["itself"]["retrain"][name].shape == (2,)
    np.testing.assert_allclose(found.precision["innocent=0.5"], 2 / 3, atol=0.01)
    np.testing.assert_array_equal(found.recall["known=1"], 1)
    np.testing.assert_array_equal(found.precision["itself"], found.recall["itself"])
    assert np.all(found.precision["itself"] > 0.8)  # one that learns the rule accuses well


def test_cells_of_several_alphas_run_together_as_each_would_alone(digits):
    architecture = plan().architecture("digits", "logistic_adam")
    problem = Problem(digits, "logistic_adam", architecture, "label_flipping", [0, 1])
    cells = [Cell(alpha, seed) for alpha in (0.1, 0.3) for seed in (0, 1)]
    params, state = problem.initial([cell.seed for cell in cells])
    methods = {
        name: (plan().method(name), Schedule(epochs=4, batch=0, learning_rate=0.1))
        for name in ("retrain", "scrub", "ssd")
    }
    told = tellings([0.25, 1.0], [0.5])
    together = sweep(Stored(problem, cells, (params, state), np.zeros(4, bool)), methods, told)
    for number, cell in enumerate(cells):
        mine = jax.tree.map(lambda leaf: leaf[number : number + 1], (params, state))  # noqa: B023
        alone = sweep(Stored(problem, [cell], mine, np.zeros(1, bool)), methods, told)
        found = jax.tree.map(lambda leaf: leaf[number : number + 1], together)  # noqa: B023
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), found, alone)


@pytest.mark.parametrize("batch", [0, 32])
def test_what_runs_together_is_what_each_would_be_alone(poisoned, batch):
    schedule = Schedule(epochs=3, batch=batch, learning_rate=0.05)
    scrub = plan().method("scrub")
    told = tellings([0.25, 1.0], [0.5])
    together = sweep(poisoned, {"scrub": (scrub, schedule)}, told)
    for telling in told:
        alone = sweep(poisoned, {"scrub": (scrub, schedule)}, [telling])
        words = telling.words()
        for name in MEASURED[:3]:
            values = [found.ended[words]["scrub"][name] for found in (together, alone)]
            np.testing.assert_allclose(*values, atol=1e-6 if batch == 0 else 0.05)


def test_a_model_that_learns_by_heart_learns_what_it_was_not_told(digits):
    problem = Problem(digits, "mlp", {"family": "mlp", "hidden": [64]}, "label_flipping", [0, 1])
    models = problem.initial([0, 1])
    schedule = Schedule(epochs=60, batch=0, learning_rate=0.03)
    methods = {"retrain": (find("method", "retrain")(), schedule)}
    unaware = Stored(problem, CELLS, models, np.zeros(2, bool))
    found = sweep(unaware, methods, [Telling(KNOWN, 0.25), Telling(KNOWN)])
    quarter, everything = [ended["retrain"]["forget_accuracy"] for ended in found.ended.values()]
    assert np.all(everything > quarter + 0.05)


# -- contrasts -------------------------------------------------------------------------------------
def runs(model, gained, starts, alphas=(0.1, 0.3), method="scrub"):
    """A table of two seeds whose accuracies rise by `gained`, from `starts` at these alphas."""
    rows = []
    for seed in (0, 1):
        for alpha, start in zip(alphas, starts):
            row = {"dataset": "digits", "model": model, "corruption": "label_flipping"}
            row |= {
                "alpha": alpha,
                "seed": seed,
                "told": KNOWN,
                "share": 1.0,
                "method": method,
                "attack_success": np.nan,
            }
            end = start + gained + 0.01 * seed
            rows.append(row | {"val_accuracy": end, "begun_val_accuracy": start})
    return pd.DataFrame(rows)


def contrasts(tmp_path, *tables, within=0.05):
    path = tmp_path / "known.csv"
    pd.concat(tables).to_csv(path, index=False)
    table = tabulate(
        [path], quantum=["qnn"], classical=["mlp"], within=within, confidence=0.95, resamples=50
    )["amenability"]
    return table.set_index(["method", "matching"]).sort_index()


def test_models_are_compared_where_they_start_equally_well(tmp_path):
    found = contrasts(tmp_path, runs("qnn", 0.1, (0.95, 0.9)), runs("mlp", 0.04, (0.9, 0.7)))
    one = found.loc[[("scrub", "start")]].iloc[0]
    assert (one["alpha"], one["rival_alpha"]) == (0.3, 0.1)
    assert one["contrast"] == pytest.approx(0.06)
    assert one["begun"] == one["rival_begun"] == pytest.approx(0.9)
    assert found.loc[[("all", "start")]].iloc[0]["contrast"] == pytest.approx(0.06)


def test_models_that_gain_alike_have_no_contrast(tmp_path):
    found = contrasts(tmp_path, runs("qnn", 0.1, (0.8, 0.7)), runs("mlp", 0.1, (0.8, 0.7)))
    assert found["contrast"].abs().max() == pytest.approx(0, abs=1e-12)


def test_what_has_no_equal_start_has_no_number(tmp_path):
    found = contrasts(tmp_path, runs("qnn", 0.1, (0.95, 0.9)), runs("mlp", 0.1, (0.6, 0.5)))
    assert found.loc[("scrub", "start"), "contrast"].isna().all()
    assert found.loc[("scrub", "start"), "compared"].eq(0).all()
    assert found.loc[("scrub", "alpha"), "contrast"].notna().all()


def test_of_equally_close_starts_the_most_corrupted_counts():
    begun = np.array([[0.9, 0.8], [0.9, 0.8]])
    assert Pair(np.array([0.1, 0.3]), (begun, begun), (begun, begun)).matched(0.05) == (1, 1)


def test_the_claim_is_the_contrast_with_the_rival_that_comes_closest():
    tables = [
        runs("qnn", 0.1, (0.95, 0.9)).assign(quantum=True),
        runs("mlp", 0.04, (0.9, 0.7)).assign(quantum=False),
        runs("logistic", 0.07, (0.9, 0.7)).assign(quantum=False),
    ]
    claim, criterion = CLAIMS["qnn_regains_more"], {"tolerance": 0.05, "above": 0.05}
    samples, statistic = claim.measure(pd.concat(tables), "qnn", criterion)
    assert samples.shape == (2, 2) and statistic(samples) == pytest.approx(0.03)
    [null] = claim.nulls
    nothing = null.instead(pd.concat(tables))
    assert statistic(claim.measure(nothing, "qnn", criterion)[0]) == pytest.approx(0)
    apart = [tables[0], runs("mlp", 0.1, (0.6, 0.5)).assign(quantum=False)]
    with pytest.raises(Missing, match="start equally well"):
        claim.measure(pd.concat(apart), "qnn", criterion)


# -- what is refused -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"known": [0.0]}, "known"),
        ({"known": [0.001, 1.0]}, "none of them"),
        ({"innocent": [20.0]}, "that are innocent"),
        ({"models": ["knn", "qnn"], "methods": ["newton"]}, "cannot follow"),
        ({"methods": ["retrainn"]}, "retrainn"),
        ({"corruptions": ["pixel_patch~size=9"]}, "corruptions: pixel_patch~size=9"),
    ],
)
def test_a_study_that_cannot_be_is_refused_in_words(options, words):
    found = said_of("known", **changed(options))
    assert any(words in line for line in found), found


def changed(options):
    beyond = configuration()["beyond"]
    beyond["known"] = beyond["known"] | options
    return {"beyond": beyond}


def test_a_contrast_takes_a_quantum_and_a_classical_model():
    found = said_of("amenability", **changed({"models": ["mlp"]}))
    assert any("no quantum and no classical" in line for line in found), found
    found = said_of("amenability", **changed({"corruptions": ["pixel_patch"]}))
    assert any("backdoors only" in line for line in found), found
