"""Figs. 1 to 4: what is drawn is what training sees, the trained minimum, and the circuit that is
trained."""

import itertools
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from jax.flatten_util import ravel_pytree

from circuits import irregular, layered
from project import configuration, plan
from qunlearn.config.check import check
from qunlearn.config.plan import Plan
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.landscape import hessian
from qunlearn.parts import registry
from qunlearn.parts.datasets import Dataset
from qunlearn.plots import style
from qunlearn.plots.examples import correlations, on_principal_plane, phase_free
from qunlearn.plots.looks import Looks
from qunlearn.quantum import lightcone
from qunlearn.studies.architectures import circuit as pictures
from qunlearn.studies.architectures import figure as fig4
from qunlearn.studies.landscape import surface
from qunlearn.studies.overview import embed
from qunlearn.studies.overview import figure as fig1
from qunlearn.studies.resilience import figure as fig2
from qunlearn.studies.resilience import toy
from qunlearn.studies.unlearning import figure as fig3
from qunlearn.training.schedule import Schedule

pytestmark = pytest.mark.usefixtures("compiled_quickly")

MLP = {"family": "mlp", "hidden": [8, 4]}
QNN = {
    "family": "qnn",
    "depth": 3,
    "entangler": "chain",
    "rotations": "xyx",
    "readout_scale": 5.0,
    "measure": "last",
}
#: Nothing is declared: every name stands for itself.
PLAIN = Looks({}, {}, {}, {})


# -- Fig. 1 ----------------------------------------------------------------------------------------------------------
#: Those that real features can be corrupted by.
OF_FEATURES = [
    name
    for name, kind in registry.shipped("corruption").items()
    if not kind().misfit(plan().source("digits"), "digits")
]


@pytest.mark.parametrize("name", OF_FEATURES)
@pytest.mark.parametrize("seed", [0, 3])
def test_the_samples_drawn_are_those_that_training_meets(name, seed, digits):
    problem = Problem(digits, "mlp", MLP, name, [seed])
    samples = problem.samples(Cell(0.2, seed))
    x, labels, corrupted = embed.poisoned(digits, name, 0.2, seed)
    np.testing.assert_array_equal(labels, samples.labels)
    np.testing.assert_array_equal(corrupted, samples.forget)
    assert corrupted.sum() == round(0.2 * len(labels))
    met = problem.pools["train"][samples.rows]
    drawn = x[:, problem.model.columns]
    np.testing.assert_array_equal(drawn[:, : met.shape[1]], met)
    assert not np.any(drawn[:, met.shape[1] :])


def test_equal_features_have_equal_places_and_random_ones_are_apart(small_xxz):
    every = slice(None, None, 2)
    half = replace(small_xxz, x_train=small_xxz.x_train[every], y_train=small_xxz.y_train[every])
    corruptions = dict.fromkeys(["label_flipping", "feature_randomization"])
    table = embed.embeddings(half, corruptions, 0.2, 0, 15.0)
    assert list(table.columns) == embed.COLUMNS and len(table) == 3 * len(half.y_train)
    clean, flipped, random = (table[table.corruption == c] for c in ("clean", *corruptions))
    np.testing.assert_array_equal(clean[["x", "y"]], flipped[["x", "y"]])
    assert not clean.corrupted.any() and np.all(
        (flipped.label != flipped["class"]) == flipped.corrupted
    )
    assert np.all(random.label == random["class"])
    # nearly every sample's nearest neighbour on the map is of its own kind, noise or state
    places, odd = random[["x", "y"]].to_numpy(), random.corrupted.to_numpy()
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1) + np.diag(
        np.full(len(places), np.inf)
    )
    assert np.mean(odd[distances.argmin(axis=1)] == odd) > 0.95


def test_states_are_embedded_without_their_phase(rng):
    x = rng.normal(size=(5, 8)) + 1j * rng.normal(size=(5, 8))
    turned = x * np.exp(2j * np.pi * rng.random((5, 1)))
    np.testing.assert_allclose(phase_free(turned), phase_free(x), atol=1e-14)
    np.testing.assert_array_equal(phase_free(x.real), x.real)


