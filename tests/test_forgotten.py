"""Fig. X "forgotten": every measure by hand, copies that share a forget set, and what retrained and poisoned models
must give."""

import jax
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import ks_2samp

from project import QNN, configuration, plan, planned, snakemake
from qunlearn.config.check import ask, check
from qunlearn.config.plan import Plan
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.parts.registry import find
from qunlearn.runtime.errors import UserError
from qunlearn.studies.forgotten import copies as made
from qunlearn.studies.forgotten import figure, measures, noise
from qunlearn.studies.forgotten.comparison import compare
from qunlearn.studies.forgotten.stored import write_comparison
from qunlearn.studies.forgotten.table import tabulate
from qunlearn.training.schedule import Schedule
from unlearned import LOOKS, MLP

pytestmark = pytest.mark.usefixtures("compiled_quickly")

NETWORK = {"family": "mlp", "hidden": [32]}  # wide enough to learn wrong labels by heart
TRAINING, UNLEARNING = Schedule(100, 64, 0.03), Schedule(5, 0, 0.02)
METHODS = {"retrain": find("method", "retrain")(), "finetune": find("method", "finetune")()}
SCHEDULES = made.Schedules(TRAINING, TRAINING, dict.fromkeys(METHODS, UNLEARNING))


# -- definitions -----------------------------------------------------------------------------------
def test_the_scale_is_0_at_retrained_and_1_at_poisoned_whichever_is_larger():
    assert measures.on_scale(2.0, 2.0, 5.0) == 0 and measures.on_scale(5.0, 2.0, 5.0) == 1
    assert measures.on_scale(0.9, 0.8, 0.4) == pytest.approx(-0.25)  # closer than retrained ones
    assert np.isnan(measures.on_scale(1.0, 3.0, 3.0))


def test_kinds_are_told_apart_where_their_values_are():
    assert measures.told(np.arange(6.0), np.arange(6.0) + 10)
    assert measures.told(np.zeros(6), np.ones(6))  # also with ties
    assert not measures.told(np.arange(8.0), np.arange(8.0) + 0.5)
    assert not measures.told(np.zeros(8), np.zeros(8))
    assert not measures.told(np.arange(8.0), np.array([np.nan] * 8))


def test_updates_are_counted_until_the_level_is_first_reached():
    accuracies = np.array([[0.2, 0.6, 0.5, 0.9], [0.7, 0.1, 0.1, 0.1], [0.1, 0.2, 0.3, 0.4]])
    levels = np.array([0.55, 0.5, 0.5])
    assert measures.updates_until(accuracies, levels).tolist() == [1, 0, 4]


def test_agreement_and_distance_by_hand():
    model, others = np.array([1.0, -1.0]), np.array([[2.0, -3.0], [-1.0, -1.0]])
    assert measures.agreement(model, others) == 0.75
    p, q = 1 / (1 + np.exp(-model)), 1 / (1 + np.exp(-others))
    assert measures.distance(model, others) == pytest.approx(np.abs(p - q).mean())


def test_a_model_is_held_against_those_that_began_elsewhere():
    references = np.diag([1.0, 2.0, 3.0])
    found = measures.against_others(lambda model, others: others.sum(), references, references)
    assert found.tolist() == [5, 4, 3]


def test_p_values_are_those_of_scipy_and_large_for_equal_distributions(rng):
    losses, others = rng.normal(size=40), rng.normal(size=(3, 40)) + 0.5
    expected = [np.log10(ks_2samp(losses, other).pvalue) for other in others]
    assert measures.log10_p(losses, others) == pytest.approx(np.median(expected))
    assert measures.log10_p(losses, losses[None, ::-1]) == 0  # p = 1
    assert measures.log10_p(losses, losses[None] + 100) < -20
    assert np.isnan(measures.log10_p(np.array([np.nan, 1.0]), np.zeros((1, 2))))


def test_epsilon_by_hand():
    """One error on either side among four models: ln((1 - delta - 1/4) / (1/4)), about ln 3."""
    low, high = np.array([0.0, 1, 2, 5]), np.array([4.0, 6, 7, 8])
    expected = np.log((1 - measures.DELTA - 0.25) / 0.25)
    assert measures.epsilons(low[:, None], high[:, None]) == pytest.approx(expected)
    assert measures.epsilons(high[:, None], low[:, None]) == pytest.approx(expected)
    assert measures.largest_epsilon(4) == pytest.approx(expected)


