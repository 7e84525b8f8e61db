"""Has a model forgotten? The attacks' and distances' definitions, what retrains and memorising
models must give, and the figure's table."""

import jax
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import binom, kstest
from sklearn.metrics import roc_auc_score

from project import configuration, plan, planned, snakemake
from qunlearn.config.check import ask
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.experiment.unlearn import unlearn
from qunlearn.parts.registry import find
from qunlearn.plots.looks import Looks
from qunlearn.runtime.errors import UserError
from qunlearn.studies.membership import figure, measures
from qunlearn.studies.membership.audit import audit, audit_sets, retrains
from qunlearn.studies.membership.stored import write_audit
from qunlearn.studies.membership.table import tabulate
from qunlearn.training.schedule import Schedule

pytestmark = pytest.mark.usefixtures("compiled_quickly")

MLP = {"family": "mlp", "hidden": [16]}
CELLS = [Cell(0.3, 0), Cell(0.3, 1)]
LONG, SHORT = Schedule(20, 32, 0.01), Schedule(10, 0, 0.02)


# -- definitions -----------------------------------------------------------------------------------
@settings(deadline=None)
@given(
    st.lists(st.integers(-3, 3), min_size=1, max_size=20),
    st.lists(st.integers(-3, 3), min_size=1, max_size=20),
)  # few values: many ties
def test_auc_is_that_of_scikit_learn_also_with_ties(members, others):
    labels = [1] * len(members) + [0] * len(others)
    assert measures.auc(np.array(members), np.array(others)) == pytest.approx(
        roc_auc_score(labels, members + others)
    )


def test_auc_of_what_is_not_a_number_is_not_a_number():
    assert np.isnan(measures.auc(np.array([0.1, np.nan]), np.array([0.2])))


def test_scores_are_log_odds_of_the_label(rng):
    logits, labels = rng.normal(size=8), np.array([0, 1] * 4)
    p = np.where(labels == 1, expit(logits), 1 - expit(logits))
    np.testing.assert_allclose(measures.scores(logits, labels), np.log(p / (1 - p)))
    loss = -np.log(p)
    np.testing.assert_allclose(np.logaddexp(0, -measures.scores(logits, labels)), loss)


def test_z_scores_by_hand():
    retrained = np.array([[0.0, 5.0], [2.0, 5.0]])
    found = measures.z_scores(np.array([3.0, 5.0]), retrained)
    assert (
        found[0] == pytest.approx(2 / np.sqrt(2)) and found[1] == 0
    )  # equal retrains: no deviation, no division by 0
    assert measures.z_scores(np.array([3.0, 5.1]), retrained)[1] > 1e4


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.floats(-30, 30)] * 3), min_size=1, max_size=9))
def test_the_distance_is_a_metric_between_outputs(triples):
    a, b, c = np.array(triples).T
    d = measures.total_variation
    assert d(a, a) == 0 and d(a, b) == d(b, a)
    assert d(a, c) <= d(a, b) + d(b, c) + 1e-12
    assert 0 <= d(a, b) <= 1


def test_the_distance_is_half_the_l1_distance_between_the_two_outcomes():
    p, q = expit(np.array([2.0, -1.0])), expit(np.array([0.5, 3.0]))
    both = np.abs(p - q) + np.abs((1 - p) - (1 - q))
    assert measures.total_variation(np.array([2.0, -1.0]), np.array([0.5, 3.0])) == pytest.approx(
        np.mean(both) / 2
    )
    assert measures.total_variation(np.array([700.0]), np.array([-700.0])) == pytest.approx(1)


def test_the_range_leaves_equal_tails_and_39_is_the_least():
    assert measures.reference_range(np.arange(39.0)[::-1]) == (0, 38)
    assert measures.reference_range(np.arange(79.0)) == (1, 77)
    with pytest.raises(ValueError, match="38 retrains are too few"):
        measures.reference_range(np.arange(38.0))


def test_quantiles_count_ties_half():
    values = np.array([1.0, 2.0, 2.0, 3.0])
    assert [measures.quantile(v, values) for v in (0, 2, 9)] == [0, 0.5, 1]
    assert np.isnan(measures.quantile(np.nan, values))


# -- known limits ----------------------------------------------------------------------------------
LABELS = {
    "forget": np.tile([0, 1], 20),
    "fresh": np.tile([0, 1], 25),
    "validation": np.tile([0, 1], 30),
}


def simulated(rng, models):
    """Logits of exchangeable models: sample means that all share, a shift that a model's samples
    share, own noise."""
    shift = rng.normal(size=(models, 1))
    return {
        name: rng.normal(size=len(labels)) + 0.5 * shift + rng.normal(size=(models, len(labels)))
        for name, labels in LABELS.items()
    }


