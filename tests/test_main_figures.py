"""Figs. 1 to 4: what is drawn is what training sees, the trained minimum, and the circuit that is trained."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import yaml
from jax.flatten_util import ravel_pytree

from project import ROOT
from qunlearn import corruption, landscape, training
from qunlearn.errors import UserError
from qunlearn.experiment import embed, surface, toy
from qunlearn.experiment.train import train
from qunlearn.plots import fig1, fig4
from qunlearn.plots.examples import correlations
from qunlearn.problem import Cell, Problem
from qunlearn.quantum import lightcone
from qunlearn.quantum.ansatz import Ansatz
from qunlearn.training import Schedule
from qunlearn.validation import validate

MLP = {"family": "mlp", "hidden": [8, 4]}
QNN = {
    "family": "qnn", "depth": 3, "entangler": "chain", "rotations": "xyx", "readout_scale": 5.0, "measure": "last",
}  # fmt: skip


# -- Fig. 1 ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", corruption.REGISTRY)
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
    corruptions = ["label_flipping", "feature_randomization"]
    table = embed.embeddings(half, corruptions, 0.2, 0, 15.0)
    assert list(table.columns) == embed.COLUMNS and len(table) == 3 * len(half.y_train)
    clean, flipped, random = (table[table.corruption == c] for c in ("clean", *corruptions))
    np.testing.assert_array_equal(clean[["x", "y"]], flipped[["x", "y"]])
    assert not clean.corrupted.any() and np.all((flipped.label != flipped["class"]) == flipped.corrupted)
    assert np.all(random.label == random["class"])
    # nearly every sample's nearest neighbour on the map is of its own kind, noise or state
    places, odd = random[["x", "y"]].to_numpy(), random.corrupted.to_numpy()
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1) + np.diag(np.full(len(places), np.inf))
    assert np.mean(odd[distances.argmin(axis=1)] == odd) > 0.95


def test_states_are_embedded_without_their_phase(rng):
    x = rng.normal(size=(5, 8)) + 1j * rng.normal(size=(5, 8))
    turned = x * np.exp(2j * np.pi * rng.random((5, 1)))
    np.testing.assert_allclose(embed.phase_free(turned), embed.phase_free(x), atol=1e-14)
    np.testing.assert_array_equal(embed.phase_free(x.real), x.real)


def test_examples_show_both_classes_clean_and_corrupted(digits):
    _, _, corrupted = embed.poisoned(digits, "label_flipping", 0.2, 0)
    shown = fig1.chosen(digits, corrupted)
    assert digits.y_train[shown].tolist() == [0, 0, 1, 1] and corrupted[shown].tolist() == [False, True] * 2


def test_correlations_of_known_states():
    neel = np.zeros((1, 16))
    neel[0, 0b0101] = 1
    np.testing.assert_allclose(correlations(neel), [[1, 1, 1]])
    np.testing.assert_allclose(correlations(np.full((1, 16), 0.25)), [[1, 0, 0]], atol=1e-15)


# -- Fig. 2a ---------------------------------------------------------------------------------------------------------
def test_toy_states_are_copies_of_one_qubit():
    points = np.array([[0.0, 0.0], [-1.0, 0.3], [0.4, 1.0]])
    one = toy.states(points, 1)
    three = toy.states(points, 3)
    np.testing.assert_allclose(np.linalg.norm(three, axis=1), 1)
    for qubit, state in zip(one, three):
        np.testing.assert_allclose(state, np.kron(qubit, np.kron(qubit, qubit)))
    np.testing.assert_allclose(one[0], [0.5**0.5] * 2)  # the centre is the state |+>


def test_both_toy_models_get_the_same_states():
    dataset, places = toy.build(20, 3, 0)
    states = toy.states(places["train"], 3)
    np.testing.assert_array_equal(dataset.x_train, states)
    classical = Problem(dataset, "mlp", MLP, "label_flipping", [0])
    quantum = Problem(dataset, "qnn", QNN, "label_flipping", [0])
    both = np.concatenate([states.real, states.imag], axis=1)[:, classical.model.columns]
    np.testing.assert_array_equal(classical.pools["train"], both)
    features = lightcone.pauli_features(quantum.model.ansatz, states)[:, quantum.model.columns]
    np.testing.assert_array_equal(quantum.pools["train"], features)
    # and the same labels
    for a, b in zip(classical.samples(Cell(0.3, 0)), quantum.samples(Cell(0.3, 0))):
        np.testing.assert_array_equal(a, b)


def test_the_toy_table_holds_what_was_trained():
    schedules = {"mlp": Schedule(3, 0, 0.01), "qnn": Schedule(3, 8, 0.03)}
    table = toy.run(20, 2, 0.3, 1, {"mlp": MLP, "qnn": QNN}, schedules)
    assert list(table.columns) == toy.COLUMNS
    rows = table.groupby(["model", "set"]).size()
    assert rows["mlp", "train"] == rows["qnn", "train"] == 20
    assert rows["mlp", "grid"] == rows["qnn", "grid"] == toy.GRID**2
    mlp, qnn = (table[(table.model == m) & (table.set == "train")].reset_index() for m in ("mlp", "qnn"))
    assert np.all(mlp[["u", "v", "label"]] == qnn[["u", "v", "label"]])
    assert mlp.flipped.sum() == 6 and np.all((mlp.label != mlp["class"]) == mlp.flipped)
    assert np.all((mlp.v > toy.boundary(mlp.u)) == (mlp["class"] == 1))
    # p is the trained model's: its accuracy is the last of the history
    dataset, _ = toy.build(20, 2, 1)
    problem = Problem(dataset, "qnn", QNN, "label_flipping", [1])
    history = train(problem, [Cell(0.3, 1)], schedules["qnn"]).history
    assert np.mean((qnn.p > 0.5) == (qnn.label == 1)) == pytest.approx(history["train_accuracy"][0, -1])
    loss = training.cross_entropy(np.log(qnn.p / (1 - qnn.p)).to_numpy(), qnn.label.to_numpy(float))
    assert float(jnp.mean(loss)) == pytest.approx(history["train_loss"][0, -1])


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("measure", 4, "toy.architectures.qnn.measure: 4 is not a qubit of the toy (0 to 3)"),
        ("depth", {"xxz": 4}, "toy.architectures.qnn.depth: must be one whole number"),
        ("family", "mlp", "toy.architectures.qnn.family: 'mlp' is not allowed"),
    ],
)
def test_a_toy_that_cannot_be_built_is_refused(key, value, words):
    good = yaml.safe_load((ROOT / "config.yaml").read_text())
    good["toy"]["architectures"]["qnn"][key] = value
    with pytest.raises(UserError) as refused:
        validate(good)
    assert words in str(refused.value)


# -- Fig. 3: surfaces ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("options", [{**MLP, "hidden": [4]}, {**QNN, "depth": 2}])
def test_a_surface_goes_through_the_trained_minimum(options):
    """Its centre is the trained loss; its curvature along each axis is that axis's eigenvalue, a leading one of H."""
    dataset, _ = toy.build(40, 2, 0)
    problem = Problem(dataset, options["family"], options, "label_flipping", [0])
    cells = [Cell(0.0, 0), Cell(0.3, 0)]
    trained = train(problem, cells, Schedule(30, 16, 0.02))
    step = 1e-3
    steps = step * np.arange(-1, 2)
    found = surface.surfaces(problem, cells, (trained.params, trained.state), steps)
    for i, (cell, each) in enumerate(zip(cells, found)):
        loss, centre = each.loss, each.loss[1, 1]
        assert centre == pytest.approx(trained.history["train_loss"][i, -1], rel=1e-6)
        second = np.array([loss[0, 1] + loss[2, 1], loss[1, 0] + loss[1, 2]]) - 2 * centre
        np.testing.assert_allclose(second / step**2, each.eigenvalues, rtol=5e-3, atol=1e-4)
        params = jax.tree.map(lambda a: jnp.asarray(a[i], float), trained.params)  # noqa: B023
        samples = problem.samples(cell)
        flat, unravel = ravel_pytree(params)
        pool, labels = jnp.asarray(problem.pools["train"]), jnp.asarray(samples.labels, float)
        objective = partial(landscape.mean_loss, problem.model)
        hessian = jax.jit(jax.hessian(lambda p, y: objective(unravel(p), {}, pool, samples.rows, y)))  # noqa: B023
        np.testing.assert_allclose(each.eigenvalues, np.linalg.eigvalsh(hessian(flat, labels))[:-3:-1], rtol=1e-6)