def test_examples_show_both_classes_clean_and_corrupted(digits):
    _, _, corrupted = embed.poisoned(digits, "label_flipping", 0.2, 0)
    shown = fig1.chosen(digits, corrupted)
    assert (
        digits.y_train[shown].tolist() == [0, 0, 1, 1]
        and corrupted[shown].tolist() == [False, True] * 2
    )


def test_correlations_of_known_states():
    neel = np.zeros((1, 16))
    neel[0, 0b0101] = 1
    np.testing.assert_allclose(correlations(neel), [[1, 1, 1]])
    np.testing.assert_allclose(correlations(np.full((1, 16), 0.25)), [[1, 0, 0]], atol=1e-15)


# -- Fig. 3: surfaces ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("options", [{**MLP, "hidden": [4]}, {**QNN, "depth": 2}])
def test_a_surface_goes_through_the_trained_minimum(options):
    """Its centre is the trained loss; its curvature along each axis is that axis's eigenvalue, a
    leading one of H."""
    dataset, _ = toy.build(40, 2, 0)
    problem = Problem(dataset, options["family"], options, "label_flipping", [0])
    cells = [Cell(0.0, 0), Cell(0.3, 0)]
    trained = train(problem, cells, Schedule(30, 16, 0.02))
    step = 1e-3
    steps = step * np.arange(-1, 2)
    found = surface.surfaces(problem, cells, (trained.params, trained.state), steps)
    full = jax.jit(partial(hessian.hessian, problem.model))
    for i, (cell, each) in enumerate(zip(cells, found)):
        loss, centre = each.loss, each.loss[1, 1]
        assert centre == pytest.approx(trained.learning_curves["train_loss"][i, -1], rel=1e-6)
        second = np.array([loss[0, 1] + loss[2, 1], loss[1, 0] + loss[1, 2]]) - 2 * centre
        np.testing.assert_allclose(second / step**2, each.eigenvalues, rtol=5e-3, atol=1e-4)
        params = jax.tree.map(lambda a: jnp.asarray(a[i], float), trained.params)  # noqa: B023
        samples = problem.samples(cell)
        pool, labels = jnp.asarray(problem.pools["train"]), jnp.asarray(samples.labels, float)
        point = hessian.Point(params, {}, pool, jnp.asarray(samples.rows), labels)
        largest = np.linalg.eigvalsh(full(point))[:-3:-1]
        np.testing.assert_allclose(each.eigenvalues, largest, rtol=1e-6)


def test_a_run_that_diverged_has_a_surface_that_says_so(digits):
    problem = Problem(digits, "mlp", MLP, "label_flipping", [0])
    broken = jax.tree.map(lambda a: a * np.nan, problem.initial([0]))
    steps = np.array([-1.0, 0.0, 1.0])
    (found,) = surface.surfaces(problem, [Cell(0.3, 0)], broken, steps)
    table = surface.frame(problem, Cell(0.3, 0), found, True, steps)
    assert len(table) == 9 and table.collapsed.all() and table.loss.isna().all()


def test_models_that_cannot_be_unlearned_or_have_no_landscape_are_refused_by_name():
    lazy = plan(models=["mlp", "knn"])
    (refused,) = lazy.study("unlearning").pipeline_problems(lazy)
    assert refused.startswith("unlearning.architectures: knn is fitted in one call")
    assert "scrub and gradient_ascent" in refused and "retrain" not in refused
    (refused,) = lazy.study("landscape").pipeline_problems(lazy)
    assert refused.startswith("landscape.architectures: knn keeps training samples")
    by_retain_set = plan(models=["mlp", "knn"], methods=["retrain", "finetune"])
    assert not by_retain_set.study("unlearning").pipeline_problems(by_retain_set)


def test_a_model_without_a_landscape_is_replaced_in_surfaces_as_in_the_landscape():
    config = configuration(models=["mlp", "knn"])
    config["landscape"]["architectures"] |= {"knn": ["mlp_8_4", "mlp"]}
    stands_in = Plan(check(config))
    study = stands_in.study("landscape")
    assert study.surface_models(stands_in) == ["mlp", "mlp_8_4"]
    assert not study.pipeline_problems(stands_in)
    assert set(study.surface_task(stands_in)["architectures"]["xxz"]) == {"mlp", "mlp_8_4"}