def test_a_further_retrain_has_uniform_quantiles_and_lies_in_the_range_as_often_as_it_says():
    rng = np.random.default_rng(3)
    trials, quantiles, within = (
        80,
        {name: [] for name in measures.MEASURES},
        {n: 0 for n in measures.MEASURES},
    )
    for _ in range(trials):
        drawn = simulated(rng, 40)
        model = {name: values[0] for name, values in drawn.items()}
        others = {name: values[1:] for name, values in drawn.items()}
        references = measures.reference(others, LABELS)
        for name, value in measures.measures(model, others, LABELS).items():
            low, high = measures.reference_range(references[name])
            quantiles[name].append(measures.quantile(value, references[name]))
            within[name] += low <= value <= high
    for name in measures.MEASURES:
        assert kstest(quantiles[name], "uniform").pvalue > 1e-3, name
        assert binom.cdf(within[name], trials, measures.COVERAGE) > 1e-3, name
        assert binom.sf(within[name] - 1, trials, measures.COVERAGE) > 1e-3, name


def test_who_remembers_every_poisoned_label_is_found_out():
    """Poisoned labels of the forget set, clean ones elsewhere: all that a model can remember."""
    rng = np.random.default_rng(5)
    others = simulated(rng, 39)
    signs = {name: 2.0 * labels - 1 for name, labels in LABELS.items()}
    model = {
        "forget": 3 * signs["forget"],
        "fresh": -3 * signs["fresh"],
        "validation": 3 * signs["validation"],
    }
    found = measures.measures(model, others, LABELS)
    assert found["auc_loss"] == 1 and found["auc_likelihood_ratio"] > 0.95
    assert found["auc_confidence"] == 0.5  # as sure of both: all tied
    assert found["z_score"] > 1
    driven = measures.measures({**model, "forget": -9 * signs["forget"]}, others, LABELS)
    assert (
        driven["auc_loss"] == 0 and driven["z_score"] < -1
    )  # driven away from the labels more than from others


# -- models ----------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def audited(digits):
    """(problem, audit) of overtrained poisoned MLPs and of what unlearning makes of them."""
    jax.config.update("jax_enable_x64", True)
    problem = Problem(digits, "mlp", MLP, "label_flipping", [0, 1])
    poisoned = train(problem, CELLS, Schedule(200, 32, 0.01))
    models = {"poisoned": (poisoned.params, poisoned.state)}
    for method in ("retrain", "finetune"):
        done = unlearn(problem, CELLS, models["poisoned"], find("method", method)(), SHORT)
        models[method] = done.params, done.state
    return (
        problem,
        models,
        audit(problem, CELLS, models, 39, {"training": LONG, "unlearning": SHORT}),
    )


def table_of(audited, tmp_path):
    _, models, found = audited
    path = tmp_path / "audit/digits/mlp/label_flipping/alpha0.30/seed0-1.h5"
    content = {
        **found,
        "failed": {**found["failed"], "models": {name: np.zeros(2, bool) for name in models}},
    }
    write_audit(path, CELLS, content, {}, "cpu")
    return table_in(path), content, path


def table_in(path, seeds=(0, 1)):
    return tabulate(audits=[str(path)], seeds=list(seeds), margin=0.05)["membership"]


def test_a_memorising_network_is_told_from_retrains_and_a_retrain_is_not(audited, tmp_path):
    table, _, _ = table_of(audited, tmp_path)
    value = table.set_index(["method", "measure", "reference"])["value"]
    # short of 1: what is remembered of the poison also spreads to samples nearby
    assert np.all(value["poisoned", "auc_loss", "training"] > 0.75)
    inside = table.groupby(["method", "measure", "reference"])["within"].sum()
    for measure in (
        "auc_loss",
        "auc_likelihood_ratio",
        "z_score",
        "distance_forget",
        "distance_validation",
    ):
        assert inside["poisoned", measure, "training"] == 0
    same = table[(table.method == "retrain") & (table.reference == "unlearning")]
    assert same["within"].mean() > 0.7  # two draws of six dependent measures, each within at 95 %
    assert not table["collapsed"].any() and not table["collapsed_retrains"].any()


def test_the_attack_is_on_samples_never_trained_on_and_flipped_alike(audited):
    problem, _, found = audited
    for i, cell in enumerate(CELLS):
        sets = audit_sets(problem, cell)
        samples = problem.samples(cell)
        np.testing.assert_array_equal(sets["forget"][1], np.flatnonzero(samples.forget))
        np.testing.assert_array_equal(
            sets["forget"][2], 1 - problem.dataset.y_train[samples.forget]
        )
        pool, rows, labels = sets["fresh"]
        assert pool is problem.pools["validation"] and len(set(rows)) == len(rows)
        np.testing.assert_array_equal(labels, 1 - problem.dataset.y_validation[rows])
        assert labels.mean() == 0.5
        np.testing.assert_array_equal(
            found["labels"]["validation"][i], problem.dataset.y_validation
        )


def test_logits_are_those_of_the_named_model_and_cell(audited):
    problem, models, found = audited
    for name, (params, state) in models.items():
        for i, cell in enumerate(CELLS):
            one = jax.tree.map(lambda a: a[i], (params, state))  # noqa: B023
            for part, (pool, rows, _) in audit_sets(problem, cell).items():
                expected, _ = problem.model.logits(*one, np.asarray(pool), rows)
                np.testing.assert_allclose(found["models"][name][part][i], expected, atol=1e-9)