def test_epsilon_of_what_is_told_without_error_is_the_largest_that_so_many_models_show():
    apart = np.arange(8.0)[:, None]
    assert measures.epsilons(apart, apart + 10) == measures.largest_epsilon(8)
    inside = np.concatenate([np.full(8, 0.5)])[:, None] + 1e-3 * apart  # an interval tells them
    around = np.array([-9.0, -8, -7, -6, 6, 7, 8, 9])[:, None]
    assert measures.epsilons(inside, around) == measures.largest_epsilon(8)


def test_epsilon_of_equal_models_is_small_and_of_what_is_not_a_number_none(rng):
    same = rng.normal(size=(100, 2))
    assert np.all(measures.epsilons(same, same[::-1]) < 1e-3)
    drawn = measures.epsilons(same, rng.normal(size=(100, 2)))
    assert np.all(drawn < measures.largest_epsilon(100) / 2)
    assert np.isnan(measures.epsilons(np.full((4, 1), np.nan), same[:4, :1]))


def test_distances_of_parameters_are_0_at_the_reference_and_1_at_the_poisoned_model(rng):
    reference, poisoned = rng.normal(size=(2, 3, 7))
    assert measures.relative_distance(reference, reference, poisoned).tolist() == [0, 0, 0]
    np.testing.assert_allclose(measures.relative_distance(poisoned, reference, poisoned), 1)
    half = (reference + poisoned) / 2
    np.testing.assert_allclose(measures.relative_distance(half, reference, poisoned), 0.5)
    assert np.isnan(measures.relative_distance(half, reference, reference)).all()


# -- circuits --------------------------------------------------------------------------------------
@pytest.mark.parametrize("changes", [{}, {"free_scale": True}, {"depolarizing": 0.1}])
def test_the_logit_is_the_expectation_value_of_the_observable(changes, digits):
    problem = Problem(digits, "qnn", QNN | changes, "label_flipping", [0])
    model = problem.model
    params, state = jax.tree.map(lambda leaf: leaf[0], problem.initial([0]))
    pool = problem.pools["validation"]
    coefficients = np.asarray(model.observable(params))
    assert len(coefficients) == 4**2  # two layers on a chain
    logits, _ = model.logits(params, state, pool)
    np.testing.assert_allclose(pool @ coefficients[model.columns], logits, atol=1e-6)


def test_angles_that_are_the_same_gates_are_the_same_observable(digits):
    problem = Problem(digits, "qnn", QNN, "label_flipping", [0])
    params, _ = problem.initial([0, 1])
    turned = {"theta": params["theta"] + 2 * np.pi}
    before, after = (made.observables(problem, some) for some in (params, turned))
    np.testing.assert_allclose(before, after, atol=1e-6)
    assert np.linalg.norm(made.vectors(turned) - made.vectors(params), axis=1).min() > 10


def test_networks_read_no_observable(digits):
    problem = Problem(digits, "mlp", MLP, "label_flipping", [0])
    params, _ = problem.initial([0, 1])
    assert made.observables(problem, params) is None
    expected = [
        np.concatenate([leaf[i].ravel() for leaf in jax.tree.leaves(params)]) for i in (0, 1)
    ]
    np.testing.assert_allclose(made.vectors(params), expected)


# -- copies ----------------------------------------------------------------------------------------
def shared(digits, seeds=(0, 3), count=2, corruption="label_flipping"):
    return made.SharedPoison(digits, "mlp", NETWORK, corruption, list(seeds), copies=count)


def test_copies_share_the_poison_of_one_seed_and_nothing_else(digits):
    problem = shared(digits)
    cells = problem.copies(0.3)
    assert [cell.seed % made.APART for cell in cells] == [0, 0, 3, 3]
    forget = [problem.samples(cell).forget for cell in cells]
    np.testing.assert_array_equal(forget[0], forget[1])
    assert not np.array_equal(forget[1], forget[2])
    start = problem.initial([cell.seed for cell in cells])[0]["w1"]
    orders = [rng.permutation(50) for rng in problem.order_generators(cells, "train")]
    for i in range(4):
        for j in range(i):
            assert not np.array_equal(start[i], start[j])
            assert not np.array_equal(orders[i], orders[j])


@pytest.fixture(scope="module")
def compared(digits):
    """(problem, comparison) of six copies of two forget sets."""
    jax.config.update("jax_enable_x64", True)
    problem = shared(digits, (0, 1), 6)
    return problem, compare(problem, 0.3, METHODS, SCHEDULES, (UNLEARNING, 30))


