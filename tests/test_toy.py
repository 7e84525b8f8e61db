"""Fig. 2a: the toy task in the plane."""

import jax.numpy as jnp
import numpy as np
import pytest

from project import QNN, configuration, plan
from qunlearn.config.check import check, study_problems
from qunlearn.config.plan import Plan
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.quantum.features import pauli_features
from qunlearn.studies.resilience import toy
from qunlearn.training.losses import cross_entropy
from qunlearn.training.schedule import Schedule

pytestmark = pytest.mark.usefixtures("compiled_quickly")

MLP = {"family": "mlp", "hidden": [8, 4]}


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
    features = pauli_features(quantum.model.circuit, states)[:, quantum.model.columns]
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
    mlp, qnn = (
        table[(table.model == m) & (table.set == "train")].reset_index() for m in ("mlp", "qnn")
    )
    assert np.all(mlp[["u", "v", "label"]] == qnn[["u", "v", "label"]])
    assert mlp.flipped.sum() == 6 and np.all((mlp.label != mlp["class"]) == mlp.flipped)
    assert np.all((mlp.v > toy.boundary(mlp.u)) == (mlp["class"] == 1))
    # p is the trained model's: its accuracy is the last of the history
    dataset, _ = toy.build(20, 2, 1)
    problem = Problem(dataset, "qnn", QNN, "label_flipping", [1])
    curves = train(problem, [Cell(0.3, 1)], schedules["qnn"]).learning_curves
    assert np.mean((qnn.p > 0.5) == (qnn.label == 1)) == pytest.approx(
        curves["train_accuracy"][0, -1]
    )
    loss = cross_entropy(np.log(qnn.p / (1 - qnn.p)).to_numpy(), qnn.label.to_numpy(float))
    assert float(jnp.mean(loss)) == pytest.approx(curves["train_loss"][0, -1])


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("measure", 4, "toy.architectures.qnn.measure: 4 is not a qubit of toy (0 to 3)"),
        ("depth", {"xxz": 4}, "toy.architectures.qnn.depth: must be one value"),
        ("depth", 0, "toy.architectures.qnn.depth: 0 is too small (at least 1)"),
        ("family", "mlp", "toy.architectures.qnn.depth: unknown key"),
        ("family", "qmn", "toy.architectures.qnn.family: no family 'qmn'; did you mean 'qnn'?"),
    ],
)
def test_a_toy_that_cannot_be_built_is_refused(key, value, words):
    config = configuration()
    config["toy"]["architectures"]["qnn"][key] = value
    problems = study_problems(Plan(check(config)), "resilience")
    assert any(words in line for line in problems)


def test_networks_of_the_toy_and_their_schedules_have_the_same_names():
    config = configuration()
    config["toy"]["training"]["mpl"] = config["toy"]["training"].pop("mlp")
    problems = study_problems(Plan(check(config)), "resilience")
    assert "toy.training.mpl: unknown key; did you mean 'mlp'?" in problems[0]
    assert problems[1].startswith("toy.training.mlp: the key 'mlp' is missing")


def test_the_toys_job_is_told_what_the_configuration_says():
    config = configuration()
    study = plan().study("resilience")
    given = {key: value for key, value in config["toy"].items() if key != "training"}
    assert study.task() == given
    batches = {name: schedule["batch"] for name, schedule in study.schedules().items()}
    assert batches == {"mlp": 0, "qnn": 32}
