"""Finite-size scaling and gradient variances against exact limits: votes counted by hand, known
exponents, product states, 2-designs, parameters that cannot matter."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from project import built, configuration, plan
from qunlearn.config.check import ask, check
from qunlearn.config.plan import Plan
from qunlearn.parts import models
from qunlearn.quantum import lightcone
from qunlearn.runtime.errors import UserError
from qunlearn.statistics.transition import fit_transition, sigmoid
from qunlearn.studies.gradients import gradients
from qunlearn.studies.scaling import fits as scaling

pytestmark = pytest.mark.usefixtures("compiled_quickly")

FINE = [0.35, 0.42, 0.44, 0.46, 0.48, 0.52, 0.54, 0.56, 0.58, 0.65]
ALPHAS = np.sort([*np.arange(0, 1, 0.1), *FINE])

QNN = {
    "family": "qnn",
    "entangler": "chain",
    "rotations": "xyx",
    "readout_scale": 5.0,
    "measure": "last",
}


# -- the vote --------------------------------------------------------------------------------------
@pytest.mark.parametrize("voters", [1, 2, 3, 6, 9])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5, 0.8])
def test_majority_accuracy_is_that_of_all_patterns_of_flips(voters, alpha):
    total = 0.0
    for flips in itertools.product([0, 1], repeat=voters):
        chance = np.prod([alpha if flip else 1 - alpha for flip in flips])
        total += chance * (0.5 if 2 * sum(flips) == voters else 2 * sum(flips) < voters)
    assert scaling.majority_accuracy(voters, alpha) == pytest.approx(total, abs=1e-12)


def test_the_vote_narrows_with_the_root_of_its_voters():
    sizes = np.array([50, 100, 200, 400, 800])
    widths = np.array([scaling.majority_width(n) for n in sizes])
    assert scaling.exponent(sizes, widths) == pytest.approx(0.5, abs=0.005)
    assert scaling.majority_width(10_000) * 100 == pytest.approx(1.2816, abs=1e-3)
    np.testing.assert_allclose(scaling.voters(widths), sizes, rtol=0.05)
    # one label decides: accuracy falls along the line 1 - alpha
    assert scaling.majority_width(1) == pytest.approx(0.8)


def test_the_fit_finds_the_width_of_a_vote():
    for n in (11, 41, 161):
        critical, width = fit_transition(ALPHAS, scaling.majority_accuracy(n, ALPHAS))
        assert critical == pytest.approx(0.5, abs=1e-3)
        assert width == pytest.approx(scaling.majority_width(n), rel=0.06)


# -- fits of every size ----------------------------------------------------------------------------
def runs(curves, scaled="samples"):
    """A table of runs from size -> function of (alphas, seed)."""
    parts = [
        pd.DataFrame(
            {"alpha": ALPHAS, "val_accuracy": curve(ALPHAS, seed), "size": size, "seed": seed}
        )
        for size, curve in curves.items()
        for seed in range(3)
    ]
    return pd.concat(parts, ignore_index=True).assign(dataset="xxz", scaled=scaled, collapsed=False)


def test_a_known_exponent_is_found_and_collapses_the_curves():
    def curve(size):
        scale = 2 * size**-0.7 / (2 * np.log(9))
        return lambda alphas, seed: sigmoid(alphas, 0.98, 0.03, 0.5 + 0.002 * (seed - 1), scale)

    table = runs({size: curve(size) for size in (10, 20, 40)})
    fits, exponents = scaling.transitions(table, 0.95, 200)
    assert list(fits["status"]) == ["resolved"] * 3
    assert exponents["exponent"].item() == pytest.approx(0.7, abs=0.01)
    assert exponents["low"].item() <= 0.7 + 0.01 and exponents["high"].item() >= 0.7 - 0.01
    x = scaling.rescaled(table, fits, exponents)
    middle = table[table["seed"] == 1].assign(x=x)
    common = sigmoid(middle["x"], 0.98, 0.03, 0, 2 / (2 * np.log(9)))
    np.testing.assert_allclose(middle["val_accuracy"], common, atol=0.01)


def test_what_cannot_be_fitted_is_named_and_left_out_of_the_exponent():
    step = scaling.majority_accuracy(20_001, ALPHAS)
    table = runs(
        {
            10: lambda a, s: scaling.majority_accuracy(11, a),
            20: lambda a, s: np.full(len(a), 0.5) + 0.01 * s,
            40: lambda a, s: step,
        }
    )
    table.loc[(table["size"] == 40) & (table["seed"] == 2), "collapsed"] = True
    fits, exponents = scaling.transitions(table, 0.95, 50)
    status = fits.set_index("size")["status"]
    assert list(status) == ["resolved", "no transition", "narrower than the grid"]
    unresolved = fits[fits["status"] != "resolved"]
    assert unresolved["width"].isna().all() and len(unresolved) == 2
    assert fits.set_index("size")["critical_alpha"][40] == pytest.approx(0.5, abs=0.02)
    assert list(fits["collapsed"]) == [0, 0, len(ALPHAS)]
    assert exponents["sizes"].item() == 1 and np.isnan(exponents["exponent"].item())


# -- smaller training sets and what trains on them -------------------------------------------------
def test_fewer_training_samples_of_the_same_split():
    split = {"train_fraction": 0.6, "seed": 0}
    whole = built("digits", **split)
    part = built("digits", **split, train_per_class=12)
    assert np.bincount(part.y_train).tolist() == [12, 12]
    np.testing.assert_array_equal(part.x_validation, whole.x_validation)
    assert {row.tobytes() for row in part.x_train} <= {row.tobytes() for row in whole.x_train}
    with pytest.raises(UserError, match="asked for by train_per_class"):
        built("digits", **split, train_per_class=150)


def test_fewer_ground_states_are_spread_over_both_phases():
    part = built("xxz", length=4, gauge="fixed", seed=0, train_per_class=5)
    assert part.y_train.tolist() == [0] * 5 + [1] * 5 and len(part.y_validation) == 199
    np.testing.assert_allclose(part.coordinate_train[[0, 4, 5, 9]], [-0.96, 0.96, 1.02, 3.0])
    assert np.allclose(np.diff(part.coordinate_train[:5]), 0.48)


def test_every_number_of_samples_gets_as_many_updates():
    study = plan()
    cases = [case for case in study.study("scaling").cases(study) if case["scaled"] == "samples"]
    assert len(cases) == 2 * 4
    for dataset in ("digits", "xxz"):
        updates = set()
        for case in cases:
            if case["dataset"] == dataset:
                schedule = study.training_schedule(case["data"], case["model"])
                updates.add(schedule["epochs"] * -(-case["size"] // schedule["batch"]))
        assert len(updates) == 1, updates


def test_the_finer_grid_is_trained_apart_and_named_without_doubt():
    study = plan()
    grid = study.grid
    paths = study.study("scaling").trained(study, "xxz", "qnn")
    assert [path.split("/")[-2] for path in paths] == ["alpha0.00-0.90", "alpha0.35-0.65"]
    assert list(grid.parse_alphas("0.35-0.65")) == FINE
    assert grid.trained("xxz", "qnn", "label_flipping", grid.alphas, grid.seeds) == paths[:1]


# -- gradients -------------------------------------------------------------------------------------
def circuit(states, depth):
    model = models.build(QNN | {"depth": depth}, [states])
    return model, model.encode(states)


def product_state(qubits):
    """|0...0>, beside a state that keeps all features in use."""
    states = np.zeros((2, 2**qubits), complex)
    states[0, 0] = 1
    states[1] = np.random.default_rng(0).normal(size=(2**qubits, 2)) @ [1, 1j]
    return states / np.linalg.norm(states, axis=1, keepdims=True)


def test_one_layer_on_a_product_state_has_the_variance_of_its_three_angles():
    # <Z> = cos a cos b cos c - sin a sin c for RX(a) RY(b) RX(c) on |0>: variances 3/8, 1/8, 3/8.
    # A grid of four angles averages trigonometric polynomials of degree two without error.
    model, pool = circuit(product_state(2), 1)
    live = [gate.parameter for gate in lightcone.live_gates(model.circuit)]
    assert len(live) == 3
    angles = np.array(list(itertools.product(np.arange(4) * np.pi / 2 + 0.3, repeat=3)))
    thetas = np.zeros((len(angles), model.circuit.parameters))
    thetas[:, sorted(live)] = angles
    found = gradients.mean_squares(
        model, thetas, pool, np.zeros((len(angles), 1), int), np.zeros((len(angles), 2))
    )
    assert np.mean(found.readout) == pytest.approx((3 / 8 + 1 / 8 + 3 / 8) / 3, abs=1e-6)


def test_mean_squares_are_those_of_plain_derivatives(rng):
    states = rng.normal(size=(5, 8))
    model, pool = circuit(states / np.linalg.norm(states, axis=1, keepdims=True), 2)
    theta, labels = rng.uniform(0, 6, model.circuit.parameters), np.array([0.0, 1, 1, 0, 1])
    rows = np.array([1, 3])
    found = gradients.mean_squares(model, theta[None], pool, rows[None], labels[None])
    logits = jax.jit(lambda t: model.logits({"theta": t}, {}, jnp.asarray(pool))[0])
    z, jacobian = np.asarray(logits(theta)), np.asarray(jax.jit(jax.jacfwd(logits))(theta))
    slope = (1 / (1 + np.exp(-z)) - labels) @ jacobian / 5
    live = [gate.parameter for gate in lightcone.live_gates(model.circuit)]
    assert found.readout[0] == pytest.approx(
        np.mean((jacobian[rows][:, live] / 5.0) ** 2), rel=1e-5
    )
    assert found.loss[0] == pytest.approx(np.mean(slope[live] ** 2), rel=1e-5)
    # what is left out has no derivative at all
    dead = np.setdiff1d(np.arange(model.circuit.parameters), live)
    assert (
        len(dead) > 0
        and np.all(jacobian[:, dead] == 0)
        and np.all(np.any(jacobian != 0, axis=0)[live])
    )


@pytest.mark.parametrize("qubits", [2, 3])
def test_deep_circuits_reach_the_variance_of_a_two_design(qubits, rng):
    depth, draws = 10, 1500
    model, pool = circuit(product_state(qubits), depth)
    middle = [
        gate.parameter for gate in lightcone.live_gates(model.circuit) if gate.layer == depth // 2
    ]
    thetas = rng.uniform(0, 2 * np.pi, (draws, model.circuit.parameters))
    slope = jax.jit(
        jax.vmap(jax.grad(lambda t: model.logits({"theta": t}, {}, jnp.asarray(pool))[0][0] / 5))
    )(thetas)
    assert np.mean(np.square(slope[:, np.array(middle)])) == pytest.approx(
        gradients.two_design(qubits), rel=0.12
    )
    assert abs(np.mean(slope)) < 0.01


def test_the_two_design_variance_is_that_of_haar_random_unitaries(rng):
    # both sides drawn from the Haar measure, a mixed input on two qubits
    from scipy.stats import unitary_group

    rho = np.diag([0.6, 0.3, 0.1, 0.0])
    pauli, z = np.kron([[0, 1], [1, 0]], np.eye(2)), np.kron(np.eye(2), np.diag([1, -1]))
    v, u = (unitary_group.rvs(4, size=20_000, random_state=rng) for _ in range(2))
    before, after = v @ rho @ v.conj().transpose(0, 2, 1), u @ z @ u.conj().transpose(0, 2, 1)
    slope = np.einsum("nab,nba->n", before @ pauli - pauli @ before, after).imag / 2
    assert np.mean(slope**2) == pytest.approx(
        gradients.two_design(2, 0.6**2 + 0.3**2 + 0.1**2), rel=0.05
    )
    # pure states of n qubits: 2^-n / 2 in the limit of many
    assert gradients.two_design(12) * 2**13 == pytest.approx(1, abs=1e-3)


def test_purity_is_that_of_the_reduced_state():
    bell = np.zeros((1, 8))
    bell[0, [0, 3]] = np.sqrt(0.5)  # |0> (|00> + |11>) / sqrt 2
    for depth, expected in ((1, 0.5), (2, 1.0), (3, 1.0)):
        assert gradients.purity(circuit(bell, depth)[0], bell) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["scaling", "gradients"])
def test_a_model_that_is_no_qnn_is_refused(name):
    config = configuration()
    config["beyond"][name]["model"] = "mlp"
    study = Plan(check(config))
    with pytest.raises(UserError, match=f"beyond.{name}.model: 'mlp' is of the family mlp"):
        ask(study, [name])


def test_purity_of_a_density_matrix_is_that_of_its_state(rng):
    states = rng.normal(size=(3, 16)) + 1j * rng.normal(size=(3, 16))
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    model = circuit(states, 2)[0]
    mixed = states[:, :, None] * states[:, None, :].conj()
    assert gradients.purity(model, mixed) == pytest.approx(gradients.purity(model, states))
    # the reduced state of a maximally mixed one on k qubits has purity 2^-k
    assert gradients.purity(model, np.eye(16)[None] / 16) == pytest.approx(1 / 4)
