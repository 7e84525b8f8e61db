"""What the landscape roughening ratio measures: against training time, loss, and resilience."""

import jax
import numpy as np
import pandas as pd
import pytest
import yaml

from project import QNN, configuration, plan, said_of, snakemake
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.results.hdf5 import write
from qunlearn.statistics.roughening import matched
from qunlearn.statistics.runs import Missing, cells
from qunlearn.studies.roughening import claims
from qunlearn.studies.roughening.analysis import analyse
from qunlearn.studies.roughening.table import SETS, tabulate


def options(**changes):
    beyond = configuration()["beyond"]
    return beyond | {"roughening": beyond["roughening"] | changes}


# -- the same training loss ------------------------------------------------------------------------
def test_a_trace_that_follows_from_the_loss_has_ratio_one_at_the_same_loss():
    """Tr H = 5 L^2 whether clean or poisoned: the poisoned model is only less far."""
    losses = np.array([0.5, 0.1, 0.01, 0.6, 0.3, 0.05])
    alphas = np.array([0.0, 0.0, 0.0, 0.3, 0.3, 0.3])
    found = matched(alphas, losses, 5 * losses**2)
    np.testing.assert_allclose(found, [np.nan, np.nan, np.nan, np.nan, 1, 1])
    found = matched(alphas, losses, np.where(alphas > 0, 15, 5) * losses**2)
    np.testing.assert_allclose(found[4:], [3, 3])


def test_runs_without_a_match_have_no_ratio():
    alphas, losses = np.array([0.0, 0.0, 0.3]), np.array([0.1, np.nan, 0.1])
    assert np.isnan(matched(alphas, losses, np.ones(3))).all()
    losses = np.array([0.1, 0.2, 0.15])
    assert np.isnan(matched(alphas, losses, np.array([1.0, 1.0, -1.0]))).all()


# -- what decides its claims -----------------------------------------------------------------------
def frame(**columns):
    """Two seeds; models with quantum ones first, LRRs and falls as given."""
    rows = []
    for seed in (0, 1):
        for name, (quantum, ratio, fall) in columns.items():
            for alpha in (0.0, 0.3):
                run = {"model": name, "architecture": name, "quantum": quantum, "kind": "mlp"}
                run |= {"epochs": np.nan, "corruption": "label_flipping", "seed": seed}
                run |= {"alpha": alpha, "lrr_own": ratio if alpha else 1.0}
                rows.append(run | {"fall": fall * (1 + 0.1 * seed) if alpha else 0.0})
    return pd.DataFrame(rows)


def test_two_clusters_are_ordered_by_anything_that_tells_them_apart():
    """The order of all models, and the order within kinds, which is the other way round."""
    table = frame(
        a=(True, 0.5, 0.03),
        b=(True, 0.6, 0.02),
        c=(True, 0.7, 0.01),
        d=(False, 10, 0.3),
        e=(False, 20, 0.2),
        f=(False, 30, 0.1),
    )
    samples, statistic = claims.order(table, "all", {})
    assert samples.shape == (2, 6, 2)
    assert statistic(samples) == pytest.approx(19 / 35)
    samples, statistic = claims.order_within_kinds(table, "all", {})
    assert statistic(samples) == pytest.approx(-1)
    with pytest.raises(Missing, match="fewer than 3 models"):
        claims.order_within_kinds(table[table["model"] != "a"], "all", {})


def test_growth_compares_trainings_ten_times_as_long():
    rows = [
        {"model": f"mlp~epochs={epochs}", "architecture": "mlp", "kind": "mlp", "epochs": epochs}
        | {"seed": seed, "alpha": 0.3, "corruption": "label_flipping", "lrr_own": ratio}
        for epochs, ratio in ((1, 1.0), (10, 2.0), (90, 9.0), (1000, 36.0))
        for seed in (0, 1)
    ]
    table = pd.DataFrame(rows)
    samples, statistic = claims.growth(table, "mlp", {})
    assert statistic(samples) == pytest.approx(4)
    samples, statistic = claims.at_the_end(table, "mlp", {})
    assert statistic(samples) == pytest.approx(36)
    with pytest.raises(Missing, match="no model of the kind linear"):
        claims.at_the_end(table, "linear", {})
    with pytest.raises(Missing, match="one training time only"):
        claims.growth(table[table["epochs"] == 1], "mlp", {})


def test_the_matched_ratio_is_that_of_the_lowest_loss_with_a_match():
    """One run diverged in its longest training, another has no match there."""
    runs = {
        0: {10: (0.3, 5.0), 100: (0.9, np.nan)},
        1: {10: (0.4, 2.0), 100: (0.1, 20.0)},
        2: {10: (0.2, 10.0), 100: (0.1, np.nan)},
    }
    rows = [
        {"model": f"mlp~epochs={epochs}", "architecture": "mlp", "kind": "mlp", "epochs": epochs}
        | {"seed": seed, "alpha": 0.3, "corruption": "label_flipping"}
        | {"loss_own": loss, "lrr_matched": ratio}
        for seed, times in runs.items()
        for epochs, (loss, ratio) in times.items()
    ]
    samples, statistic = claims.at_matched_loss(pd.DataFrame(rows), "mlp", {})
    assert samples[:, 0].tolist() == [5, 20, 10]
    assert statistic(samples) == pytest.approx(10)