def unlearning_rows(method, steps):
    names = {"dataset": "mine", "model": "m", "corruption": "c", "alpha": 0.3, "method": method}
    rows = [
        {**names, "seed": seed, "step": step, "val_accuracy": 0.5 + 0.1 * seed, "collapsed": False}
        for seed in (0, 1)
        for step in range(steps)
    ]
    return pd.DataFrame(rows)


def test_any_method_is_drawn_and_one_of_a_single_step_is_seen():
    table = pd.concat([unlearning_rows("far", 6), unlearning_rows("near", 2)])
    figure, axis = plt.subplots()
    fig3.draw_curves(axis, table, ["far", "near"], PLAIN)
    plt.close(figure)
    far, near = axis.lines
    assert far.get_label() == "far" and far.get_marker() in ("None", None)
    assert near.get_marker() == "o" and near.get_ydata() == pytest.approx([0.55, 0.55])
    assert far.get_color() == PLAIN.method("far").colour


def test_a_bar_is_the_geometric_mean_and_ratios_without_a_place_are_counted():
    names = {"model": "m", "alpha": 0.2, "collapsed": False}
    ratios = [0.5, 8.0, -1.0, np.nan]
    table = pd.DataFrame([{**names, "seed": i, "lrr": ratio} for i, ratio in enumerate(ratios)])
    figure, axis = plt.subplots()
    fig3.draw_bars(axis, table, ["m"], PLAIN)
    plt.close(figure)
    (bar,) = axis.patches
    assert bar.get_y() == 1 and bar.get_height() == pytest.approx(1)  # from 1 to 2
    assert axis.texts[0].get_text() == "2 ratios not drawn"


# -- data of any kind --------------------------------------------------------------------------------
def tabular(x):
    """A dataset of these samples, the first half of them of class 0."""
    half = len(x) // 2
    y = np.repeat([0, 1], half).astype(np.int8)
    blank = np.full(len(x), np.nan)
    return Dataset("mine", x, y, x, y, ("low", "high"), blank, blank)


@pytest.mark.parametrize("shape", [(24, 3), (24, 4, 4)])
def test_data_that_are_neither_images_nor_chains_are_shown_by_principal_components(shape, rng):
    x = rng.normal(size=shape)
    if len(shape) == 3:
        x = x + 1j * rng.normal(size=shape)
    dataset = tabular(x)
    figure, axis = plt.subplots()
    fig2._components(axis, dataset)
    drawn = np.concatenate([line.get_xydata() for line in axis.lines])
    np.testing.assert_allclose(drawn, on_principal_plane(x, x))
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["low", "high"]
    plt.close(figure)
    table = embed.embeddings(dataset, {"feature_randomization": None}, 0.25, 0, 5.0)
    names = {"corruptions": {"feature_randomization": None}, "models": ["m"], "methods": ["far"]}
    settings = {"alpha": 0.25, "seed": 0, "exhibits": {"mine": ""}, "twin_features": []}
    figure = fig1.draw(embedding=table, data=[dataset], **names, **settings, looks=PLAIN)
    words = [text.get_text() for legend in figure.findobj(plt.matplotlib.legend.Legend)
             for text in legend.get_texts()]  # fmt: skip
    assert words == ["labelled low", "labelled high", "other features", "corrupted"]
    plt.close(figure)


def test_principal_components_are_the_directions_of_largest_variance(rng):
    x = rng.normal(size=(200, 5)) * [1, 9, 1, 3, 1]
    places = on_principal_plane(x, x)
    assert np.abs(np.corrcoef(places[:, 0], x[:, 1])[0, 1]) > 0.99
    assert np.abs(np.corrcoef(places[:, 1], x[:, 3])[0, 1]) > 0.99
    np.testing.assert_allclose(places.mean(axis=0), 0, atol=1e-12)
    one = on_principal_plane(x[:, 1:2], x[:, 1:2])
    assert not np.any(one[:, 1]) and np.ptp(one[:, 0]) == pytest.approx(np.ptp(x[:, 1]))


def test_letters_and_panels_go_on_for_as_long_as_they_are_needed():
    letters = style.letters()
    assert [next(letters) for _ in range(28)][-3:] == ["z", "aa", "ab"]
    figure = plt.figure()
    grid = style.panel_grid(figure, 7, 3)
    assert grid.shape == (3, 3) and [axis.get_visible() for axis in grid.flat].count(True) == 7
    plt.close(figure)