def test_leading_eigenvectors_of_a_known_matrix(rng):
    basis = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    values = np.array([7.0, 3.0, *np.linspace(-5, 1, 10)])
    matrix = basis * values @ basis.T
    found, vectors = surface.leading_eigenvectors(lambda v: matrix @ v, 12)
    np.testing.assert_allclose(found, [7, 3])
    np.testing.assert_allclose(np.abs(vectors @ basis), np.eye(2, 12), atol=1e-7)
    assert np.all(vectors[np.arange(2), np.abs(vectors).argmax(axis=1)] > 0)


def test_a_run_that_diverged_has_a_surface_that_says_so(digits):
    problem = Problem(digits, "mlp", MLP, "label_flipping", [0])
    broken = jax.tree.map(lambda a: a * np.nan, problem.initial([0]))
    (found,) = surface.surfaces(problem, [Cell(0.3, 0)], broken, np.array([-1.0, 0.0, 1.0]))
    table = surface.frame(problem, Cell(0.3, 0), found, True, np.array([-1.0, 0.0, 1.0]))
    assert len(table) == 9 and table.collapsed.all() and table.loss.isna().all()


# -- Fig. 4 ----------------------------------------------------------------------------------------------------------
CIRCUITS = [
    Ansatz(12, 4, "chain", "xyx", 11), Ansatz(6, 6, "chain", "xyx", 5), Ansatz(10, 6, "chain", "xyx", 9),
    Ansatz(5, 2, "ring", "xyz", 2), Ansatz(2, 1, "ring", "xyx", 0),
]  # fmt: skip