# -- what is trained -------------------------------------------------------------------------------
def test_every_training_has_a_name_of_its_own():
    study = plan(beyond=options(epochs=[10, 1], along=["qnn"])).study("roughening")
    assert study.trainings() == {
        "qnn~epochs=1,record=1": ("qnn", 1),
        "qnn~epochs=10,record=10": ("qnn", 10),
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"across": ["knn"]}, "across: 'knn' has no loss landscape; leave it out"),
        ({"along": ["observable"]}, "along: 'observable' is fitted in one call, without epochs"),
        ({"epochs": [0]}, "epochs"),
        ({"across": ["qnnn"]}, "qnnn"),
    ],
)
def test_what_cannot_be_compared_is_refused(changes, message):
    [problem] = said_of("roughening", beyond=options(**changes))
    assert message in problem


# -- traces on three sets --------------------------------------------------------------------------
@pytest.mark.usefixtures("compiled_quickly")
@pytest.mark.parametrize("block", [{"family": "mlp", "hidden": [4]}, QNN], ids=["mlp", "qnn"])
def test_labels_matter_to_the_trace_of_a_circuit_alone(block, digits):
    """Without a residual the Hessian's trace does not read labels: for a ReLU network both
    definitions of the LRR are one."""
    problem = Problem(digits, block["family"], block, "label_flipping", [0])
    params, state = problem.initial([0])
    trained = jax.tree.map(lambda leaf: leaf + 0.1, params), state
    [found] = analyse(problem, [Cell(0.3, 0)], trained, {})
    assert set(found) == set(SETS)
    assert found["own"]["loss"] != pytest.approx(found["clean"]["loss"], rel=1e-3)
    is_same = found["own"]["trace"] == pytest.approx(found["clean"]["trace"], rel=1e-9)
    assert is_same == (block["family"] == "mlp")


def test_ratios_of_the_table(tmp_path, monkeypatch):
    """By hand, from files of two trainings and one model of its own schedule."""
    monkeypatch.setattr("qunlearn.statistics.collapse.chance", lambda datasets: {"digits": 0.5})
    runs = {
        "mlp~epochs=1": ((0.6, 2.0), (0.65, 3.0)),
        "mlp~epochs=10": ((0.1, 0.5), (0.3, 4.0)),
        "cnn": ((0.1, 1.0), (0.1, 7.0)),
    }
    paths = []
    for model, pair in runs.items():
        path = tmp_path / f"roughening/digits/{model}/label_flipping/alpha0.00-0.30/seed0.h5"
        path.parent.mkdir(parents=True)
        found = [{part: {"loss": loss, "trace": trace} for part in SETS} for loss, trace in pair]
        content = {
            "alpha": [0.0, 0.3],
            "seed": [0, 0],
            "validation_accuracy": [1.0, 0.7],
            "diverged": [False, False],
            "validation_ones": [0.5, 1.0],
            "cells": {f"{i:04d}": values for i, values in enumerate(found)},
        }
        write(path, content, {})
        paths.append(str(path))
    trainings = {"mlp~epochs=1": ("mlp", 1), "mlp~epochs=10": ("mlp", 10)}
    table = tabulate([], paths, trainings=trainings, seeds=[0], margin=0.05)["roughening"]
    poisoned = table[table["alpha"] > 0].set_index("model")
    assert poisoned["lrr_own"].to_dict() == {"cnn": 7, "mlp~epochs=1": 1.5, "mlp~epochs=10": 8}
    place = np.log(0.3 / 0.1) / np.log(0.6 / 0.1)
    same_loss = 0.5 * (2.0 / 0.5) ** place
    assert poisoned["lrr_matched"]["mlp~epochs=10"] == pytest.approx(4 / same_loss)
    assert poisoned["lrr_matched"].notna().sum() == 1
    np.testing.assert_allclose(poisoned["fall"], 0.3)
    assert poisoned["collapsed"].all() and not table[table["alpha"] == 0]["collapsed"].any()


# -- the workflow ----------------------------------------------------------------------------------
@pytest.mark.workflow
def test_figure_of_the_ratio(study):
    settings = {"epochs": [1, 5], "along": ["mlp_8_2", "qnn"], "across": ["mlp", "qnn"]}
    written = {"beyond": {"roughening": settings}, "supplement": {"capacity": {"models": ["mlp"]}}}
    (study / "roughening.yaml").write_text(yaml.safe_dump(written))
    figure = "results/figs/figX_roughening.pdf"
    snakemake(study, figure, "--configfile", "tiny.yaml", "roughening.yaml")
    table = pd.read_csv(study / "results/tables/roughening.csv")
    assert len(table) == (2 * 2 + 2) * 2 * 2
    clean = table[table["alpha"] == 0]
    np.testing.assert_allclose(clean[["lrr_own", "lrr_clean", "lrr_validation"]], 1)
    mlp = table[table["architecture"].str.startswith("mlp")]
    np.testing.assert_allclose(mlp["lrr_own"], mlp["lrr_clean"])
    assert (study / figure).stat().st_size > 10_000


def test_seeds_are_those_that_every_architecture_has_at_every_training_time():
    """More seeds of some runs alone, as sequential looks ask for, leave the others' in use."""
    numbers = {("a", 1.0): 2, ("a", 10.0): 4, ("b", 1.0): 3, ("b", 10.0): 4}
    rows = [
        {"architecture": name, "epochs": epochs, "seed": seed, "value": epochs + seed}
        for (name, epochs), count in numbers.items()
        for seed in range(count)
    ]
    axes = {"architecture": ["a", "b"], "epochs": [1.0, 10.0]}
    found = cells(pd.DataFrame(rows), "value", {}, axes)
    np.testing.assert_array_equal(found, [[[1, 10]] * 2, [[2, 11]] * 2])