# -- Fig. 4 ----------------------------------------------------------------------------------------------------------
CIRCUITS = [
    layered(12, 4, "chain", "xyx", 11),
    layered(6, 6, "chain", "xyx", 5),
    layered(10, 6, "chain", "xyx", 9),
    layered(5, 2, "ring", "xyz", 2),
    layered(2, 1, "ring", "xyx", 0),
    *(irregular(seed, 5, 3, 2) for seed in range(3)),
]


@pytest.mark.parametrize("circuit", CIRCUITS)
def test_every_gate_is_drawn_once_in_order_and_none_covers_another(circuit):
    figure, axis = plt.subplots()
    placed = pictures.draw_circuit(axis, circuit)
    boxes = [p for p in axis.patches if p.get_width() == pytest.approx(0.8)]
    bonds = [line for line in axis.lines if line.get_marker() == "o"]
    plt.close(figure)
    rotations = [gate for gate in circuit.gates if gate.name != "rzz"]
    assert (len(boxes), len(bonds)) == (len(rotations), len(circuit.gates) - len(rotations))
    assert sorted(p.gate.parameter for p in placed) == list(range(circuit.parameters))
    assert {p.gate for p in placed if p.live} == set(lightcone.live_gates(circuit))
    cells = [(p.column, wire) for p in placed for wire in p.wires]
    assert len(cells) == len(set(cells))
    # gates that share a qubit and do not commute come in the order in which they act
    for one in placed:
        for other in placed:
            shared = set(one.gate.qubits) & set(other.gate.qubits)
            later = one.gate.parameter < other.gate.parameter
            if later and shared and one.gate.name[1] != other.gate.name[1]:
                assert one.column < other.column
    layers = [{p.column for p in placed if p.gate.layer == n} for n in range(circuit.depth)]
    assert all(max(before) < min(after) for before, after in itertools.pairwise(layers))


def test_a_layer_of_the_papers_circuit_is_as_short_as_it_can_be():
    placed = pictures.arranged(layered(12, 4, "chain", "xyx", 11))
    assert max(p.column for p in placed) + 1 == 4 * (3 + 2)  # rotations, then bonds in two columns


def test_counts_are_those_of_the_models_that_train(digits, small_xxz):
    svm = {"family": "svm", "kernel": "linear", "C": 1.0}
    blocks = {"mlp": {"family": "mlp", "hidden": [64, 16]}, "qnn": QNN, "other": svm}
    architectures = {"digits": blocks, "xxz": blocks}
    figure, tables = fig4.draw(data=[digits, small_xxz], architectures=architectures, looks=PLAIN)
    plt.close(figure)
    table = tables["architectures"]
    count = table.set_index(["dataset", "model", "part"])["count"]
    assert count["digits", "mlp", "inputs"] == 64 and count["xxz", "mlp", "inputs"] == 2 * 2**8
    assert count["xxz", "mlp", "inputs in use"] == 2 * 70  # zero magnetisation, real and imaginary
    assert count["digits", "qnn", "qubits"] == 6 and count["xxz", "qnn", "qubits"] == 8
    for name, dataset in (("digits", digits), ("xxz", small_xxz)):
        for model in ("mlp", "qnn"):
            problem = Problem(dataset, model, blocks[model], "label_flipping", [0])
            flat, _ = ravel_pytree(problem.model.init(jax.random.key(0))[0])
            idle = count[name, "mlp", "inputs"] - count[name, "mlp", "inputs in use"]
            dropped = 64 * idle if model == "mlp" else 0
            assert count[name, model, "parameters"] == flat.size + dropped
    assert set(table["model"]) == {"mlp", "qnn"}


def test_where_no_model_can_be_drawn_the_figure_says_so(digits):
    blocks = {"other": {"family": "svm", "kernel": "linear", "C": 1.0}}
    figure, tables = fig4.draw(data=[digits], architectures={"digits": blocks}, looks=PLAIN)
    plt.close(figure)
    assert "none of the models" in figure.texts[0].get_text()
    assert len(tables["architectures"]) == 0