def test_randomised_features_of_fresh_samples_are_no_forgotten_ones(digits):
    problem = Problem(digits, "mlp", MLP, "feature_randomization", [0])
    sets = audit_sets(problem, Cell(0.3, 0))
    (pool, rows, _), (fresh, chosen, labels) = sets["forget"], sets["fresh"]
    overlap = np.abs(pool[rows] @ fresh[chosen].T)
    assert overlap.max() < 0.9  # unit vectors in 64 dimensions, drawn apart
    np.testing.assert_array_equal(labels, digits.y_validation[chosen])


def test_retrains_differ_and_do_not_depend_on_grouping(digits):
    both = Problem(digits, "mlp", MLP, "label_flipping", [0, 1])
    alone = Problem(digits, "mlp", MLP, "label_flipping", [1])
    schedule = Schedule(3, 32, 0.01)
    together = retrains(both, CELLS, 3, schedule).params["w1"].reshape(3, 2, -1)
    one = retrains(alone, CELLS[1:], 2, schedule).params["w1"].reshape(2, -1)
    np.testing.assert_allclose(together[:2, 1], one, atol=1e-6)
    flat = together.reshape(6, -1)
    assert min(np.abs(flat[i] - flat[j]).max() for i in range(6) for j in range(i)) > 1e-2


# -- table and figure ------------------------------------------------------------------------------
def test_the_table_flags_failures_and_counts_retrains_at_chance(audited, tmp_path):
    _, content, path = table_of(audited, tmp_path)
    content["failed"]["models"]["finetune"][1] = True
    content["failed"]["retrains"]["training"][0, 3] = True
    content["retrains"]["training"]["validation"][0, 7] = 1.0  # answers one class for all
    write_audit(path, CELLS, content, {}, "cpu")
    table = table_in(path)
    assert len(table) == 3 * 2 * 2 * len(measures.MEASURES)
    assert set(table[table.collapsed][["method", "seed"]].itertuples(index=False, name=None)) == {
        ("finetune", 1)
    }
    counts = table.groupby(["seed", "reference"])["collapsed_retrains"].first()
    assert counts.to_dict() == {
        (0, "training"): 2,
        (0, "unlearning"): 0,
        (1, "training"): 0,
        (1, "unlearning"): 0,
    }
    assert np.all(
        table["within"] == ((table["low"] <= table["value"]) & (table["value"] <= table["high"]))
    )
    assert set(table_in(path, [1])["seed"]) == {1}
    drawn = figure.draw(
        membership=table,
        cases=[("digits", "mlp", "label_flipping", 0.3)],
        methods=["retrain", "finetune"],
        schedules=["training", "unlearning"],
        looks=Looks(**plan().looks()),
    )
    (part,) = drawn.subfigs
    words = part.get_suptitle()
    assert "1 of 6 runs collapsed" in words and "2 of 156 retrains collapsed" in words
    shown = [
        int(text.get_text()) for text in part.subfigs[1].axes[0].texts if text.get_text().isdigit()
    ]
    assert sum(shown) == table["within"].sum() and len(shown) == 3 * 2 * len(measures.MEASURES)
    plt.close(drawn)


def test_all_that_the_study_unlearns_is_audited_or_some_models():
    for models in ([], ["qnn"]):
        beyond = configuration()["beyond"]
        beyond["membership"]["models"] = models
        here = plan(beyond=beyond)
        audits = here.study("membership").needs(here)["audits"]
        assert "results/audit/xxz/qnn/label_flipping/alpha0.30/seed0-4.h5" in audits
        assert len(audits) == len(here.grid.unlearning_cases(models=models))


def test_a_model_that_no_method_can_be_used_on_is_refused_by_name():
    beyond = configuration()["beyond"]
    beyond["membership"]["models"] = ["knn"]
    with pytest.raises(UserError, match=r"beyond\.membership\.models: \S+ is fitted in one call"):
        ask(plan(beyond=beyond), ["membership"])


def test_retrains_are_of_both_kinds():
    here = plan()
    study = here.study("membership")
    schedules = study.retrain_schedules(here, "digits", "mlp")
    assert schedules["training"] == here.training_schedule("digits", "mlp")
    assert schedules["unlearning"] == here.unlearning_schedule("digits", "mlp")


@pytest.mark.workflow
def test_the_figure_of_a_reduced_study(study):
    (study / "audit.yaml").write_text(
        yaml.safe_dump({"beyond": {"figures": ["membership"], "membership": {"models": []}}})
    )
    files = ["--configfile", "tiny.yaml", "audit.yaml"]
    assert planned(study, "beyond", *files) == {
        "audit_models": 2, "tabulate_membership": 1, "draw_membership": 1, "beyond": 1,
    }  # fmt: skip
    snakemake(study, "beyond", *files)
    table = pd.read_csv(study / "results/tables/membership.csv")
    assert set(table["method"]) == {"poisoned", "finetune", "scrub"} and set(table["retrains"]) == {
        39
    }
    assert len(table) == 2 * 3 * 2 * 2 * len(measures.MEASURES)
    assert (study / "results/figs/figX_membership.png").stat().st_size > 10_000
    assert planned(study, "beyond", *files) == {}