def test_the_first_copy_is_the_model_of_the_study(compared, digits):
    problem = Problem(digits, "mlp", NETWORK, "label_flipping", [1])
    done = train(problem, [Cell(0.3, 1)], TRAINING)
    (params, state) = jax.tree.map(lambda leaf: leaf[0], (done.params, done.state))
    own, _ = problem.model.logits(params, state, problem.pools["validation"])
    found = compared[1]["logits"][measures.POISONED]["validation"]
    np.testing.assert_allclose(found[1, 0], own, atol=1e-6)
    assert np.abs(found[1, 1] - own).max() > 0.1


def test_what_is_compared_is_what_it_must_be(compared):
    _, found = compared
    np.testing.assert_allclose(found["parameters"][measures.POISONED], 1)
    assert np.all(found["relearning"][measures.POISONED] == 0)  # it fits them as well as it does
    assert np.all(found["relearning"][measures.RETRAINED] > 0)
    assert np.all(found["parameters"][measures.RETRAINED] > 0)
    assert set(found["logits"]) == {"poisoned", "retrained", "reference", "retrain", "finetune"}
    assert found["logits"]["finetune"]["validation"].shape[:2] == (2, 6)
    assert "observable" not in found and "noise" not in found
    assert not any(failed.any() for failed in found["failed"].values())


def test_retrained_models_fit_the_retain_set_and_not_the_poison(compared):
    problem, found = compared
    labels = found["labels"][:, None]
    fits = {name: np.mean((one["forget"] > 0) == labels) for name, one in found["logits"].items()}
    assert fits["poisoned"] > 0.6 and max(fits["retrained"], fits["reference"]) < 0.3
    samples = problem.samples(Cell(0.3, 0))
    truth = samples.labels[~samples.forget]
    assert np.mean((found["logits"]["retrained"]["retain"][0] > 0) == truth) > 0.95


# -- noise -----------------------------------------------------------------------------------------
def test_standard_deviations_by_hand():
    own, fresh = np.array([[3.0, 1.0]]), np.array([[[0.0, 1.0], [2.0, 1.0]]])
    found = noise.standardised(own, fresh)
    assert found[0, 0] == pytest.approx(2 / np.sqrt(2)) and found[0, 1] == 0


def test_noise_is_found_in_a_model_that_points_along_it_and_in_no_other(digits, rng):
    """A logistic regression whose weights are the sum of all noise that it was trained with, signed, less what all
    noise has in common; and one with random weights."""
    logistic = {"family": "mlp", "hidden": []}
    problem = Problem(digits, "mlp", logistic, "feature_noise~sigma=0.5", [0])
    cell = Cell(0.3, 0)
    clean, directions = noise.directions(problem, cell, 0.0)
    samples = problem.samples(cell)
    np.testing.assert_array_equal(clean, digits.x_train[samples.forget])
    pool = problem.raw_samples("train")[samples.rows[samples.forget]]
    np.testing.assert_allclose(clean + directions[0], pool)  # what it was trained on
    signs = 2 * samples.labels[samples.forget] - 1
    own = directions[0] - directions[1:].mean(axis=0)
    weights = np.stack([signs @ own, rng.normal(size=clean.shape[1])])
    params = {"w1": weights[:, problem.model.columns, None], "b1": np.zeros((2, 1))}
    found = noise.noise_scores(problem, cell, (params, {}), 0.0)
    assert found[0] > 6 / np.sqrt(len(clean)) and abs(found[1]) < 4 / np.sqrt(len(clean))


# -- table and figure ------------------------------------------------------------------------------
@pytest.fixture
def table(compared, tmp_path):
    path = tmp_path / "forgotten/digits/mlp/label_flipping/alpha0.30/seed0-1.h5"
    found = compared[1] | {"failed": dict(compared[1]["failed"])}
    broken = found["failed"]["finetune"].copy()
    broken[1, 2] = True
    found["failed"]["finetune"] = broken
    write_comparison(path, 0.3, [0, 1], found, {}, "cpu")
    return tabulate(comparisons=[str(path)], seeds=[0, 1], updates=30)["forgotten"]