@pytest.mark.parametrize("ansatz", CIRCUITS)
def test_every_gate_is_drawn_once_in_order_and_none_covers_another(ansatz):
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots()
    placed = fig4.draw_circuit(axis, ansatz)
    boxes = [p for p in axis.patches if p.get_width() == pytest.approx(0.8)]
    rotations = [gate for gate in ansatz.gates() if gate.name != "rzz"]
    bonds = [line for line in axis.lines if line.get_marker() == "o"]
    plt.close(figure)
    assert (len(boxes), len(bonds)) == (len(rotations), len(ansatz.gates()) - len(rotations))
    assert sorted(p.gate.parameter for p in placed) == list(range(ansatz.parameters))
    assert {p.gate for p in placed if p.live} == set(lightcone.live_gates(ansatz))
    cells = [(p.column, q) for p in placed for q in range(min(p.gate.qubits), max(p.gate.qubits) + 1)]
    assert len(cells) == len(set(cells))
    # on every qubit, gates that do not commute come in the order in which they act
    for qubit in range(ansatz.qubits):
        mine = sorted((p for p in placed if qubit in p.gate.qubits), key=lambda p: p.column)
        order = [(p.gate.layer, p.gate.name == "rzz") for p in mine]
        assert order == sorted(order)
        turns = [p.gate.parameter for p in mine if p.gate.name != "rzz"]
        assert turns == sorted(turns)


def test_counts_are_those_of_the_models_that_train(digits, small_xxz):
    import matplotlib.pyplot as plt

    blocks = {"mlp": {"family": "mlp", "hidden": [64, 16]}, "qnn": QNN, "other": {"family": "svm"}}
    figure, table = fig4.draw([digits, small_xxz], {"digits": blocks, "xxz": blocks})
    plt.close(figure)
    count = table.set_index(["dataset", "model", "part"])["count"]
    assert count["digits", "mlp", "inputs"] == 64 and count["xxz", "mlp", "inputs"] == 2 * 2**8
    assert count["xxz", "mlp", "inputs in use"] == 2 * 70  # amplitudes of zero magnetisation, real and imaginary
    assert count["digits", "qnn", "qubits"] == 6 and count["xxz", "qnn", "qubits"] == 8
    for name, dataset in (("digits", digits), ("xxz", small_xxz)):
        for model in ("mlp", "qnn"):
            problem = Problem(dataset, model, blocks[model], "label_flipping", [0])
            flat, _ = ravel_pytree(problem.model.init(jax.random.key(0))[0])
            dropped = (64 if model == "mlp" else 0) * (
                count[name, "mlp", "inputs"] - count[name, "mlp", "inputs in use"]
            )
            assert count[name, model, "parameters"] == flat.size + dropped
    assert set(table["model"]) == {"mlp", "qnn"}


def test_a_flat_or_a_broken_landscape_has_a_surface_all_the_same():
    values, plane = surface.leading_eigenvectors(lambda v: 0 * v, 5)
    assert not np.any(values) and plane.shape == (2, 5)
    values, plane = surface.leading_eigenvectors(lambda v: np.nan * v, 5)
    assert np.all(np.isnan(values)) and plane.shape == (2, 5)