def test_every_measure_lies_between_its_anchors(table):
    assert set(table["method"]) == {"retrain", "finetune"} and len(table) == 2 * 2 * 10
    told = table[table["told"]]
    assert {"relearning", "distance_forget", "log10_p", "agreement_forget"} <= set(told["measure"])
    scaled = (told["value"] - told["retrained"]) / (told["poisoned"] - told["retrained"])
    np.testing.assert_allclose(told["scaled"], scaled)
    by_sign = table.set_index("measure").groupby("measure")[["retrained", "poisoned"]].mean()
    assert np.all(by_sign.filter(like="agreement", axis=0).eval("poisoned < retrained"))
    assert np.all(by_sign.filter(like="distance", axis=0).eval("poisoned > retrained"))
    assert by_sign.loc["log10_p"].between(-60, 0).all()
    lost = table[table["collapsed"]]
    assert set(zip(lost["method"], lost["seed"])) == {("finetune", 1)}
    assert set(lost["failed"]) == {1} and set(table["copies"]) == {6}


def test_the_figure_writes_the_scale_of_every_cell(table):
    drawn = figure.draw(
        forgotten=table, cases=[("digits", "mlp", "label_flipping", 0.3)],
        methods=["retrain", "finetune"], looks=LOOKS,
    )  # fmt: skip
    (part,) = drawn.subfigs
    assert "1 of 4 runs hold failed models" in part.get_suptitle()
    (axis,) = [one for one in part.axes if one.get_visible()]
    assert len(axis.texts) == 10 * 4 + 1  # measures, columns, and the letter
    place = {text.get_position(): text.get_text() for text in axis.texts}
    means = table[table["measure"] == "distance_forget"].groupby("method")[
        ["value", "retrained", "poisoned"]
    ]
    expected = figure.written(measures.on_scale(*means.mean().loc["finetune"]))
    assert place[3, [*figure.MEASURES].index("distance_forget")] == expected
    plt.close(drawn)


@pytest.mark.parametrize(
    ("place", "words"), [(0.0, "0"), (-0.004, "0"), (0.254, "0.25"), (-1.26, "−1.3"), (31.2, "31")]
)
def test_places_are_written_in_little_space(place, words):
    assert figure.written(place) == words


# -- plans -----------------------------------------------------------------------------------------
def test_all_that_the_study_unlearns_is_compared_where_no_models_are_named():
    beyond = configuration()["beyond"]
    beyond["forgotten"]["models"] = []
    here = plan(beyond=beyond)
    study = here.study("forgotten")
    files = study.needs(here)["comparisons"]
    assert "results/forgotten/xxz/qnn/label_flipping/alpha0.30/seed0-2.h5" in files
    assert len(files) == len(here.grid.unlearning_cases())
    assert list(study.told(here, "digits", "mlp")) == here.config["methods"]
    ask(here, ["forgotten"])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"copies": 5}, r"forgotten\.copies: 5 is too small"),
        ({"methods": ["retrian"]}, r"methods\[0\]: no method 'retrian'"),
        ({"methods": ["finetune_last~layers=9"]}, "methods: layers: .* last 9 layers"),
        ({"models": ["mlpp"]}, r"models\[0\]: no architecture 'mlpp'"),
        ({"corruptions": ["pixel_patch"]}, "corruptions: pixel_patch: .*xxz"),
        ({"relearning_updates": 0}, "relearning_updates: 0 is too small"),
    ],
)
def test_what_cannot_be_compared_is_said(values, words):
    config = configuration()
    config["beyond"]["forgotten"] |= values
    with pytest.raises(UserError, match=words):
        ask(Plan(check(config)), ["forgotten"])


@pytest.mark.workflow
def test_the_figure_of_a_reduced_study(study):
    small = {"copies": 6, "seeds": 1, "relearning_updates": 5}
    beyond = {"figures": ["forgotten"], "forgotten": small}
    (study / "forgotten.yaml").write_text(yaml.safe_dump({"beyond": beyond}))
    files = ["--configfile", "tiny.yaml", "forgotten.yaml"]
    assert planned(study, "beyond", *files) == {
        "compare_models": 2, "tabulate_forgotten": 1, "draw_forgotten": 1, "beyond": 1,
    }  # fmt: skip
    snakemake(study, "beyond", *files)
    table = pd.read_csv(study / "results/tables/forgotten.csv")
    assert set(table["method"]) == {"finetune", "scrub"}
    assert "observable" in set(table[table["model"] == "qnn"]["measure"])
    assert (study / "results/figs/figX_forgotten.png").stat().st_size > 10_000
    assert planned(study, "beyond", *files) == {}
